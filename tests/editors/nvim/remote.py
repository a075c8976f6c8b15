"""Neovim's API over its socket, one call at a time: all that the tests and the latency probe need of a client.

pynvim leaves its transports to the garbage collector, which is a failure where warnings are errors.
"""

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import msgpack

# Seconds for Neovim to start, and to answer: on a busy machine it takes many times what it should.
PATIENCE = 30.0


class Neovim:
    """A Neovim process without a terminal, and a connection to it. A user interface is attached, so that it draws."""

    def __init__(self, program: Path, place: Path, init: str, environment: dict[str, str]) -> None:
        place.mkdir(parents=True, exist_ok=True)
        (place / "init.lua").write_text(init, "utf-8")
        path = place / "nvim.sock"
        command = [str(program), "--headless", "--listen", str(path), "-u", str(place / "init.lua"), "-i", "NONE"]
        with (place / "output").open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
            )
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(PATIENCE)
        latest = time.monotonic() + PATIENCE
        while self._socket.connect_ex(str(path)):
            assert self._process.poll() is None, (place / "output").read_text()
            assert time.monotonic() < latest, "Neovim does not listen"
            time.sleep(0.005)
        self._unpacker, self._last = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape"), 0
        self.call("nvim_ui_attach", 240, 40, {"rgb": True, "ext_linegrid": True})

    def call(self, method: str, *arguments: Any) -> Any:
        """Return the result of a function of the API."""
        self._last += 1
        self._socket.sendall(msgpack.packb([0, self._last, method, arguments], unicode_errors="surrogateescape"))
        while True:
            for message in self._unpacker:
                if message[0] == 1 and message[1] == self._last:
                    assert message[2] is None, message[2]
                    return message[3]
            data = self._socket.recv(1 << 16)
            assert data, "Neovim has ended"
            self._unpacker.feed(data)

    def close(self) -> None:
        """End it, whatever it is doing."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
