"""One connection of a daemon in this process: order, how soon it is heard, and clients that do not behave."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import connection as module
from charwise_daemon.connection import Connection
from charwise_daemon.predictor import Position
from charwise_daemon.protocol import (
    PROTOCOL,
    Cancel,
    Complete,
    Decoder,
    Edit,
    Hello,
    Message,
    Notification,
    Open,
    Request,
    Response,
    WorkspacePath,
    encode,
)
from charwise_daemon.server import Server
from charwise_daemon.settings import Settings, TrainingSettings
from tests.daemon.texts import SPLINES
from tests.daemon.typist import Watched

pytestmark = pytest.mark.usefixtures("home")


class Client:
    """The other end, which sends and reads what it is told to."""

    def __init__(self, server: Server) -> None:
        self.server, self._decoder, self._read = server, Decoder(), list[Message]()
        self._socket, self.theirs = socket.socketpair()
        self._socket.setblocking(False)

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: Connection(self.server), self.theirs)
        self.send(Request(0, "hello", vars(Hello("test", "0", PROTOCOL))))
        assert (await self.answer(0)).error is None

    def send(self, *messages: Message) -> None:
        """Send all of these at once."""
        self._socket.sendall(b"".join(map(encode, messages)))

    async def answer(self, msgid: int) -> Response:
        """Return the answer to a request; others are kept."""
        while True:
            for message in self._read:
                if isinstance(message, Response) and message.msgid == msgid:
                    self._read.remove(message)
                    return message
            data = await asyncio.get_running_loop().sock_recv(self._socket, 1 << 16)
            assert data, "the daemon closed the connection"
            self._read += self._decoder.feed(data)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that has said hello."""
    client = Client(Server(Settings(training=TrainingSettings(enabled=False))))
    await client.connect()
    yield client
    client.close()
    for workspace in client.server._workspaces:
        await workspace.stop()


class Answering(Watched):
    """A predictor that notes whose step each is."""

    def __init__(self) -> None:
        super().__init__(None)
        self.tasks: list[Any] = []

    def step(self, position: Position, character: int) -> Position:
        self.tasks.append(asyncio.current_task())
        return super().step(position, character)


@pytest.mark.parametrize(
    "message",
    [
        Notification("cancel", vars(Cancel(1))),
        Notification("edit", vars(Edit("d", [[0, 0, b"x"]], 2))),
        Request(2, "complete", vars(Complete("d", 1, len(SPLINES), "invoked"))),
        Notification("close", {"document": "d"}),
    ],
)
async def test_heard_within_a_turn(client: Client, message: Message) -> None:
    """A message that arrives while a character is computed stops the search after one more, and it is answered."""
    predictor = client.server.commands.completions._nobodys = Answering()
    predictor.at_step = lambda number: client.send(message) if number == 5 else None
    client.send(
        Notification("open", vars(Open("d", SPLINES, 1))),
        Request(1, "complete", vars(Complete("d", 1, len(SPLINES), "invoked"))),
    )
    answer = await client.answer(1)
    assert answer.error["code"] == "outdated"
    assert predictor.tasks.count(predictor.tasks[0]) <= 6


async def test_in_order(client: Client, project: Path) -> None:
    """What waits begins before what was sent after it, in the same write even."""
    path = vars(WorkspacePath(str(project)))
    client.send(
        Request(1, "workspace_add", path),
        Request(2, "workspace_release", path),
        Request(3, "workspace_add", path),
        Request(4, "status", {}),
    )
    status = (await client.answer(4)).result
    assert [each["path"] for each in status["workspaces"]] == [str(project)]
    assert (await client.answer(2)).error is None


async def test_edit_outdates_what_was_asked_before(client: Client) -> None:
    """A request, an edit and a newer request in one write: the first is outdated, the last is answered."""
    client.send(
        Notification("open", vars(Open("d", SPLINES, 1))),
        Request(1, "complete", vars(Complete("d", 1, len(SPLINES)))),
        Notification("edit", vars(Edit("d", [[len(SPLINES), len(SPLINES), b"l"]], 2))),
        Request(2, "complete", vars(Complete("d", 2, len(SPLINES) + 1))),
    )
    assert (await client.answer(1)).error["code"] == "outdated"
    assert (await client.answer(2)).result["suggestions"][0]["text"].startswith("ine")


async def test_client_goes(client: Client) -> None:
    """A client that goes while it is answered takes its search and its documents along."""
    predictor = client.server.commands.completions._nobodys = Answering()
    predictor.at_step = lambda number: client.close() if number == 5 else None
    client.send(
        Notification("open", vars(Open("d", SPLINES, 1))),
        Request(1, "complete", vars(Complete("d", 1, len(SPLINES), "invoked"))),
    )
    while len(client.server.commands.completions.documents) or not predictor.steps:  # noqa: ASYNC110 - nothing tells
        await asyncio.sleep(0)
    assert predictor.steps <= 7
    assert not client.server._connections


async def test_client_that_does_not_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks on and on and reads nothing is cut off before it fills the memory."""
    monkeypatch.setattr(module, "_MOST_UNREAD", 1 << 16)
    with pytest.raises(ConnectionError):
        await _ask_forever(client)
    assert not client.server._connections


async def _ask_forever(client: Client) -> None:
    requests = encode(Request(1, "status", {})) * 100
    while True:
        await asyncio.get_running_loop().sock_sendall(client._socket, requests)


async def test_defect(client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A defect in a command costs its request an error, at once or later, and is logged."""

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("nothing left")

    async def fail_later(*_: Any) -> None:
        fail()

    monkeypatch.setattr(module, "_params_of", lambda _: WorkspacePath)
    for msgid, failing in enumerate((fail, fail_later)):
        monkeypatch.setattr(client.server.commands.__class__, "cmd_train", failing)
        with caplog.at_level(logging.CRITICAL):
            client.send(Request(msgid, "train", {"path": "/"}), Notification("train", {"path": "/"}))
            error = (await client.answer(msgid)).error
        assert error["code"] == "internal"
        assert "nothing left" in error["message"]
