"""The commands that are learned, as files of the user's alone: what was imported, and what was run since.

They are the files of a workspace, `commands/`, which memory and LSTM learn as any other: pieces of at most 128 kB, so
that little is read again when one changes. What was run last is in `new.sh` beside them, one short append for each
command, and joins them 64 at a time: a training for each command would be too many. All of it is bounded; what is
oldest goes first. Methods that write may raise StorageError, and leave whole what was there.
"""

import contextlib
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from charwise_daemon.paths import private_dir
from charwise_daemon.shell import text
from charwise_daemon.shell.text import Command, record
from charwise_trainer.storage import replace_file, writing

# Of a piece, in bytes: what is read again when it changes, 4 ms.
_PIECE = 128 * 1024
# Pieces of what was run, and of each history that was imported: 4 MB, some 80,000 commands.
_MOST_PIECES = 32
# Commands in `new.sh` before they join the others.
MOST_NEW = 64
_SUFFIX = ".sh"
_RAN = "ran"


class Log:
    """The files under one folder, which is made when there is something to write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.commands_folder = folder / "commands"
        self._new = folder / f"new{_SUFFIX}"

    def __repr__(self) -> str:
        return f"Log({self._folder}, {len(self._pieces())} pieces)"

    @property
    def has_dropped(self) -> bool:
        """Whether commands have been removed because they were old."""
        pieces = self._pieces(_RAN)
        return bool(pieces) and self._piece(_RAN, 0) != pieces[0]

    def read(self) -> Iterator[list[Command]]:
        """Yield all commands, a piece at a time, what was imported before what was run, each oldest first."""
        pieces = sorted(self._pieces(), key=lambda path: (path.name.startswith(_RAN), path.name))
        for path in [*pieces, self._new]:
            yield text.commands(_text_of(path))

    def new(self) -> bytes:
        """Return what has not joined the workspace's files yet, as they would have it."""
        return _text_of(self._new).encode()

    def append(self, command: Command, status_before: int) -> None:
        """Add a command that was run."""
        data = record(command, status_before)
        self._make()
        with writing(self._new):
            descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)

    def settle(self) -> None:
        """Let what is new join the workspace's files."""
        new = self.new()
        if not new:
            return
        pieces = self._pieces(_RAN)
        newest = pieces[-1] if pieces else None
        before = newest.read_bytes() if newest else b""
        if newest is None or len(before) + len(new) > _PIECE:
            newest, before = self._piece(_RAN, self._next_number(pieces)), b""
        replace_file(newest, before + new)
        replace_file(self._new, b"")  # killed between the two, some commands are there twice, and none is lost
        for old in self._pieces(_RAN)[:-_MOST_PIECES]:
            old.unlink(missing_ok=True)

    def import_(self, shell: str, commands: Sequence[Command]) -> int:
        """Take a history in place of what was imported of this shell; return how many of its commands are kept."""
        self._make()
        kept = bounded(commands, _PIECE * _MOST_PIECES)
        self.drop(shell)
        parts, part = list[bytes](), bytearray()
        for command in kept:
            data = record(command, 0)
            if len(part) + len(data) > _PIECE:
                parts.append(bytes(part))
                part.clear()
            part += data
        parts += [bytes(part)] if part else []
        for number, data in enumerate(parts):
            replace_file(self._piece(shell, number), data)
        return len(kept)

    def drop(self, shell: str) -> None:
        """Remove what was imported of a shell."""
        for path in self._pieces(shell):
            path.unlink(missing_ok=True)

    def forget(self, is_meant: Callable[[str], bool]) -> tuple[int, bool]:
        """Remove commands; return how many there were, and whether any were in the workspace's files."""
        gone, has_changed = 0, False
        for path in [*self._pieces(), self._new]:
            before, status = text.commands(_text_of(path)), 0
            data, count = bytearray(), 0
            for command in before:
                if is_meant(command.text):
                    count += 1
                else:
                    data += record(command, status)
                    status = command.status
            if count:
                gone, has_changed = gone + count, has_changed or path != self._new
                replace_file(path, bytes(data)) if data else path.unlink()
        return gone, has_changed

    def _make(self) -> None:
        private_dir(self._folder)
        private_dir(self.commands_folder)

    def _pieces(self, kind: str = "") -> list[Path]:
        prefix = f"{kind}-" if kind else ""
        return sorted(path for path in self.commands_folder.glob(f"{prefix}*{_SUFFIX}"))

    def _piece(self, kind: str, number: int) -> Path:
        return self.commands_folder / f"{kind}-{number:06}{_SUFFIX}"

    @staticmethod
    def _next_number(pieces: Sequence[Path]) -> int:
        return int(pieces[-1].stem.rpartition("-")[2]) + 1 if pieces else 0


def bounded(commands: Sequence[Command], most: int) -> list[Command]:
    """Return the newest commands that fit, in half of the room; in the other the older ones, each once."""
    recent, room = list[Command](), most // 2
    for command in reversed(commands):
        room -= _size(command)
        if room < 0:
            break
        recent.append(command)
    older = OrderedDict[str, Command]()
    known, room = {command.text for command in recent}, most // 2
    for command in reversed(commands[: len(commands) - len(recent)]):
        if command.text in known or command.text in older:
            continue
        room -= _size(command)
        if room < 0:
            break
        older[command.text] = command
    return [*reversed(older.values()), *reversed(recent)]


def _size(command: Command) -> int:
    return len(record(command, 0))


def _text_of(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace")
    return ""
