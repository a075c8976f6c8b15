"""One client's connection: frames in, commands found by name, answers out.

A client that vanishes while it is answered takes what is under way for it along.
"""

import asyncio
import collections
import functools
import logging
import os
import socket
import struct
import typing
from typing import Any

from charwise_daemon import protocol
from charwise_daemon.errors import (
    CharwiseError,
    InternalError,
    InvalidRequestError,
    OutdatedError,
    ProtocolError,
    to_wire,
)
from charwise_daemon.protocol import Decoder, Message, Notification, Request, Response, encode

log = logging.getLogger(__name__)

# What a client that does not read may make the daemon keep; then it is cut off.
_MOST_UNREAD = 64 * 2**20
# Until a client has said hello, nothing else is answered.
_FIRST = "hello"


class Host(typing.Protocol):
    """What a connection serves: the methods `cmd_NAME` of `commands`."""

    @property
    def commands(self) -> Any:
        """What clients may ask."""

    def connected(self, connection: "Connection") -> None:
        """Note a client that came."""

    def disconnected(self, connection: "Connection") -> None:
        """Note a client that went."""


class Connection(asyncio.Protocol):
    """One client. What it sends is obeyed as it arrives, in order; what has to wait goes on as a task."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.name, self.is_subscribed = "", False
        self._transport: asyncio.Transport
        self._decoder = Decoder()
        self._arrived: collections.deque[Message] = collections.deque()
        self._is_waiting = False
        self._tasks: dict[asyncio.Task[Any], int | None] = {}  # by the request that each answers

    def __repr__(self) -> str:
        return f"Connection({self.name or 'no hello yet'}, {len(self._tasks)} under way)"

    # --- called by the event loop --------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in a client of the same user."""
        self._transport = typing.cast("asyncio.Transport", transport)
        self._host.connected(self)
        if not is_own(self._transport):
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Obey what arrived; a client that sends what is no protocol is told so and left."""
        try:
            self._arrived += self._decoder.feed(data)
        except ProtocolError as error:
            log.warning("%r: %s", self, error)
            self.send(Response(0, to_wire(error), None))
            self.close()
        else:
            self._obey()

    def connection_lost(self, _: Exception | None) -> None:
        """Stop all that was under way for the client."""
        self._arrived.clear()
        for task in self._tasks:
            task.cancel()
        self._host.disconnected(self)

    # --- called by the server and its commands -------------------------------------------------------
    def send(self, message: Message) -> None:
        """Send a message; a client that does not read is cut off."""
        if self._transport.is_closing():
            return
        self._transport.write(encode(message))
        if self._transport.get_write_buffer_size() > _MOST_UNREAD:
            log.warning("%r does not read; cut off", self)
            self._transport.abort()

    def push(self, method: str, params: dict[str, Any]) -> None:
        """Send a part of the answer to the request that the current task answers."""
        task = asyncio.current_task()
        assert task
        self.send(Notification(method, {"msgid": self._tasks[task], **params}))

    def cancel(self, msgid: int) -> None:
        """Stop answering a request."""
        for task, answered in self._tasks.items():
            if answered == msgid:
                task.cancel()

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self._transport.close()

    # --- messages ------------------------------------------------------------------------------------
    def _obey(self) -> None:
        while self._arrived and not self._is_waiting:
            match self._arrived.popleft():
                case Request(msgid, method, params):
                    self._begin(msgid, method, params)
                case Notification(method, params):
                    self._begin(None, method, params)
                case Response():
                    log.warning("%r answers, but was asked nothing", self)

    def _begin(self, msgid: int | None, method: str, params: Any) -> None:
        try:
            result = self._call(method, params)
        except Exception as error:  # noqa: BLE001 - the loop's edge: _end tells and logs it
            self._end(msgid, method, error, None)
            return
        if asyncio.iscoroutine(result):  # it begins in the next turn of the loop, before what arrived after it
            result = asyncio.create_task(result)
            self._is_waiting = True
            asyncio.get_running_loop().call_soon(self._go_on)
        if isinstance(result, asyncio.Task):
            self._tasks[result] = msgid
            result.add_done_callback(functools.partial(self._ended, method))
        else:
            self._end(msgid, method, None, result)

    def _go_on(self) -> None:
        self._is_waiting = False
        self._obey()

    def _ended(self, method: str, task: asyncio.Task[Any]) -> None:
        msgid = self._tasks.pop(task)
        if task.cancelled():
            self._end(msgid, method, OutdatedError(f"{method} was cancelled or is outdated"), None)
        elif error := task.exception():
            self._end(msgid, method, error, None)
        else:
            self._end(msgid, method, None, task.result())

    def _end(self, msgid: int | None, method: str, error: BaseException | None, result: Any) -> None:
        """Answer a request; what went wrong is told to who asked, and a defect is logged."""
        if error is not None and not isinstance(error, CharwiseError):
            log.error("%s failed", method, exc_info=error)
            error = InternalError(f"{method} failed: {error!r}; see the log")
        elif error and msgid is None and not isinstance(error, OutdatedError):
            log.warning("%r: %s: %s", self, method, error)
        if msgid is not None:
            self.send(Response(msgid, to_wire(error) if error else None, result))

    def _call(self, method: str, params: Any) -> Any:
        if not self.name and method != _FIRST:
            raise InvalidRequestError(f"{method} before hello; say hello with client, version and protocol first")
        command = getattr(self._host.commands, f"cmd_{method}", None)
        if command is None:
            raise InvalidRequestError(f"there is no method {method[:60]!r}; see docs/protocol.md")
        return command(self, protocol.parse(_params_of(command.__func__), params))


@functools.cache
def _params_of(command: Any) -> type[Any]:
    """Return the dataclass that a command takes: the type of its last parameter."""
    *_, wanted = (hint for name, hint in typing.get_type_hints(command).items() if name != "return")
    return typing.cast("type[Any]", wanted)


def is_own(transport: asyncio.Transport) -> bool:
    """Tell whether the client is of the same user; the socket's mode already says so where this cannot be asked."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", peer)[1] == os.getuid())
