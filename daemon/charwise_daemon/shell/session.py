"""One shell's session: what it says, line by line. A method `line_NAME` obeys each message of docs/terminal.md."""

from typing import TYPE_CHECKING

from charwise_daemon import __version__
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.shell import lines

if TYPE_CHECKING:
    from charwise_daemon.shell.connection import ShellConnection
    from charwise_daemon.shell.shells import Shells

KINDS = ("zsh", "bash", "fish", "ipython", "python")


class ShellSession:
    """The prompt of one shell."""

    def __init__(self, shells: "Shells", connection: "ShellConnection") -> None:
        self._shells, self._connection = shells, connection

    def __repr__(self) -> str:
        return f"ShellSession({self._connection.shell})"

    def close(self) -> None:
        """Stop what is under way."""

    def line_hello(self, protocol: str, shell: str, _process: str) -> None:
        """Answer who this is, and whether the user has let this kind of shell be learned from."""
        if protocol != lines.PROTOCOL:
            raise InvalidRequestError(
                f"the shell speaks protocol {protocol[:10]}, this daemon (charwise {__version__}) {lines.PROTOCOL}; "
                "run `charwise daemon restart` and start a new shell"
            )
        if shell not in KINDS:
            raise InvalidRequestError(f"{shell[:20]} is no shell that is known; known are {', '.join(KINDS)}")
        self._connection.shell = shell
        self._connection.send("hello", lines.PROTOCOL, __version__, "on")

    def line_complete(self, number: str, _directory: str, buffer: str, cursor: str) -> None:
        """Suggest what to put after the cursor, which is at the buffer's end."""
        text = self._shells.complete(buffer) if _whole(cursor) == len(buffer) else ""
        self._connection.send("suggest", number, text if lines.is_safe(text) else "")

    def line_ran(self, _directory: str, _branch: str, _status: str, command: str) -> None:
        """Learn a command that was run."""
        self._shells.ran(command)

    def line_accepted(self, _number: str, characters: str) -> None:
        """Count what was accepted of a suggestion."""
        _whole(characters)

    def line_forget(self, command: str) -> None:
        """Forget a command, and suggest it no more."""
        self._connection.send("forgot", str(self._shells.forget(command)))

    def line_names(self, kind: str, *_words: str) -> None:
        """Take note of names that this shell can run."""
        if kind not in {"alias", "function", "builtin", "path", "ignore"}:
            raise InvalidRequestError(f"{kind[:20]} is no kind of names; see docs/terminal.md")


def _whole(number: str) -> int:
    try:
        return int(number)
    except ValueError as error:
        raise InvalidRequestError(f"{number[:20]!r} is no whole number") from error
