"""The connection to the daemon: kept up in the background, and made whole again after a break.

It remembers what the daemon must know, the open documents and the folders, so that a daemon that comes back (or comes
late) is told all of it. While there is none there are no suggestions, and never an error. Knows no LSP messages.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from charwise_daemon.client import AsyncClient, completion_of
from charwise_daemon.errors import CharwiseError, DocumentError, InvalidRequestError, OutdatedError, UnavailableError
from charwise_daemon.protocol import Close, Complete, Completion, Edit, Open, WorkspacePath
from charwise_lsp.convert import Mirror

logger = logging.getLogger(__name__)

# Short enough that a restart of the daemon goes unnoticed, then slower: each try starts a process.
_FIRST_DELAY, _LONGEST_DELAY = 0.1, 30.0
# A daemon that lived for less may die of what it is told, so the delay goes on growing.
_HEALTHY = 10.0
# An answer takes milliseconds; by then nobody waits for it any more.
_DEADLINE = 5.0


class Session:
    """What one editor needs of the daemon.

    `on_event` gets what the daemon pushes about the editor's folders, `on_gone` is called when a connection ends, and
    `on_trouble` gets what a person may have to act on: no daemon starts, it speaks another protocol, it refuses a
    folder.
    """

    def __init__(
        self,
        on_event: Callable[[dict[str, Any]], None],
        on_gone: Callable[[], None],
        on_trouble: Callable[[CharwiseError], None],
    ) -> None:
        self.documents: dict[str, Mirror] = {}  # by URI
        self._paths: dict[str, str] = {}  # of the documents, by URI
        self._on_event, self._on_gone, self._on_trouble = on_event, on_gone, on_trouble
        self._folders: dict[str, str] = {}  # path as the editor says it -> as the daemon does
        self._client: AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        state = "connected" if self._client else "no daemon"
        return f"<Session: {state}, {len(self.documents)} documents, {len(self._folders)} folders>"

    def start(self) -> None:
        """Connect in the background, starting the daemon if none runs, and stay connected."""
        self._spawn(self._stay_connected())

    async def stop(self) -> None:
        """Close the connection; the daemon forgets the documents and keeps what it learned."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- documents -------------------------------------------------------------------------------
    def open(self, uri: str, mirror: Mirror, path: str = "") -> None:
        """Keep a document's mirror, here and at the daemon; `path` is its file, "" where it has none."""
        self.documents[uri], self._paths[uri] = mirror, path
        self._tell("open", uri, self._opening(uri))

    def edit(self, uri: str, changes: list[Any]) -> None:
        """Pass on the edits that led the mirror to its version."""
        self._tell("edit", uri, Edit(uri, changes, self.documents[uri].version))

    def close(self, uri: str) -> None:
        """Forget a document."""
        if uri in self.documents:
            self._drop(uri)
            self._tell("close", uri, Close(uri))

    def tell(self, method: str, params: Any) -> None:
        """Tell the daemon something that it need not hear, such as feedback."""
        if self._client:
            self._client.notify(method, params)

    async def ask(self, method: str, params: Any = None, **options: Any) -> Any:
        """Return the daemon's answer to what the user asked for; raises CharwiseError, and that there is no daemon."""
        if self._client is None:
            raise UnavailableError("no daemon answers yet; see `charwise daemon status`")
        return await self._client.request(method, params, **options)

    async def complete(self, ask: Complete) -> Completion:
        """Return what the daemon suggests: nothing where it is away, outdated or in trouble."""
        client = self._client
        if client is None:
            return Completion()
        try:
            try:
                return completion_of(await client.request("complete", ask, _DEADLINE))
            except DocumentError as error:
                return await self._reopen_and_complete(client, ask, error)
        except OutdatedError:
            return Completion()
        except CharwiseError as error:
            logger.warning("no suggestions: %s", error)
            return Completion()

    async def _reopen_and_complete(self, client: AsyncClient, ask: Complete, error: DocumentError) -> Completion:
        logger.info("opening %s again: %s", ask.document, error)
        mirror = self.documents.get(ask.document)
        if mirror is None or mirror.version != ask.version:
            return Completion()  # closed or changed meanwhile: the next request sees to it
        try:
            await client.request("open", self._opening(ask.document))
        except InvalidRequestError:
            self._drop(ask.document)  # refused, so that no key sends all of it again
            raise
        return completion_of(await client.request("complete", ask, _DEADLINE))

    def _opening(self, uri: str) -> Open:
        mirror = self.documents[uri]
        return Open(uri, mirror.text, mirror.version, self._paths[uri])

    def _tell(self, method: str, uri: str, params: Any) -> None:
        try:
            self.tell(method, params)
        except CharwiseError as error:  # too large for a frame
            logger.warning("no suggestions in %r: %s", uri, error)
            self._drop(uri)

    def _drop(self, uri: str) -> None:
        self.documents.pop(uri, None)
        self._paths.pop(uri, None)

    # --- workspaces ------------------------------------------------------------------------------
    @property
    def folders(self) -> list[str]:
        """The folders that are learned, as the daemon names them."""
        return list(self._folders.values())

    def hold(self, folders: Collection[str]) -> None:
        """Have the daemon learn these folders, and need no others any more."""
        for folder in set(self._folders).difference(folders):
            del self._folders[folder]
            self.tell("workspace_release", WorkspacePath(folder))
        for folder in set(folders).difference(self._folders):
            self._folders[folder] = folder
            if self._client:
                self._spawn(self._add(self._client, folder))

    async def _add(self, client: AsyncClient, folder: str) -> None:
        try:
            added = await client.request("workspace_add", WorkspacePath(folder))
        except CharwiseError as error:
            if not client.closed.done():
                self._on_trouble(error)
            return
        if folder in self._folders:  # not released meanwhile
            self._folders[folder] = added["path"]
            self._on_event({"kind": "workspace", **added})

    # --- the connection --------------------------------------------------------------------------
    async def _stay_connected(self) -> None:
        clock = asyncio.get_running_loop().time
        delay, said = _FIRST_DELAY, ""
        while True:
            try:
                client = await AsyncClient.connect("lsp")
            except CharwiseError as error:
                if str(error) != said:
                    said = str(error)
                    self._on_trouble(error)
            else:
                began, said = clock(), ""
                await self._serve(client)
                if clock() - began > _HEALTHY:
                    delay = _FIRST_DELAY
            await asyncio.sleep(delay)
            delay = min(2 * delay, _LONGEST_DELAY)

    async def _serve(self, client: AsyncClient) -> None:
        """Tell a daemon all it must know, and return when it is gone."""
        client.on_notification = self._hear
        self._client = client  # no await from here to the last `open`, so that no edit overtakes its document
        try:
            self._spawn(self._subscribe(client))
            for folder in self._folders:
                self._spawn(self._add(client, folder))
            for uri in list(self.documents):
                self._tell("open", uri, self._opening(uri))
            await asyncio.wait({client.closed})
        finally:
            self._client = None
            self._on_gone()
            await client.close()

    async def _subscribe(self, client: AsyncClient) -> None:
        with contextlib.suppress(CharwiseError):  # gone already: the next one is asked again
            await client.request("subscribe")
            status = await client.request("status")  # what was told before
            self._hear("event", {"kind": "connected", **status["training"]})
            if wrong := status.get("settings"):
                self._hear("event", {"kind": "settings", "message": wrong})

    def _hear(self, method: str, params: Any) -> None:
        try:
            if method == "event" and params.get("workspace") in {None, *self._folders.values()}:  # not another editor's
                self._on_event(params)
        except Exception:  # the connection's edge: what cannot be shown must not end it
            logger.exception("cannot show %s", params)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
