"""A shell, as far as the daemon sees one: a socket, and lines."""

import socket

from charwise_daemon import launch, paths
from charwise_daemon.shell.lines import fields, line


class Shell:
    """A connection to the running daemon, which is started where none runs."""

    def __init__(self, kind: str = "zsh") -> None:
        launch.ensure_running()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(30)
        self.socket.connect(str(paths.shell_socket_file()))
        self._file = self.socket.makefile("rb")
        if kind:
            self.greeting = self.ask("hello", "1", kind, "1")

    def send(self, *parts: str) -> None:
        """Say something."""
        self.socket.sendall(line(*parts))

    def read(self) -> list[str]:
        """Return the next answer."""
        return fields(self._file.readline())

    def ask(self, *parts: str) -> list[str]:
        """Say something and return the next answer."""
        self.send(*parts)
        return self.read()

    def complete(self, buffer: str, directory: str = "/", number: str = "1") -> str:
        """Return what is suggested after a buffer."""
        answer = self.ask("complete", number, directory, buffer, str(len(buffer)))
        assert answer[:2] == ["suggest", number], answer
        return answer[2]

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self.socket.close()
