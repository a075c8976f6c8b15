"""What clients may ask: one `cmd_` method for each method of the protocol, found by name. Knows no frames.

Messages of one connection arrive in order; `cmd_complete` is a coroutine that lets others in after every character,
so an edit, a newer request or a cancellation stops it there.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

from charwise_daemon import protocol, registry
from charwise_daemon.completer import Draft, Limits, Surroundings, complete
from charwise_daemon.documents import Document, Documents, Key
from charwise_daemon.engine import State
from charwise_daemon.errors import InvalidRequestError, OutdatedError, VersionMismatchError
from charwise_daemon.launch import version
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import SOURCES, Predictor
from charwise_daemon.settings import Settings
from charwise_daemon.store import Store
from charwise_daemon.training import Training
from charwise_daemon.workspaces import Workspaces

log = logging.getLogger(__name__)

T = TypeVar("T")

# A suggestion is accepted or not soon after it was shown; older ones are only counted as shown.
_SUGGESTIONS_KEPT = 256
# Seconds that an explicit request waits for a workspace of tens of megabytes to be read.
_PATIENCE = 10.0


class Peer(Protocol):
    """What a command may know of the connection it came from."""

    name: str
    is_subscribed: bool

    def cancel(self, msgid: int) -> None:
        """Stop answering a request."""


class Commands:
    """The daemon's state, and the methods that clients call on it; `stop` ends the daemon after the current answer."""

    def __init__(
        self, settings: Settings, workspaces: Workspaces, training: Training, store: Store, stop: Callable[[], None]
    ) -> None:
        self._settings, self._store, self._stop = settings, store, stop
        self.workspaces, self._training = workspaces, training
        self.documents = Documents()
        self._ids = itertools.count(1)
        self._began = time.monotonic()
        self._completing: dict[Key, asyncio.Task[Any]] = {}
        self._offered: dict[int, int] = {}  # suggestion -> its length, the oldest first
        self._nobodys = Predictor(None, None, Memory([]))  # for documents of no workspace: their text is all there is
        self._feedback = {"shown": 0, "accepted": 0, "accepted_characters": 0, "rejected": 0}

    # --- connection ----------------------------------------------------------------------------------
    def cmd_hello(self, peer: Peer, params: protocol.Hello) -> dict[str, Any]:
        """Answer who this is; refuse a client of another protocol."""
        if params.protocol != protocol.PROTOCOL:
            raise VersionMismatchError(
                f"the client speaks protocol {params.protocol}, this daemon (charwise {version()}) speaks "
                f"{protocol.PROTOCOL}; run `charwise daemon restart` and reload the editor"
            )
        peer.name = params.client
        return {"version": version(), "protocol": protocol.PROTOCOL, "pid": os.getpid()}

    def cmd_subscribe(self, peer: Peer, _: protocol.Empty) -> None:
        """Push events to this client from now on."""
        peer.is_subscribed = True

    def cmd_cancel(self, peer: Peer, params: protocol.Cancel) -> None:
        """Stop answering a request."""
        peer.cancel(params.msgid)

    def cmd_shutdown(self, _: Peer, __: protocol.Empty) -> None:
        """End the daemon."""
        self._stop()

    async def forget_peer(self, peer: Peer) -> None:
        """Free what only this client needed: it is gone."""
        self.documents.close_all(peer)
        await self.workspaces.release_all(peer)

    # --- documents -----------------------------------------------------------------------------------
    def cmd_open(self, peer: Peer, params: protocol.Open) -> None:
        """Mirror a document, and use the workspace that it lies in."""
        self._stop_completing((peer, params.document))
        self.documents.open(Document((peer, params.document), params.path, params.text, params.version))
        if params.path:
            self.workspaces.use_for(params.path, peer)

    def cmd_edit(self, peer: Peer, params: protocol.Edit) -> None:
        """Apply changes to a document; a completion under way for it is outdated."""
        self._stop_completing((peer, params.document))
        self.documents.get((peer, params.document)).apply(params.changes, params.version)

    def cmd_close(self, peer: Peer, params: protocol.Close) -> None:
        """Forget a document."""
        self._stop_completing((peer, params.document))
        self.documents.close((peer, params.document))

    async def cmd_focus(self, peer: Peer, params: protocol.Focus) -> None:
        """Read ahead what a completion at this place of the document will need."""
        document = self.documents.get((peer, params.document))
        if not 0 <= params.offset <= len(document.text):
            raise InvalidRequestError(f"offset {params.offset} is outside the document's {len(document.text)} bytes")
        self.documents.touch(document)
        self.documents.memory_for(document, params.offset)
        await self._state(self._predictor_for(document), document, params.offset)

    # --- completions ---------------------------------------------------------------------------------
    async def cmd_complete(self, peer: Peer, params: protocol.Complete) -> dict[str, Any]:
        """Return suggestions for a place; a newer request for the document makes this one outdated."""
        key, task = (peer, params.document), asyncio.current_task()
        assert task
        self._stop_completing(key)
        self._completing[key] = task
        try:
            return dataclasses.asdict(await self._complete(self.documents.get(key), params))
        finally:
            if self._completing.get(key) is task:
                del self._completing[key]

    async def _complete(self, document: Document, params: protocol.Complete) -> protocol.Completion:
        began = time.perf_counter()
        document.check(params.version, params.offset)
        self.documents.touch(document)
        if params.trigger == "invoked":
            await self._until_ready(document)
        around = Surroundings.of(document.text, params.offset)
        if around.inside_word and params.trigger == "automatic":
            return protocol.Completion()
        predictor = self._predictor_for(document)
        state = await self._state(predictor, document, params.offset)
        memory = self.documents.memory_for(document, params.offset)
        position = predictor.at(state, document.context(params.offset), memory)
        drafts = await _drive(complete(predictor, position, memory, self._limits(params), around))
        present = position.distributions.sum(1) > 0
        return protocol.Completion(
            [self._suggestion(draft) for draft in drafts],
            [name for name, taken in zip(SOURCES, present, strict=True) if taken],
            round(1000 * (time.perf_counter() - began), 3),
        )

    async def _until_ready(self, document: Document) -> None:
        """Wait for a workspace that is just being read: who asks wants the answer, not the quickest one."""
        if workspace := self.workspaces.serving(document.path):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(workspace.ready.wait(), _PATIENCE)

    def _predictor_for(self, document: Document) -> Predictor:
        """Return what serves a document; it has its name from the workspace, which may have come after it."""
        workspace = self.workspaces.serving(document.path)
        name = workspace.name_of(Path(document.path)) if workspace else Path(document.path).name
        document.name_it(name)
        return workspace.predictor_for(name) if workspace else self._nobodys

    async def _state(self, predictor: Predictor, document: Document, offset: int) -> State | None:
        if predictor.engine is None:
            return None
        return await _drive(document.snapshots.read(predictor.engine, document.text, offset))

    def _limits(self, params: protocol.Complete) -> Limits:
        chosen = self._settings.completion
        return Limits(
            params.max_characters or chosen.max_characters,
            params.max_lines or chosen.max_lines,
            0.0 if params.trigger == "invoked" else chosen.distraction_price,  # who asks is not distracted
            max(1, params.alternatives),
        )

    def _suggestion(self, draft: Draft) -> protocol.Suggestion:
        suggestion = protocol.Suggestion(next(self._ids), draft.text.decode(), list(draft.probabilities), draft.benefit)
        self._offered[suggestion.id] = len(draft.text)
        if len(self._offered) > _SUGGESTIONS_KEPT:
            del self._offered[next(iter(self._offered))]
        return suggestion

    def _stop_completing(self, key: Key) -> None:
        task = self._completing.pop(key, None)
        if task and task is not asyncio.current_task():
            task.cancel(OutdatedError.code)

    # --- feedback ------------------------------------------------------------------------------------
    def cmd_shown(self, _: Peer, params: protocol.Feedback) -> None:
        """Count a suggestion that was shown."""
        self._feedback["shown"] += params.suggestion in self._offered

    def cmd_accepted(self, _: Peer, params: protocol.Feedback) -> None:
        """Count a suggestion that was accepted, in whole or in part."""
        if params.suggestion in self._offered:
            self._feedback["accepted"] += 1
            self._feedback["accepted_characters"] += min(params.length or 1 << 30, self._offered.pop(params.suggestion))

    def cmd_rejected(self, _: Peer, params: protocol.Feedback) -> None:
        """Count a suggestion that was dismissed."""
        self._feedback["rejected"] += self._offered.pop(params.suggestion, None) is not None

    # --- workspaces and training ---------------------------------------------------------------------
    def cmd_workspace_add(self, peer: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder or file, and keep it ready as long as this client is connected."""
        return self.workspaces.add(registry.resolve(params.path), peer).status()

    def cmd_workspace_keep(self, _: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder or file, and keep it ready as long as the daemon runs."""
        return self.workspaces.add(registry.resolve(params.path), self).status()

    async def cmd_workspace_release(self, peer: Peer, params: protocol.WorkspacePath) -> None:
        """Note that this client needs a workspace no more."""
        await self.workspaces.release(registry.absolute(params.path), peer)

    async def cmd_workspace_remove(self, _: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder no more; its model stays."""
        path = registry.absolute(params.path)
        await self._stop_training(path)
        return dataclasses.asdict(await self.workspaces.remove(path))

    async def cmd_workspace_forget(self, peer: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder no more and delete what was learned from it."""
        entry = await self.cmd_workspace_remove(peer, params)
        if self._store.directory(entry["model"]).is_dir():
            await asyncio.to_thread(self._store.remove, entry["model"])
        return entry

    def cmd_workspace_list(self, _: Peer, __: protocol.Empty) -> list[dict[str, Any]]:
        """Return all workspaces, with what is in memory of those in use."""
        in_use = {workspace.path: workspace.status() for workspace in self.workspaces}
        return [in_use.get(path) or dataclasses.asdict(entry) for path, entry in self.workspaces.listed().items()]

    def cmd_train(self, _: Peer, params: protocol.WorkspacePath) -> None:
        """Train a workspace now instead of after it settled."""
        self.workspaces.get(registry.absolute(params.path)).wanted = True
        self._training.consider()

    async def cmd_yield(self, peer: Peer, params: protocol.WorkspacePath) -> None:
        """End the training of a workspace, and start none while this client is connected: it trains by itself."""
        workspace = self.workspaces.get(registry.absolute(params.path))
        workspace.yielded_to.add(peer)
        await self._training.stop(workspace)

    def cmd_pause(self, _: Peer, params: protocol.Pause) -> None:
        """Train no more until `resume`."""
        self._training.pause(params.seconds)

    def cmd_resume(self, _: Peer, __: protocol.Empty) -> None:
        """Train again."""
        self._training.resume()

    async def cmd_reload(self, _: Peer, params: protocol.WorkspacePath) -> None:
        """Serve the newest checkpoint of a workspace's model, which somebody else has trained."""
        await self.workspaces.get(registry.absolute(params.path)).reload()

    def cmd_status(self, _: Peer, __: protocol.Empty) -> dict[str, Any]:
        """Return what the daemon is doing."""
        return {
            "version": version(),
            "pid": os.getpid(),
            "seconds": round(time.monotonic() - self._began, 1),
            "documents": len(self.documents),
            "workspaces": [workspace.status() for workspace in self.workspaces],
            "training": self._training.status(),
            "suggestions": dict(self._feedback),
        }

    async def _stop_training(self, path: Any) -> None:
        for workspace in self.workspaces:
            if workspace.path == path:
                await self._training.stop(workspace)


async def _drive(steps: Iterator[T]) -> T:
    """Return the last of a generator's values, letting others run after each; cancelled, it stops there."""
    for value in steps:
        await asyncio.sleep(0)
        latest = value
    return latest
