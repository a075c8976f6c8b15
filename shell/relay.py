"""What speaks to the daemon for one bash or fish, which have no Unix sockets: two named pipes on their side.

    python -ISB relay.py SOCKET PIPE PID

It makes PIPE.to and PIPE.from, takes lines of the shells' protocol (docs/terminal.md) from the first, and writes to the
second what is to be suggested, with `read` after all that it has read, by which a shell knows that it lives. `opened`
says that the pipes' names are needed no more. It connects, and connects again, by itself, and ends with process PID.
Standard library only, and of that little: it starts in 15 ms.
"""

import contextlib
import os
import select
import socket
import stat
import sys
import time

# Between two attempts to connect, and between two looks at whether the shell lives.
_RETRY_SECONDS = 3.0
_LOOK_SECONDS = 5.0
# A shell that has said nothing by then never will.
_OPEN_SECONDS = 60.0
_CHUNK = 1 << 16
# What a pipe takes whole, or not at all.
_MOST_WRITTEN = 4096
_SEPARATOR = b"\x1f"


def main(path: str, pipe: str, shell: int) -> None:
    """Pass lines on until the shell has ended."""
    relay = Relay(path, pipe)
    started = time.monotonic()
    try:
        while _lives(shell) and (relay.is_used or time.monotonic() < started + _OPEN_SECONDS):
            relay.wait(_LOOK_SECONDS)
    finally:
        relay.close()


class Relay:
    """Both sides, and what is told to a new daemon."""

    def __init__(self, path: str, pipe: str) -> None:
        self._path, self._names = path, (f"{pipe}.to", f"{pipe}.from")
        self._from_shell, self._to_shell = map(_pipe, self._names)
        self.is_used = False  # whether the shell has said anything
        self._daemon: socket.socket | None = None
        self._is_on = False
        self._retry_at = 0.0
        self._told = dict[bytes, bytes]()  # the last hello, and names of each kind
        self._of_shell = self._of_daemon = b""  # beginnings of lines
        self._tell(b"relay", str(os.getpid()).encode())

    def close(self) -> None:
        """Leave nothing behind."""
        for name in self._names:
            with contextlib.suppress(OSError):
                os.unlink(name)  # noqa: PTH108 - pathlib would take as long to load as all the rest

    def wait(self, seconds: float) -> None:
        """Pass on what arrives within so many seconds."""
        sources: list[int | socket.socket] = [self._from_shell, *([self._daemon] if self._daemon else [])]
        for source in select.select(sources, [], [], seconds)[0]:
            if source is self._daemon:
                self._hear_daemon()
            elif source == self._from_shell:
                self._hear_shell()

    def _hear_shell(self) -> None:
        *lines, self._of_shell = (self._of_shell + os.read(self._from_shell, _CHUNK)).split(b"\n")
        self.is_used = True
        for line in lines:
            self._pass_on(line)
        self._tell(b"read")

    def _pass_on(self, line: bytes) -> None:
        name, *arguments = line.split(_SEPARATOR)
        if name == b"opened":
            self.close()
            return
        if name in {b"hello", b"names"}:
            self._told[_SEPARATOR.join([name, *arguments[:1]]) if name == b"names" else name] = line
        if self._daemon is None:
            self._connect()
        elif name in {b"hello", b"names"} or self._is_on:
            self._send(line)
        if name == b"complete" and arguments and not self._is_on:
            self._tell(b"suggest", arguments[0], b"")

    def _connect(self) -> None:
        if time.monotonic() < self._retry_at or b"hello" not in self._told or not _is_own(self._path):
            return
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        daemon.setblocking(False)
        try:
            daemon.connect(self._path)
        except OSError:  # nobody listens, or too many wait
            daemon.close()
            return
        self._daemon, self._is_on, self._of_daemon = daemon, False, b""
        for line in sorted(self._told.values()):  # hello is first
            self._send(line)

    def _send(self, line: bytes) -> None:
        if self._daemon is None:
            return
        try:
            is_sent = self._daemon.send(line + b"\n") == len(line) + 1
        except OSError:  # it is gone, or does not read
            is_sent = False
        if not is_sent:
            self._leave()

    def _leave(self) -> None:
        if self._daemon:
            self._daemon.close()
            self._tell(b"hello", b"", b"", b"gone")
        self._daemon, self._is_on = None, False

    def _hear_daemon(self) -> None:
        try:
            chunk = self._daemon.recv(_CHUNK) if self._daemon else b""
        except OSError:
            chunk = b""
        if not chunk:
            self._leave()
            return
        *lines, self._of_daemon = (self._of_daemon + chunk).split(b"\n")
        for line in lines:
            fields = line.split(_SEPARATOR)
            if fields[0] == b"hello" and len(fields) > 3:
                self._is_on = fields[3] == b"on"
                self._tell(*fields)
            elif fields[0] == b"suggest":
                self._tell(*fields)

    def _tell(self, *fields: bytes) -> None:
        line = _SEPARATOR.join(fields) + b"\n"
        if len(line) <= _MOST_WRITTEN:
            with contextlib.suppress(OSError):  # the shell does not read, so it does not wait for this either
                os.write(self._to_shell, line)


def _pipe(name: str) -> int:
    os.mkfifo(name, 0o600)
    return os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def _is_own(path: str) -> bool:
    try:
        seen, folder = os.stat(path), os.stat(os.path.dirname(path))  # noqa: PTH116, PTH120 - as above
    except OSError:
        return False
    return stat.S_ISSOCK(seen.st_mode) and seen.st_uid == folder.st_uid == os.getuid()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    os.closerange(3, 256)
    with contextlib.suppress(OSError):
        os.setsid()  # the terminal's signals are the shell's
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
