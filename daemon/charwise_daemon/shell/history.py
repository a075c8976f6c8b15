"""Readers of shells' histories: what was typed, oldest first, whatever the format and however damaged.

Pure but for the files; nothing is written. A file of any size is read from its last 64 MB on.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from charwise_daemon.errors import CharwiseError

# Half a million commands are 20 MB; what is older than this says little of today.
_MOST_BYTES = 64 * 2**20
# Commands that are taken, the newest: of more, the older ones are in the newer ones too.
MOST_COMMANDS = 500_000
# A pasted file is no command, and nobody wants it again.
_LONGEST_COMMAND = 4096
_META = 0x83  # zsh writes this and the byte after it, with a bit turned, for bytes that it uses itself
_EXTENDED = re.compile(r": *\d+:\d+;")
_TIME = re.compile(r"#\d{6,}")
_LIBEDIT = "_HiStOrY_V2_"
_OCTAL = re.compile(rb"\\(\d{3})")


def read(shell: str, path: Path) -> list[str]:
    """Return the commands of a history file of this kind of shell, oldest first.

    Raises:
        CharwiseError: it cannot be read.
    """
    found = _ipython(path) if shell == "ipython" else _READERS[shell](_last_bytes(path))
    wanted = [each for command in found if 0 < len(each := command.strip("\n")) <= _LONGEST_COMMAND]
    return wanted[-MOST_COMMANDS:]


def default_file(shell: str) -> Path:
    """Return where a shell of this kind keeps its history, as far as its variables tell."""
    home, get = Path.home(), os.environ.get
    folder = Path(get("ZDOTDIR", str(home)))
    places = {
        "zsh": [folder / ".zsh_history", folder / ".histfile", folder / ".zhistory", home / ".zsh_history"],
        "bash": [home / ".bash_history"],
        "fish": [Path(get("XDG_DATA_HOME") or home / ".local/share") / "fish/fish_history"],
        "ipython": [Path(get("IPYTHONDIR") or home / ".ipython") / "profile_default/history.sqlite"],
        "python": [Path(get("PYTHON_HISTORY") or home / ".python_history")],
    }.get(shell)
    if places is None:
        raise CharwiseError(f"{shell} is no shell that is known; known are zsh, bash, fish, ipython and python")
    return next((place for place in places if place.exists()), places[0])


def _last_bytes(path: Path) -> bytes:
    """Return the end of a file, from a line's beginning on; whoever rewrites it meanwhile is not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not os.path.isfile(descriptor):  # noqa: PTH113 - of what was opened, whatever the path is now
                raise CharwiseError(f"{path} is no file, so no history can be read from it")
            size = os.fstat(descriptor).st_size
            file.seek(max(0, size - _MOST_BYTES))
            data = file.read(_MOST_BYTES)
    except OSError as error:
        raise CharwiseError(
            f"{path} cannot be read ({error.strerror}); name the history with --history FILE"
        ) from error
    return data.partition(b"\n")[2] if size > _MOST_BYTES else data


def _zsh(data: bytes) -> Iterator[str]:
    """Lines, with `: time:seconds;` before where EXTENDED_HISTORY is set; a newline within has a backslash before."""
    command = ""
    for line in _unmetafied(data).decode("utf-8", "replace").split("\n"):
        command += line
        if command.endswith("\\"):
            command = command[:-1] + "\n"
            continue
        yield _EXTENDED.sub("", command, count=1) if command.startswith(":") else command
        command = ""


def _unmetafied(data: bytes) -> bytes:
    if _META not in data:
        return data
    head, *parts = data.split(bytes([_META]))
    return head + b"".join(bytes([part[0] ^ 0x20]) + part[1:] for part in parts if part)


def _bash(data: bytes) -> Iterator[str]:
    """Lines; where they have times, in lines of their own before them, a command goes on up to the next time."""
    lines = data.decode("utf-8", "replace").split("\n")
    if not any(map(_TIME.fullmatch, lines[:2])):
        yield from lines
        return
    command = list[str]()
    for line in lines:
        if _TIME.fullmatch(line):
            yield "\n".join(command)
            command = []
        else:
            command.append(line)
    yield "\n".join(command)


def _fish(data: bytes) -> Iterator[str]:
    r"""Lines `- cmd: TEXT`, in which `\n` and `\\` are escapes; times and paths in lines of their own after them."""
    for line in data.decode("utf-8", "replace").split("\n"):
        if line.startswith("- cmd: "):
            yield re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), line[7:])


def _python(data: bytes) -> Iterator[str]:
    """Lines; since 3.13 those that go on end with CR LF, and libedit writes blanks as octal numbers."""
    if data.startswith(_LIBEDIT.encode()):
        data = _OCTAL.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), data.partition(b"\n")[2])
    yield from (line.replace("\r", "\n") for line in data.decode("utf-8", "replace").replace("\r\n", "\r").split("\n"))


def _ipython(path: Path) -> Iterator[str]:
    """The table `history` of a database, which IPython may be writing to."""
    if not path.is_file():
        raise CharwiseError(f"{path} is no file, so no history can be read from it; name it with --history FILE")
    import sqlite3  # noqa: PLC0415 - the daemon, which knows this module, starts without it

    query = "SELECT source_raw FROM history ORDER BY session DESC, line DESC LIMIT ?"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)) as database:
            database.text_factory = lambda raw: raw.decode("utf-8", "replace")
            rows = database.execute(query, (MOST_COMMANDS,)).fetchall()
    except sqlite3.Error as error:
        raise CharwiseError(f"{path} cannot be read as IPython's history ({error})") from error
    yield from (row[0] for row in reversed(rows) if row[0])


_READERS: dict[str, Callable[[bytes], Iterator[str]]] = {"zsh": _zsh, "bash": _bash, "fish": _fish, "python": _python}
