"""The daemon: a Unix socket, those connected to it, and a clean life.

Races, and where they are settled: two clients that start at once (launch.py, start.lock); two daemons (daemon.lock,
held for as long as one lives, so a stale socket may be removed by whoever holds it); a client that vanishes while it
is answered (connection.py); SIGTERM while training (the trainer saves first).
"""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from charwise_daemon import __version__, paths, settings
from charwise_daemon.commands import Commands
from charwise_daemon.connection import Connection
from charwise_daemon.errors import UnavailableError
from charwise_daemon.followed import Followed
from charwise_daemon.journal import Journal
from charwise_daemon.models import Models
from charwise_daemon.protocol import Notification
from charwise_daemon.scoring import Scoring
from charwise_daemon.shell import importing
from charwise_daemon.shell.connection import ShellConnection
from charwise_daemon.shell.shells import Shells
from charwise_daemon.store import Store
from charwise_daemon.training import Training
from charwise_daemon.workspaces import Workspaces

log = logging.getLogger(__name__)


class Server:
    """One daemon. `run` returns when it was told to stop."""

    def __init__(self, chosen: settings.Settings) -> None:
        self._settings = Followed(paths.settings_file(), chosen, self._take_over, self.tell)
        self._stopping = asyncio.Event()
        self._connections: set[Connection] = set()
        self._forgetting: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None
        store = Store(paths.models_dir(), uses_base=chosen.training.base)
        self._models = Models(store, chosen.models)
        self._journal = Journal(paths.state_dir())
        self._scoring = Scoring(self._journal.ledger)
        self._workspaces = Workspaces(
            paths.workspaces_file(), self._models, chosen.corpus, self.tell, self._consider, self._scoring
        )
        self._training = Training(lambda: self._workspaces, chosen.training, self.tell)
        self.commands = Commands(
            self._settings, self._workspaces, self._training, store, self._journal, self._scoring, self._stopping.set
        )

        self._shells = Shells(
            paths.state_dir() / importing.FOLDER,
            chosen.completion,
            self._workspaces,
            self.commands.completions.tally,
            self.commands.completions.background,
            self.commands.user_typed,
            self._watch_idleness,
            self._went,
        )
        self.commands.shells = self._shells

    def __repr__(self) -> str:
        return f"Server({len(self._connections)} clients, {self._shells}, {self._workspaces}, {self._training})"

    async def run(self, ready_fd: int | None = None) -> None:
        """Serve until SIGTERM, SIGINT, `shutdown`, or idleness.

        Args:
            ready_fd: where one byte is written when clients can connect.

        Raises:
            UnavailableError: another daemon runs already.
        """
        with _only_one():
            loop = asyncio.get_running_loop()
            server = await loop.create_unix_server(lambda: Connection(self), sock=_listen(paths.socket_file()))
            shells = await loop.create_unix_server(
                lambda: ShellConnection(self._shells), sock=_listen(paths.shell_socket_file())
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stopping.set)
            _announce(ready_fd)
            log.info("charwise %s listens on %s", __version__, paths.socket_file())
            self._watch_idleness()
            following = asyncio.create_task(self._settings.follow())
            try:
                await self._stopping.wait()
            finally:
                following.cancel()
                server.close()
                shells.close()
                await self._close()

    def tell(self, event: dict[str, Any]) -> None:
        """Push an event to every client that subscribed."""
        for connection in self._connections:
            if connection.is_subscribed:
                connection.send(Notification("event", event))

    def connected(self, connection: Connection) -> None:
        """Note a client that came."""
        self._connections.add(connection)
        self._watch_idleness()

    def disconnected(self, connection: Connection) -> None:
        """Note a client that went, and free what only it needed."""
        self._connections.discard(connection)
        self._went(connection)

    def _went(self, client: object) -> None:
        task = asyncio.create_task(self._forget(client))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    async def _forget(self, client: object) -> None:
        await self.commands.forget_peer(client)
        self._watch_idleness()
        self._consider()
        if not self._is_needed:  # nobody may come for long, and the disk is awake now
            await self._journal.flush()

    async def _take_over(self, before: settings.Settings) -> None:
        """Do as the settings are now; raises SettingsError and ModelError where [models] makes no sense."""
        now = self._settings.now
        self._models.rule(now.models)
        self.commands.completions.settings = self._shells.settings = now.completion
        logging.getLogger().setLevel(now.daemon.log_level.upper())
        self._training.settings = now.training
        self._watch_idleness()
        self._models.store.uses_base = now.training.base
        if (now.corpus, now.training.base) != (before.corpus, before.training.base):
            await self._training.stop()
            await self._workspaces.read_anew(now.corpus)
        self._consider()

    def _consider(self) -> None:
        if not self._stopping.is_set():
            self._training.consider()

    @property
    def _is_needed(self) -> bool:
        return bool(self._connections or len(self._shells))

    def _watch_idleness(self) -> None:
        """Stop after a while without clients; a training under way is waited for."""
        if self._idle:
            self._idle.cancel()
        if not self._is_needed:
            self._idle = asyncio.get_running_loop().call_later(
                60 * self._settings.now.daemon.idle_minutes, self._stop_if_idle
            )

    def _stop_if_idle(self) -> None:
        if self._training.is_training:
            self._watch_idleness()
        else:
            log.info("nobody asked for %g minutes: stopping", self._settings.now.daemon.idle_minutes)
            self._stopping.set()

    async def _close(self) -> None:
        log.info("stopping")
        await self._shells.close()
        self._training.close()
        await self._training.stop()
        await self._scoring.close()
        await self._workspaces.close()
        await self._models.close()
        await self._journal.flush()
        for connection in list(self._connections):
            connection.close()
        if _announced() == os.getpid():  # else a folder that was removed is another daemon's by now
            for path in (paths.socket_file(), paths.shell_socket_file(), paths.status_file()):
                path.unlink(missing_ok=True)


async def serve(chosen: settings.Settings, ready_fd: int | None = None) -> None:
    """Run one daemon in the current event loop; raises as Server.run does."""
    await Server(chosen).run(ready_fd)


# --- the process's files --------------------------------------------------------------------------
@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the daemon's lock for as long as this process lives; the system drops it even after kill -9."""
    with paths.daemon_lock_file().open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnavailableError(
                "a daemon runs already; if `charwise daemon status` does not see it: `charwise daemon restart`"
            ) from error
        yield


def _listen(file: Path) -> socket.socket:
    """Return the bound socket, 0600; a socket that a killed daemon left is removed, which the lock makes safe."""
    file.unlink(missing_ok=True)
    listener, mask = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), os.umask(0o177)
    try:
        listener.bind(str(file))
    finally:
        os.umask(mask)
    return listener


def _announced() -> int | None:
    """Return the process that clients are told of."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        pid: int = json.loads(paths.status_file().read_text("utf-8"))["pid"]
        return pid
    return None


def _announce(ready_fd: int | None) -> None:
    status = {"pid": os.getpid(), "socket": str(paths.socket_file()), "version": __version__}
    paths.status_file().write_text(json.dumps(status), "utf-8")
    if ready_fd is not None:
        os.write(ready_fd, b".")
        os.close(ready_fd)
