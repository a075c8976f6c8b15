"""The shells' side of the daemon: a socket of its own, those connected to it, and what they have run."""

from collections.abc import Callable

from charwise_daemon.shell.connection import MOST_CONNECTIONS, ShellConnection
from charwise_daemon.shell.session import ShellSession


class Shells:
    """What shells connect to.

    Args:
        came: called when a shell came.
        went: called with a connection that is gone.
    """

    def __init__(self, came: Callable[[], None], went: Callable[[object], None]) -> None:
        self._came, self._went = came, went
        self._connections: set[ShellConnection] = set()
        self._commands: list[str] = []

    def __repr__(self) -> str:
        return f"Shells({len(self._connections)} connected)"

    def __len__(self) -> int:
        return len(self._connections)

    def session(self, connection: ShellConnection) -> ShellSession:
        """Return what obeys the lines of a connection."""
        return ShellSession(self, connection)

    def connected(self, connection: ShellConnection) -> bool:
        """Note a shell that came; False where there are too many."""
        if len(self._connections) >= MOST_CONNECTIONS:
            return False
        self._connections.add(connection)
        self._came()
        return True

    def disconnected(self, connection: ShellConnection) -> None:
        """Note a shell that went."""
        self._connections.discard(connection)
        self._went(connection)

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._connections):
            connection.close()

    # --- commands ------------------------------------------------------------------------------------
    def complete(self, buffer: str) -> str:
        """Return what to put after a buffer."""
        newest = (command for command in reversed(self._commands) if buffer and command.startswith(buffer))
        return next(newest, buffer)[len(buffer) :]

    def ran(self, command: str) -> None:
        """Learn a command."""
        self._commands.append(command)

    def forget(self, command: str) -> int:
        """Forget a command; return how often it was known."""
        before = len(self._commands)
        self._commands = [each for each in self._commands if each != command]
        return before - len(self._commands)
