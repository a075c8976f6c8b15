"""What speaks to the daemon for fish, which has no Unix sockets: says the lines that it is given, and prints the answer.

    python -ISB ask.py SOCKET [ID] < lines

With an ID it waits for the suggestion for that request, a third of a second at most, and prints it. Standard library
only, and of that little: it starts in 15 ms.
"""

import os
import socket
import stat
import sys
import time

_PATIENCE_SECONDS = 0.3
_SEPARATOR = "\x1f"


def main(path: str, number: str = "") -> None:
    """Say what standard input has, and print what is suggested; nothing where nobody listens."""
    said = sys.stdin.buffer.read()
    if not _is_own(path):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as daemon:
        try:
            daemon.settimeout(_PATIENCE_SECONDS)
            daemon.connect(path)
            daemon.sendall(said)
            sys.stdout.write(_suggested(daemon, number) if number else "")
        except OSError:  # nobody listens, or it hangs
            return


def _suggested(daemon: socket.socket, number: str) -> str:
    latest, received = time.monotonic() + _PATIENCE_SECONDS, b""
    while (left := latest - time.monotonic()) > 0:
        daemon.settimeout(left)
        chunk = daemon.recv(1 << 16)
        received += chunk
        for line in received.decode("utf-8", "replace").split("\n")[:-1]:
            name, *fields = line.split(_SEPARATOR)
            if name == "suggest" and fields[:1] == [number]:
                return "".join(each for each in fields[-1] if each.isprintable())
        if not chunk:
            break
    return ""


def _is_own(path: str) -> bool:
    try:
        seen, folder = os.stat(path), os.stat(os.path.dirname(path))  # noqa: PTH116, PTH120 - pathlib takes long to load
    except OSError:
        return False
    return stat.S_ISSOCK(seen.st_mode) and seen.st_uid == folder.st_uid == os.getuid()


if __name__ == "__main__":
    main(*sys.argv[1:3])
