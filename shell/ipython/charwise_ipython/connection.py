"""One connection to the daemon, which may come and go: no thread, and nothing that waits for it.

prompt_toolkit may run each prompt in an event loop of its own, so the socket belongs to none: the loop that runs just
now tells when something can be read, and between prompts it is looked for before something is sent.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time

from charwise_ipython.lines import PROTOCOL, fields, line, socket_path

# Between two attempts to connect.
_RETRY_SECONDS = 3.0
_CHUNK = 1 << 16


class Connection:
    """What a prompt tells and asks the daemon.

    Args:
        shell: as which kind of shell this is known: "ipython", "python", "bash", "zsh" or "fish".
    """

    def __init__(self, shell: str) -> None:
        self._shell = shell
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # what tells when something can be read
        self._rest = b""  # the beginning of a line that has not arrived whole
        self._retry_at = 0.0
        self._id = 0
        self._asked = dict[str, asyncio.Future[str]]()  # by ID, what is not answered yet
        self.is_on = False  # whether there is a daemon, and the user lets this kind of shell be learned from

    def __repr__(self) -> str:
        return f"Connection({'on' if self.is_on else 'off' if self._socket else 'none'}, {len(self._asked)} asked)"

    def look(self) -> None:
        """Connect where there is no connection, and take in what has arrived."""
        if self._socket is None and time.monotonic() >= self._retry_at:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            self._connect()
        self._follow_loop()
        self._read()

    def send(self, *parts: str) -> None:
        """Send a message, if there is a daemon; one that does not read what it is sent is left."""
        if self._socket is None:
            return
        message = line(*parts)
        try:
            is_sent = self._socket.send(message) == len(message)
        except OSError:  # it is gone, or has no room
            is_sent = False
        if not is_sent:
            self.close()

    def ask(self, directory: str, text: str) -> tuple[str, asyncio.Future[str]]:
        """Ask what may come after a text; return the request's ID and what its answer will be."""
        self._id += 1
        number = str(self._id)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._asked.pop(number, None))
        self.send("complete", number, directory, text, str(len(text)))
        return number, answer

    def close(self) -> None:
        """Leave the daemon; what was asked has no answer."""
        connection, self._socket, self.is_on, self._rest = self._socket, None, False, b""
        if connection:
            self._leave_loop(connection)
            connection.close()
        for answer in list(self._asked.values()):
            _settle(answer, "")

    def _connect(self) -> None:
        path = socket_path()
        if path is None:
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(path)
        except OSError:  # nobody listens, or too many wait
            self.close()
            return
        self.send("hello", PROTOCOL, self._shell, str(os.getpid()))

    def _follow_loop(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # between prompts
            return
        if self._socket and loop is not self._loop:
            self._leave_loop(self._socket)
            self._loop = loop
            loop.add_reader(self._socket, self._read)

    def _leave_loop(self, connection: socket.socket) -> None:
        loop, self._loop = self._loop, None
        if loop and not loop.is_closed():
            loop.remove_reader(connection)

    def _read(self) -> None:
        while self._socket:
            try:
                chunk = self._socket.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                chunk = b""
            if not chunk:
                self.close()
                return
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            for each in whole:
                self._obey(fields(each))

    def _obey(self, told: list[str]) -> None:
        if told[0] == "hello" and len(told) > 3:
            self.is_on = told[3] == "on"
        elif told[0] == "suggest" and len(told) > 2 and (answer := self._asked.get(told[1])):
            _settle(answer, told[2])


def _settle(answer: asyncio.Future[str], text: str) -> None:
    if not answer.done() and not answer.get_loop().is_closed():
        answer.set_result(text)
