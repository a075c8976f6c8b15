"""Talk to the daemon: one request at a time (`Client`), or many at once in an event loop (`AsyncClient`).

Imports nothing heavy, so that an editor's side may import it. What travels is in protocol.py.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from charwise_daemon import __version__, launch, paths
from charwise_daemon.errors import ProtocolError, UnavailableError, from_wire
from charwise_daemon.protocol import (
    PROTOCOL,
    Cancel,
    Completion,
    Decoder,
    Hello,
    Message,
    Notification,
    Request,
    Response,
    Suggestion,
    encode,
)

_CHUNK = 1 << 16
# Answers take milliseconds; a daemon that is silent for this long is stuck, and the user should hear of it.
DEADLINE = 30.0


def params_of(params: Any) -> Any:
    """Return a parameters dataclass as the map that travels; a map stays as it is."""
    if params is None:
        return {}
    return (
        {f.name: getattr(params, f.name) for f in dataclasses.fields(params)}
        if dataclasses.is_dataclass(params)
        else params
    )


def completion_of(result: Any) -> Completion:
    """Return the result of `complete` as a Completion."""
    return Completion(**{**result, "suggestions": [Suggestion(**each) for each in result["suggestions"]]})


class Client:
    """A blocking connection, for the command line.

    Raises:
        UnavailableError: no daemon answers (and, with start, none could be started).
        VersionMismatchError: the daemon speaks another version of the protocol.
    """

    def __init__(self, name: str, *, start: bool = True, deadline: float = DEADLINE) -> None:
        if start:
            launch.ensure_running()
        self._decoder, self._ids = Decoder(), itertools.count(1)
        self._arrived: list[Message] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(deadline)
        try:
            self._socket.connect(str(paths.socket_file()))
        except OSError as error:
            self._socket.close()
            raise UnavailableError("no daemon runs; start it with `charwise daemon start`") from error
        try:
            self.hello: dict[str, Any] = self.request("hello", Hello(name, __version__, PROTOCOL))
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def request(self, method: str, params: Any = None) -> Any:
        """Return the daemon's answer, or raise the error that it sent."""
        msgid = next(self._ids)
        self._send(encode(Request(msgid, method, params_of(params))))
        for message in self._messages():
            if isinstance(message, Response) and message.msgid == msgid:
                if message.error is not None:
                    raise from_wire(message.error)
                return message.result
        raise UnavailableError("the daemon closed the connection; see `charwise daemon logs`")

    def notifications(self) -> Iterator[Notification]:
        """Yield what the daemon pushes after `subscribe`, until it goes away; silence is no error."""
        self._socket.settimeout(None)
        for message in self._messages():
            if isinstance(message, Notification):
                yield message

    def _send(self, frame: bytes) -> None:
        try:
            self._socket.sendall(frame)
        except OSError as error:
            raise UnavailableError("the daemon went away; see `charwise daemon logs`") from error

    def _messages(self) -> Iterator[Message]:
        while True:
            while self._arrived:
                yield self._arrived.pop(0)
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError as error:
                raise UnavailableError("the daemon does not answer; try `charwise daemon restart`") from error
            except OSError as error:
                raise UnavailableError("the daemon went away; see `charwise daemon logs`") from error
            if not data:
                return
            self._arrived += self._decoder.feed(data)


class AsyncClient:
    """A connection in an event loop; requests run side by side, cancelling one tells the daemon.

    `closed` is done when the daemon went away. `on_notification(method, params)` gets what the daemon pushes.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._ids, self._waiting = itertools.count(1), dict[int, asyncio.Future[Any]]()
        self._on_part = dict[int, Callable[[dict[str, Any]], None]]()
        self.on_notification: Callable[[str, Any], None] = lambda _method, _params: None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def connect(cls, name: str, *, start: bool = True) -> Self:
        """Return a connection that has said hello; raises as Client does."""
        if start:
            await asyncio.to_thread(launch.ensure_running)
        try:
            reader, writer = await asyncio.open_unix_connection(str(paths.socket_file()))
        except OSError as error:
            raise UnavailableError("no daemon runs; start it with `charwise daemon start`") from error
        client = cls(reader, writer)
        try:
            await client.request("hello", Hello(name, __version__, PROTOCOL))
        except BaseException:
            await client.close()
            raise
        return client

    async def request(
        self,
        method: str,
        params: Any = None,
        deadline: float | None = DEADLINE,
        on_part: Callable[[dict[str, Any]], None] | None = None,
    ) -> Any:
        """Return the daemon's answer, or raise the error that it sent; a cancelled request is cancelled there too.

        `on_part` gets what the daemon pushes of the answer before its end.
        """
        if self.closed.done():
            raise UnavailableError("the daemon went away")
        msgid = next(self._ids)
        answer = self._waiting[msgid] = asyncio.get_running_loop().create_future()
        self._writer.write(encode(Request(msgid, method, params_of(params))))
        if on_part:
            self._on_part[msgid] = on_part
        try:
            async with asyncio.timeout(deadline):
                return await answer
        except TimeoutError as error:
            self.notify("cancel", Cancel(msgid))
            raise UnavailableError("the daemon does not answer; try `charwise daemon restart`") from error
        except asyncio.CancelledError:
            self.notify("cancel", Cancel(msgid))
            raise
        finally:
            self._waiting.pop(msgid, None)
            self._on_part.pop(msgid, None)

    def notify(self, method: str, params: Any = None) -> None:
        """Tell the daemon something; nothing happens when it went away."""
        if not self.closed.done():
            self._writer.write(encode(Notification(method, params_of(params))))

    async def close(self) -> None:
        """Close the connection."""
        self._listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listener
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _listen(self) -> None:
        decoder = Decoder()
        try:
            while data := await self._reader.read(_CHUNK):
                for message in decoder.feed(data):
                    self._dispatch(message)
        except (OSError, ProtocolError):
            pass  # the daemon went away, or speaks something else: what waits hears of it below
        finally:
            self.closed.set_result(None)
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(UnavailableError("the daemon went away"))

    def _dispatch(self, message: Message) -> None:
        match message:
            case Response(msgid, error, result):
                answer = self._waiting.get(msgid)
                if answer is None or answer.done():
                    return  # cancelled here while the answer was on its way
                if error is None:
                    answer.set_result(result)
                else:
                    answer.set_exception(from_wire(error))
            case Notification("generated", params):
                if on_part := self._on_part.get(params["msgid"]):
                    on_part(params)
            case Notification(method, params):
                self.on_notification(method, params)
            case Request():
                pass  # the daemon asks clients nothing
