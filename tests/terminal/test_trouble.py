"""A daemon that is not there, dies, hangs or lies: the prompt goes on as if nothing were."""

import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from charwise_daemon import launch, paths
from charwise_daemon.client import Client
from tests.conftest import daemon_pid, wait_for_end
from tests.terminal.conftest import SOURCE, Open
from tests.terminal.terminal import Terminal


def _works(terminal: Terminal, word: str) -> None:
    """Type and run a command, and see what it says."""
    terminal.run(f"echo {word}")
    assert f"\n{word}\n" in terminal.plain


def _finds_the_next(terminal: Terminal) -> None:
    """Start a daemon, and see its suggestions from the next prompt on."""
    launch.ensure_running()
    terminal.run("true")
    terminal.type("git sta")
    terminal.until_ghost("tus")


def test_no_daemon(home: Path, open_terminal: Open) -> None:
    """Without a daemon the prompt says nothing of it and starts none; once there is one, it is used."""
    terminal = open_terminal()
    _works(terminal, "alone")
    assert terminal.plain.rstrip().split("\n") == ["> echo alone", "alone", ">"]
    assert not launch.is_running()
    assert home.exists()
    _finds_the_next(terminal)


def test_killed(terminal: Terminal) -> None:
    """A daemon that is killed takes its ghost text along and costs no key; the next one is used."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    pid = daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    terminal.until_ghost("")
    terminal.type("shed")
    terminal.until_line("git stashed")
    terminal.press("C-u")
    _works(terminal, "still here")
    _finds_the_next(terminal)


def test_hanging(terminal: Terminal) -> None:
    """A daemon that hangs holds up no key, however many there are; when it goes on, so do the suggestions."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        terminal.press("C-u")
        for _ in range(20):  # a thousand keys, each drawn
            terminal.type("x" * 50)
            terminal.press("C-u")
        for word in ("first", "second", "third"):
            _works(terminal, word)
    finally:
        os.kill(pid, signal.SIGCONT)
    terminal.type("git sta")
    terminal.until_ghost("tus")


def test_hanging_from_the_start(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to hang
    """A shell that is opened while the daemon hangs has its prompt at once."""
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        terminal = open_terminal()
        _works(terminal, "first")
    finally:
        os.kill(pid, signal.SIGCONT)
    terminal.type("git sta")
    terminal.until_ghost("tus")


def test_gone(terminal: Terminal) -> None:
    """A shell that has ended is not counted, though what it has started still runs, and has its connection."""
    terminal.run("sleep 60 &|")
    with Client("test") as client:
        assert client.request("shell_status")["connected"] == 1
        terminal.type("exit")
        terminal.press("Enter")
        latest = time.monotonic() + 20
        while client.request("shell_status")["connected"]:
            assert time.monotonic() < latest
            time.sleep(0.05)


class _Liar:
    """Says what a test wants to whoever connects, after their hello, and to each request."""

    def __init__(self, folder: Path, answer: str) -> None:
        self.path, self.connected, self._answer = folder / "shell.sock", 0, answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path))
        self._socket.listen()
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        for each in (self._socket, self._connection):
            if each:
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connected += 1
            self._connection = connection
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"hello\x1f1\x1f9\x1fon\n")
                for line in lines:
                    if line.startswith(b"complete"):
                        number = line.split(b"\x1f")[1].decode()
                        connection.sendall(self._answer.format(number).encode())


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as folder:
        yield Path(folder)


def test_escape_sequences(short: Path, open_terminal: Open) -> None:
    """What could command the terminal is never drawn, whoever says it."""
    liar = _Liar(short, "nonsense\n\nsuggest\n\x1f\x1f\nsuggest\x1f{0}\x1fa\x1b[31mb\x07\x9bc\n")
    terminal = open_terminal(CHARWISE_SOCKET=str(liar.path))
    terminal.type("git ")
    terminal.until(lambda: terminal.plain.startswith("> git a[31mb"))
    assert "\x1b[31m" not in terminal.screen()
    liar.close()


def test_socket_of_another(short: Path, open_terminal: Open) -> None:
    """A socket that belongs to somebody else is not connected to."""
    if os.getuid() != 0:
        pytest.skip("only root can give a file away")
    liar = _Liar(short, "suggest\x1f{0}\x1fstolen\n")
    os.chown(liar.path, 12345, -1)
    terminal = open_terminal(CHARWISE_SOCKET=str(liar.path))
    _works(terminal, "first")
    assert not liar.connected
    os.chown(liar.path, 0, -1)
    terminal.run("true")
    terminal.until_ghost("stolen")
    liar.close()


def test_path_as_told(daemon: Path, open_terminal: Open) -> None:
    """The plugin looks where the daemon listens, and takes the path that it is given where that is elsewhere."""
    assert paths.shell_socket_file().parent == daemon / "runtime"
    elsewhere = daemon.parent / "elsewhere"
    terminal = open_terminal(SOURCE, CHARWISE_HOME=str(elsewhere), CHARWISE_SOCKET=str(paths.shell_socket_file()))
    terminal.type("git sta")
    terminal.until_ghost("tus")
    shutil.rmtree(elsewhere, ignore_errors=True)
