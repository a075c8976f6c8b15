"""What a fish says to its relay, which has the connection to the daemon, and the answer.

    python -ISB ask.py PIPE [ID] < lines

fish itself would wait for a relay that is gone; this does not. With an ID it waits for the suggestion for that request,
a third of a second at most, and prints it. Standard library only, and of that little: it starts in 15 ms.
"""

import os
import select
import sys
import time

_PATIENCE_SECONDS = 0.3
_CHUNK = 1 << 16
_SEPARATOR = "\x1f"


def main(pipe: str, number: str = "") -> None:
    """Say what standard input has, and print what is suggested; nothing where there is no relay."""
    said = sys.stdin.buffer.read()
    try:
        answers = os.open(f"{pipe}.from", os.O_RDONLY | os.O_NONBLOCK)
        if number:  # what was told before is nobody's any more
            _drain(answers)
        os.write(os.open(f"{pipe}.to", os.O_WRONLY | os.O_NONBLOCK), said)
        sys.stdout.write(_suggested(answers, number) if number else "")
    except OSError:  # it is gone, or does not read
        return


def _drain(answers: int) -> None:
    while select.select([answers], [], [], 0)[0] and os.read(answers, _CHUNK):
        pass


def _suggested(answers: int, number: str) -> str:
    latest, received = time.monotonic() + _PATIENCE_SECONDS, b""
    while (left := latest - time.monotonic()) > 0 and select.select([answers], [], [], left)[0]:
        chunk = os.read(answers, _CHUNK)
        received += chunk
        for line in received.decode("utf-8", "replace").split("\n")[:-1]:
            name, *fields = line.split(_SEPARATOR)
            if name == "suggest" and fields[:1] == [number]:
                return "".join(each for each in fields[-1] if each.isprintable())
        if not chunk:
            break
    return ""


if __name__ == "__main__":
    main(*sys.argv[1:3])
