"""One shell's connection: lines in, the methods `line_NAME` of a session found by name, lines out.

Nothing that a shell sends ends the daemon, nor another's connection. Of requests for suggestions that arrive together
only the newest is answered with one: the others' answers would be outdated.
"""

import asyncio
import logging
import typing
from typing import Any, Protocol

from charwise_daemon.connection import is_own
from charwise_daemon.errors import CharwiseError, InvalidRequestError, ProtocolError
from charwise_daemon.shell import lines

log = logging.getLogger(__name__)

# What a shell that does not read may make the daemon keep.
_MOST_UNREAD = 1 << 20
# Who opens more than one terminal a minute all day has fewer; more of them are a loop in somebody's rc file.
MOST_CONNECTIONS = 256
_FIRST, _REQUEST = "hello", "complete"


class Session(Protocol):
    """What obeys the lines of one shell, with a method `line_NAME` for each."""

    def close(self) -> None:
        """Stop what is under way."""


class Host(Protocol):
    """What shells connect to."""

    def session(self, connection: "ShellConnection") -> Session:
        """Return what obeys the lines of a connection."""

    def connected(self, connection: "ShellConnection") -> bool:
        """Note a shell that came; False where there are too many."""

    def disconnected(self, connection: "ShellConnection") -> None:
        """Note a shell that went."""


class ShellConnection(asyncio.Protocol):
    """One shell. Its lines are obeyed in order, as they arrive."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.shell = ""  # its kind, once it said hello
        self._transport: asyncio.Transport
        self._decoder = lines.Decoder()
        self._session: Session | None = None

    def __repr__(self) -> str:
        return f"ShellConnection({self.shell or 'no hello yet'})"

    # --- called by the event loop --------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in a shell of the same user."""
        self._transport = typing.cast("asyncio.Transport", transport)
        if not is_own(self._transport):
            self._transport.abort()
        elif self._host.connected(self):
            self._session = self._host.session(self)
        else:
            self.send("error", f"{MOST_CONNECTIONS} shells are connected, and no more are taken")
            self.close()

    def data_received(self, data: bytes) -> None:
        """Obey what arrived."""
        arrived = [line if isinstance(line, ProtocolError) else lines.fields(line) for line in self._decoder.feed(data)]
        newest = max((at for at, line in enumerate(arrived) if _is_request(line)), default=-1)
        for at, line in enumerate(arrived):
            if isinstance(line, ProtocolError):
                self.send("error", str(line))
            elif _is_request(line) and at != newest and len(line) > 1:
                self.send("suggest", line[1], "")
            else:
                self._obey(*line)

    def connection_lost(self, _: Exception | None) -> None:
        """Stop all that was under way for the shell."""
        if self._session:
            self._session.close()
            self._host.disconnected(self)

    # --- called by the session -----------------------------------------------------------------------
    def send(self, *parts: str) -> None:
        """Send a line; a shell that does not read is cut off."""
        if self._transport.is_closing():
            return
        self._transport.write(lines.line(*parts))
        if self._transport.get_write_buffer_size() > _MOST_UNREAD:
            log.warning("%r does not read; cut off", self)
            self._transport.abort()

    def close(self) -> None:
        """Close the connection; what was sent still arrives."""
        self._transport.close()

    def _obey(self, name: str, *arguments: str) -> None:
        if self._transport.is_closing() or not name:
            return
        try:
            self._call(name, arguments)
        except CharwiseError as error:
            self.send("error", str(error))
        except Exception:  # the loop's edge
            log.exception("%s failed", name)
            self.send("error", f"{name} failed; see the log")

    def _call(self, name: str, arguments: tuple[str, ...]) -> None:
        if not self.shell and name != _FIRST:
            raise InvalidRequestError(f"{name[:60]} before hello; say hello with protocol, shell and process first")
        method: Any = getattr(self._session, f"line_{name}", None) if name.isidentifier() else None
        if method is None:
            raise InvalidRequestError(f"there is no message {name[:60]!r}; see docs/terminal.md")
        try:
            method(*arguments)
        except TypeError as error:
            if error.__traceback__ and error.__traceback__.tb_next is None:  # of this very call
                raise InvalidRequestError(f"{name} with {len(arguments)} fields; see docs/terminal.md") from error
            raise


def _is_request(line: list[str] | ProtocolError) -> bool:
    return isinstance(line, list) and line[0] == _REQUEST
