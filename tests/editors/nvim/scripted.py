"""A daemon that says what a test wants: it speaks the real protocol and mirrors documents with the daemon's own code.

What it suggests is the rest of a text that the document shall become, which is what the real one does with what it is
sure of. Everything that it is asked and told is kept.
"""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

from charwise_daemon import protocol
from charwise_daemon.documents import Document
from charwise_daemon.errors import CharwiseError, to_wire
from charwise_daemon.protocol import Decoder, Notification, Request, Response, encode


class Scripted:
    """Runs in a thread of its own. `goals` are the texts, best first; `confident` is where certainty ends in each."""

    def __init__(self, home: Path) -> None:
        self.goals: list[str] = []
        self.always = ""  # what is suggested anywhere, each time as another suggestion
        self.confident: int | None = None
        self.probability = 0.9
        self.asked: list[dict[str, Any]] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.documents: dict[str, Document] = {}
        self.workspaces: list[dict[str, Any]] = []  # as `status` tells of them
        self.is_silent = False
        self.is_held = False  # the next request to generate, until `answer`
        self.held = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._folder = home / "runtime"
        self._folder.mkdir(parents=True, mode=0o700)
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()

    def close(self) -> None:
        """Stop, as a daemon that is killed does: every client loses its connection."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def say(self, method: str, params: dict[str, Any]) -> None:
        """Push a notification to every client."""
        self._send(Notification(method, params))

    def answer(self, result: Any) -> None:
        """Answer the request that was held."""
        self._send(Response(self.held, None, result))

    def _send(self, message: protocol.Message) -> None:
        def send() -> None:
            for writer in self._writers:
                writer.write(encode(message))

        self._loop.call_soon_threadsafe(send)

    def heard(self, method: str) -> list[dict[str, Any]]:
        """Return what was told by this method."""
        return [params for name, params in self.told if name == method]

    @property
    def texts(self) -> dict[str, bytes]:
        """The documents by the names of their files."""
        return {Path(each.path).name: bytes(each.text) for each in self.documents.values()}

    async def _listen(self) -> asyncio.Server:
        socket = self._folder / "daemon.sock"
        server = await asyncio.start_unix_server(self._serve, socket)
        status = {"pid": os.getpid(), "socket": str(socket), "version": "test"}
        (self._folder / "daemon.json").write_text(json.dumps(status), "utf-8")
        return server

    async def _stop(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        decoder = Decoder()
        while data := await reader.read(1 << 16):
            for message in decoder.feed(data):
                self._obey(message, writer)
        writer.close()

    def _obey(self, message: protocol.Message, writer: asyncio.StreamWriter) -> None:
        assert not isinstance(message, Response)
        self.told.append((message.method, message.params))
        answer, error = None, None
        try:
            answer = getattr(self, f"_{message.method}", lambda _: None)(message.params)
        except CharwiseError as problem:
            error = to_wire(problem)
            self.told.append(("error", error))
        if isinstance(message, Request) and self.is_held and message.method == "generate":
            self.held, self.is_held = message.msgid, False
        elif isinstance(message, Request) and not (self.is_silent and message.method == "complete"):
            writer.write(encode(Response(message.msgid, error, answer)))

    # --- methods ---------------------------------------------------------------------------------
    def _open(self, params: dict[str, Any]) -> None:
        told = protocol.parse(protocol.Open, params)
        self.documents[told.document] = Document((None, told.document), told.path, told.text, told.version)

    def _edit(self, params: dict[str, Any]) -> None:
        told = protocol.parse(protocol.Edit, params)
        self.documents[told.document].apply(told.changes, told.version)

    def _close(self, params: dict[str, Any]) -> None:
        self.documents.pop(params["document"], None)

    def _workspace_add(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"path": params["path"]}

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        counts = {"shown": 3, "accepted": 2, "rejected": 1}
        return {"training": {"state": "idle", "message": ""}, "workspaces": self.workspaces, "suggestions": counts}

    def _complete(self, params: dict[str, Any]) -> dict[str, Any]:
        told = protocol.parse(protocol.Complete, params)
        self.asked.append(params)
        document = self.documents[told.document]
        document.check(told.version, told.offset)
        before = bytes(document.text[: told.offset])
        if told.instead:
            before = before[: told.instead[0]] + told.instead[1].encode()
        if self.always:
            found = [self._suggestion(len(self.asked), self.always.encode())]
            return {"suggestions": found, "sources": [], "milliseconds": 0.0}
        goals = [goal.encode() for goal in self.goals]
        found = [
            self._suggestion(number, goal.removeprefix(before))
            for number, goal in enumerate(goals, 1)
            if goal.startswith(before) and len(goal) > len(before)
        ]
        return {"suggestions": found[: told.alternatives], "sources": [], "milliseconds": 0.0}

    def _suggestion(self, number: int, rest: bytes) -> dict[str, Any]:
        sure = len(rest) if self.confident is None else min(self.confident, len(rest))
        probabilities = [self.probability] * len(rest)
        return {
            "id": number,
            "text": rest.decode(),
            "probabilities": probabilities,
            "benefit": 1.0,
            "confident": sure,
        }
