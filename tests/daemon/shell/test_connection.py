"""The real daemon on the shells' socket: who may connect, and what it survives."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from charwise_daemon import __version__, paths
from charwise_daemon.shell.lines import LONGEST_LINE
from tests.conftest import stop_daemon
from tests.daemon.shell.shell import Shell


@pytest.fixture
def shell(home: object) -> Iterator[Shell]:  # noqa: ARG001 - the daemon's files
    shell = Shell()
    yield shell
    shell.close()


def test_hello(shell: Shell) -> None:
    """A shell is told the protocol and the version; the socket is the user's alone."""
    assert shell.greeting[:3] == ["hello", "1", __version__]
    assert stat.S_IMODE(paths.shell_socket_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.shell_socket_file().parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("said", "part"),
    [
        (("complete", "1", "/", "ls", "2"), "before hello"),
        (("hello", "2", "zsh", "1"), "speaks protocol 2"),
        (("hello", "1", "dosbox", "1"), "no shell that is known"),
        (("hello", "1"), "2 fields"),
    ],
)
def test_hello_wrong(said: tuple[str, ...], part: str) -> None:
    """Who does not say hello as it should be is told so, and may try again."""
    shell = Shell(kind="")
    name, message = shell.ask(*said) if said != ("hello", "1") else (*shell.ask(*said), "")[:2]
    assert name == "error"
    assert part in message or said == ("hello", "1")
    assert shell.ask("hello", "1", "zsh", "1")[0] == "hello"
    shell.close()


def test_nonsense(shell: Shell) -> None:
    """Unknown messages, wrong fields, and bytes that are nothing harm nobody."""
    for said in (("nonsense",), ("__class__",), ("ran", "/"), ("complete", "1", "/", "ls", "x"), ("names", "x", "y")):
        assert shell.ask(*said)[0] == "error"
    shell.socket.sendall(bytes(range(255, 10, -1)) + b"\n")
    assert shell.read()[0] == "error"
    assert shell.complete("ls") == ""


def test_line_of_a_megabyte(shell: Shell) -> None:
    """A line of a megabyte is refused, and the connection goes on."""
    shell.socket.sendall(b"ran\x1f/\x1f\x1f0\x1f" + b"x" * 2**20 + b"\n")
    name, message = shell.read()
    assert (name, str(LONGEST_LINE) in message) == ("error", True)
    assert shell.complete("x") == ""


def test_newest_request_wins(shell: Shell) -> None:
    """Of requests that arrive together every one is answered, the older ones with nothing."""
    lines = b"".join(b"complete\x1f%d\x1f/\x1fls\x1f2\n" % number for number in range(50))
    shell.socket.sendall(lines)
    assert [shell.read()[1] for _ in range(50)] == [str(number) for number in range(50)]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_socket_of_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user cannot reach the socket; who could, if somebody opened the folder, is cut off before being heard."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o711)
        monkeypatch.setenv("CHARWISE_HOME", f"{home}/home")
        shell = Shell()
        Path(home, "home").chmod(0o711)
        file = paths.shell_socket_file()
        assert _as_nobody(file) == "PermissionError"
        file.parent.chmod(0o711)
        file.chmod(0o666)
        assert _as_nobody(file) in {"heard b''", "ConnectionResetError", "BrokenPipeError"}
        assert shell.complete("ls") == ""
        shell.close()
        stop_daemon()


def _as_nobody(path: Path) -> str:
    program = """if True:
        import socket, sys
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(sys.argv[1])
            s.sendall(b"hello\\x1f1\\x1fzsh\\x1f1\\n")
            print("heard", s.recv(100))
        except OSError as error:
            print(type(error).__name__)
    """
    done = subprocess.run(
        ["/usr/bin/python3", "-c", program, str(path)], capture_output=True, text=True, user=65534, check=True, cwd="/"
    )
    return done.stdout.strip()
