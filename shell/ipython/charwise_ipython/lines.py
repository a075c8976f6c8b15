"""The line protocol of shells, as docs/terminal.md describes it, and where the daemon listens. No sockets."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

PROTOCOL = "1"
_SEPARATOR, _NEWLINE = "\x1f", "\x1e"


def line(*parts: str) -> bytes:
    """Return a message as it travels, with its newline."""
    fields = (part.replace(_SEPARATOR, "").replace(_NEWLINE, "").replace("\n", _NEWLINE) for part in parts)
    return _SEPARATOR.join(fields).encode("utf-8", "replace") + b"\n"


def fields(received: bytes) -> list[str]:
    """Return the fields of a line, without what could command a terminal."""
    text = received.decode("utf-8", "replace")
    return ["".join(each for each in part if each.isprintable()) for part in text.split(_SEPARATOR)]


def socket_path() -> str | None:
    """Return the path of the daemon's socket for shells; None where there is none of the user's own."""
    path = _usual_path()
    try:
        seen, folder = path.stat(), path.parent.stat()
    except OSError:
        return None
    is_own = seen.st_uid == folder.st_uid == os.getuid()
    return str(path) if is_own and stat.S_ISSOCK(seen.st_mode) else None


def _usual_path() -> Path:
    if told := os.environ.get("CHARWISE_SOCKET"):
        return Path(told)
    if home := os.environ.get("CHARWISE_HOME"):
        return Path(home).absolute() / "runtime/shell.sock"
    if run := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(run) / "charwise/shell.sock"
    return Path(tempfile.gettempdir()) / f"charwise-{os.getuid()}" / "shell.sock"
