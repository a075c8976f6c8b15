"""The daemon: a Unix socket, a task per connection, requests dispatched by name, and a clean life.

Races, and where they are settled: two clients that start at once (launch.py, start.lock); two daemons (daemon.lock,
held for as long as one lives, so a stale socket may be removed by whoever holds it); a client that vanishes while it
is answered (its tasks are cancelled); SIGTERM while training (the trainer saves first).
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import struct
import typing
from typing import Any

from charwise_daemon import paths, protocol, settings
from charwise_daemon.commands import Commands
from charwise_daemon.errors import (
    CharwiseError,
    InternalError,
    InvalidRequestError,
    OutdatedError,
    ProtocolError,
    UnavailableError,
    to_wire,
)
from charwise_daemon.launch import version
from charwise_daemon.protocol import Decoder, Message, Notification, Request, Response, encode
from charwise_daemon.store import Store
from charwise_daemon.training import Training
from charwise_daemon.workspaces import Workspaces

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
# What a client that does not read may make the daemon keep; then it is cut off.
_MOST_UNREAD = 64 * 2**20
# Until a client has said hello, nothing else is answered.
_FIRST = "hello"


class Server:
    """One daemon. `run` returns when it was told to stop."""

    def __init__(self, chosen: settings.Settings) -> None:
        self._settings = chosen
        self._stopping = asyncio.Event()
        self._connections: set[Connection] = set()
        self._idle: asyncio.TimerHandle | None = None
        store = Store(paths.models_dir())
        self._workspaces = Workspaces(paths.workspaces_file(), store, chosen.corpus, self.tell, self._consider)
        self._training = Training(lambda: self._workspaces, chosen.training, self.tell)
        self.commands = Commands(chosen, self._workspaces, self._training, store, self._stopping.set)

    def __repr__(self) -> str:
        return f"Server({len(self._connections)} clients, {self._workspaces}, {self._training})"

    async def run(self, ready_fd: int | None = None) -> None:
        """Serve until SIGTERM, SIGINT, `shutdown`, or idleness.

        Args:
            ready_fd: where one byte is written when clients can connect.

        Raises:
            UnavailableError: another daemon runs already.
        """
        with _only_one():
            server = await asyncio.start_unix_server(self._accept, sock=_listen())
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stopping.set)
            _announce(ready_fd)
            log.info("charwise %s listens on %s", version(), paths.socket_file())
            self._watch_idleness()
            try:
                await self._stopping.wait()
            finally:
                server.close()
                await self._close()

    def tell(self, event: dict[str, Any]) -> None:
        """Push an event to every client that subscribed."""
        for connection in self._connections:
            if connection.is_subscribed:
                connection.send(Notification("event", event))

    def connected(self, connection: "Connection") -> None:
        """Note a client that came."""
        self._connections.add(connection)
        self._watch_idleness()

    async def disconnected(self, connection: "Connection") -> None:
        """Note a client that went, and free what only it needed."""
        self._connections.discard(connection)
        await self.commands.forget_peer(connection)
        self._watch_idleness()
        self._consider()

    def _consider(self) -> None:
        if not self._stopping.is_set():
            self._training.consider()

    def _watch_idleness(self) -> None:
        """Stop after a while without clients; a training under way is waited for."""
        if self._idle:
            self._idle.cancel()
        if not self._connections:
            self._idle = asyncio.get_running_loop().call_later(
                60 * self._settings.daemon.idle_minutes, self._stop_if_idle
            )

    def _stop_if_idle(self) -> None:
        if self._training.is_training:
            self._watch_idleness()
        else:
            log.info("nobody asked for %g minutes: stopping", self._settings.daemon.idle_minutes)
            self._stopping.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Connection(self, reader, writer).serve()

    async def _close(self) -> None:
        log.info("stopping")
        self._training.close()
        await self._training.stop()
        await self._workspaces.close()
        for connection in list(self._connections):
            connection.close()
        for path in (paths.socket_file(), paths.status_file()):
            path.unlink(missing_ok=True)


async def serve(chosen: settings.Settings, ready_fd: int | None = None) -> None:
    """Run one daemon in the current event loop; raises as Server.run does."""
    await Server(chosen).run(ready_fd)


class Connection:
    """One client: its requests run as tasks, in the order in which they came as far as they do not wait."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self.name, self.is_subscribed = "", False
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._notified: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"Connection({self.name or 'no hello yet'}, {len(self._tasks)} requests)"

    async def serve(self) -> None:
        """Answer until the client goes, or sends what is no protocol."""
        self._server.connected(self)
        try:
            if _is_own(self._writer):
                await self._read()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client went, or the daemon stops: both end the connection
        finally:
            for task in [*self._tasks.values(), *self._notified]:
                task.cancel()
            self.close()
            await self._server.disconnected(self)

    def send(self, message: Message) -> None:
        """Send a message; a client that does not read is cut off."""
        if self._writer.is_closing():
            return
        self._writer.write(encode(message))
        if self._writer.transport.get_write_buffer_size() > _MOST_UNREAD:
            log.warning("%r does not read; cut off", self)
            self._writer.transport.abort()

    def cancel(self, msgid: int) -> None:
        """Stop answering a request."""
        if task := self._tasks.get(msgid):
            task.cancel()

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self._writer.close()

    async def _read(self) -> None:
        decoder = Decoder()
        while data := await self._reader.read(_CHUNK):
            try:
                messages = decoder.feed(data)
            except ProtocolError as error:
                log.warning("%r: %s", self, error)
                self.send(Response(0, to_wire(error), None))
                return
            for message in messages:
                self._receive(message)

    def _receive(self, message: Message) -> None:
        match message:
            case Request(msgid, method, params):
                self._tasks[msgid] = asyncio.create_task(self._answer(msgid, method, params))
            case Notification(method, params):
                task = asyncio.create_task(self._obey(method, params))
                self._notified.add(task)
                task.add_done_callback(self._notified.discard)
            case Response():
                log.warning("%r answers, but was asked nothing", self)

    async def _answer(self, msgid: int, method: str, params: Any) -> None:
        try:
            response = Response(msgid, None, await self._call(method, params))
        except CharwiseError as error:
            response = Response(msgid, to_wire(error), None)
        except asyncio.CancelledError:
            response = Response(msgid, to_wire(OutdatedError(f"{method} was cancelled or is outdated")), None)
        except Exception as error:  # the loop's edge: a defect is logged and told, and the daemon lives
            log.exception("%s failed", method)
            response = Response(msgid, to_wire(InternalError(f"{method} failed: {error!r}; see the log")), None)
        finally:
            self._tasks.pop(msgid, None)
        self.send(response)

    async def _obey(self, method: str, params: Any) -> None:
        try:
            await self._call(method, params)
        except CharwiseError as error:
            log.warning("%r: %s: %s", self, method, error)
        except Exception:  # as above
            log.exception("%s failed", method)

    async def _call(self, method: str, params: Any) -> Any:
        if not self.name and method != _FIRST:
            raise InvalidRequestError(f"{method} before hello; say hello with client, version and protocol first")
        command = getattr(self._server.commands, f"cmd_{method}", None)
        if command is None:
            raise InvalidRequestError(f"there is no method {method[:60]!r}; see docs/protocol.md")
        result = command(self, protocol.parse(_params_of(command), params))
        return await result if asyncio.iscoroutine(result) else result


def _params_of(command: Any) -> type[Any]:
    """Return the dataclass that a command takes: the type of its last parameter."""
    *_, wanted = (hint for name, hint in typing.get_type_hints(command).items() if name != "return")
    return typing.cast("type[Any]", wanted)


# --- the process's files --------------------------------------------------------------------------
@contextlib.contextmanager
def _only_one() -> typing.Iterator[None]:
    """Hold the daemon's lock for as long as this process lives; the system drops it even after kill -9."""
    with paths.daemon_lock_file().open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError("a daemon runs already; see `charwise daemon status`") from error
        yield


def _listen() -> socket.socket:
    """Return the bound socket, 0600; a socket that a killed daemon left is removed, which the lock makes safe."""
    file = paths.socket_file()
    file.unlink(missing_ok=True)
    listener, mask = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), os.umask(0o177)
    try:
        listener.bind(str(file))
    finally:
        os.umask(mask)
    return listener


def _announce(ready_fd: int | None) -> None:
    status = {"pid": os.getpid(), "socket": str(paths.socket_file()), "version": version()}
    paths.status_file().write_text(json.dumps(status), "utf-8")
    if ready_fd is not None:
        os.write(ready_fd, b".")
        os.close(ready_fd)


def _is_own(writer: asyncio.StreamWriter) -> bool:
    """Tell whether the client is of the same user; the socket's mode already says so where this cannot be asked."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return bool(struct.unpack("3i", peer)[1] == os.getuid())
