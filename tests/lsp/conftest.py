"""An editor that drives the real server in a subprocess, and a scripted daemon for what the real one never does."""

import asyncio
import os
import re
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, LanguageClientProtocol
from pytest_lsp.client import register_lsp_features

from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError, InvalidRequestError, to_wire
from charwise_daemon.protocol import PROTOCOL, Decoder, Notification, Request, Response, encode

Script = Callable[[dict[str, Any]], Awaitable[Any]]
Capabilities = types.ClientCapabilities


class Record:
    """What arrived, in order; `take` waits for the next of a kind, so that no test sleeps."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Any]] = []
        self._waiting: defaultdict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)

    def add(self, method: str, params: Any) -> None:
        self.all.append((method, params))
        self._waiting[method].put_nowait(params)

    async def take(self, method: str) -> Any:
        return await self._waiting[method].get()

    def left(self, method: str) -> int:
        return self._waiting[method].qsize()


class ScriptedDaemon:
    """The daemon's protocol with scripted answers; `complete` recalls what followed the word before the cursor."""

    def __init__(self) -> None:
        self.heard = Record()
        self.scripts: dict[str, Script] = {}
        self.parts: dict[str, list[str]] = {}  # pushed before the answer
        self.documents: dict[str, bytes] = {}
        self._server: asyncio.Server
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._answers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(paths.socket_file()))

    async def stop(self) -> None:
        self._server.close()
        await self.drop()
        await self._server.wait_closed()

    async def drop(self) -> None:
        """Die, as far as clients can tell, and be back at once with nothing in memory."""
        self.documents.clear()
        tasks = [*self._answers, *self._writers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def push(self, event: dict[str, Any]) -> None:
        for writer in self._writers:
            writer.write(encode(Notification("event", event)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._writers[writer] = task
        decoder = Decoder()
        try:
            while data := await reader.read(1 << 16):
                for message in decoder.feed(data):
                    self._take(message, writer)
        except asyncio.CancelledError:
            pass  # dropped
        finally:
            del self._writers[writer]
            writer.close()

    def _take(self, message: Any, writer: asyncio.StreamWriter) -> None:
        self.heard.add(message.method, message.params)
        usual: Script = getattr(self, f"_{message.method}", self._nothing)
        script = self.scripts.get(message.method, usual)
        task = asyncio.create_task(self._answer(message, script, writer))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, message: Any, script: Script, writer: asyncio.StreamWriter) -> None:
        error = result = None
        try:
            result = await script(message.params)
        except CharwiseError as caught:
            error = to_wire(caught)
        if isinstance(message, Request):
            for text in self.parts.get(message.method, ()):
                writer.write(encode(Notification("generated", {"msgid": message.msgid, "text": text})))
            writer.write(encode(Response(message.msgid, error, result)))

    async def _nothing(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {}

    async def _hello(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {"version": "0", "protocol": PROTOCOL, "pid": os.getpid()}

    async def _status(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {"training": {"state": "idle", "workspace": None, "message": ""}}

    async def _workspace_add(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"path": params["path"], "model": "m", "state": "learning"}

    async def _open(self, params: dict[str, Any]) -> dict[str, Any]:
        self.documents[params["document"]] = params["text"]
        return {}

    async def _edit(self, params: dict[str, Any]) -> dict[str, Any]:
        text = bytearray(self.documents[params["document"]])
        for start, end, new in params["changes"]:
            text[start:end] = new
        self.documents[params["document"]] = bytes(text)
        return {}

    async def _complete(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["document"] not in self.documents:
            raise InvalidRequestError("not open")
        head = self.documents[params["document"]][: params["offset"]].decode()
        word = re.search(r"\w*\Z", head)
        assert word
        found = re.search(rf"\b{word[0]}(.+)", head[: word.start()]) if word[0] else None
        return completion(found[1]) if found else completion()


def completion(*suggestions: str) -> dict[str, Any]:
    """Return an answer to `complete`."""
    items = [
        {"id": 40 + at, "text": text, "probabilities": [0.9] * len(text.encode()), "benefit": 1.0, "confident": 0}
        for at, text in enumerate(suggestions, 1)
    ]
    return {"suggestions": items, "sources": ["memory"], "milliseconds": 1.0}


class _Protocol(LanguageClientProtocol):
    def _handle_notification(self, method: str, params: Any) -> None:
        super()._handle_notification(method, params)  # type: ignore[no-untyped-call]
        self._server.heard.add(method, params)  # type: ignore[attr-defined]

    def _handle_request(self, msg_id: Any, method: str, params: Any) -> None:
        super()._handle_request(msg_id, method, params)  # type: ignore[no-untyped-call]
        self._server.requested.add(method, params)  # type: ignore[attr-defined]


class Editor(LanguageClient):
    """An editor with one server."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter, protocol_cls=_Protocol)
        register_lsp_features(self)
        self.heard, self.requested = Record(), Record()

    async def begin(
        self, capabilities: Capabilities | None = None, arguments: Sequence[str] = (), **params: Any
    ) -> types.InitializeResult:
        """Start `python -m charwise_lsp` and initialize it."""
        await self.start_io(sys.executable, "-m", "charwise_lsp", *arguments, env=dict(os.environ))
        given = types.InitializeParams(capabilities=capabilities or Capabilities(), **params)
        return await self.initialize_session(given)

    async def end(self, *, properly: bool = True) -> int:
        """Leave as an editor should, or wait for a server that ends by itself; return its exit status."""
        assert self._server
        if properly:
            await self.shutdown_session()
        await self._server.wait()
        await self.stop()  # type: ignore[no-untyped-call]
        return await self._server.wait()

    def open(self, uri: str, text: str, version: int = 1) -> None:
        self.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", version, text))
        )

    def change(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))

    async def complete(
        self,
        uri: str,
        line: int,
        character: int,
        kind: types.InlineCompletionTriggerKind = types.InlineCompletionTriggerKind.Automatic,
    ) -> list[types.InlineCompletionItem]:
        result = await self.text_document_inline_completion_async(
            types.InlineCompletionParams(
                types.InlineCompletionContext(kind), types.TextDocumentIdentifier(uri), types.Position(line, character)
            )
        )
        assert isinstance(result, types.InlineCompletionList)
        return list(result.items)


def replaced(start: tuple[int, int], end: tuple[int, int], text: str) -> types.TextDocumentContentChangePartial:
    """Return the change of a range."""
    return types.TextDocumentContentChangePartial(types.Range(types.Position(*start), types.Position(*end)), text)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CHARWISE_HOME of the test's own."""
    monkeypatch.setenv("CHARWISE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def no_launch(home: Path) -> None:
    """A home in which no daemon can be started, since its log cannot be written; one may still listen there."""
    (home / "log" / "daemon.log").mkdir(parents=True)


@pytest.fixture
async def daemon() -> AsyncIterator[ScriptedDaemon]:
    """A scripted daemon that listens where the real one would."""
    scripted = ScriptedDaemon()
    await scripted.start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def editor() -> AsyncIterator[Editor]:
    """An editor that the test begins, and that leaves its server with status 0."""
    editor = Editor()
    yield editor
    assert await editor.end() == 0
