"""Start the daemon when none runs, so that two clients that start at once get the same one.

A client knows that a daemon listens by connecting to it: pids and files only tell people. The race between two
starting clients is settled by a lock on start.lock; the race between two daemons by daemon.lock (server side).
"""

import contextlib
import fcntl
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from charwise_daemon import paths
from charwise_daemon.errors import UnavailableError

# A start takes half a second; on a loaded machine with a cold disk it may take many times that.
_START_DEADLINE = 20.0


def is_running() -> bool:
    """Tell whether a daemon accepts connections."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(str(paths.socket_file())) == 0


def is_alive() -> bool:
    """Tell whether a daemon lives, though its socket may be gone."""
    with paths.daemon_lock_file().open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def ensure_running() -> None:
    """Return when a daemon accepts connections, starting one if needed.

    Raises:
        UnavailableError: it did not come up; the message quotes the last line of its log.
    """
    if is_running():
        return
    try:
        with _locked(paths.start_lock_file()):
            if not is_running():  # 1. another client may have started it while this one waited for the lock
                _start()
    except OSError as error:
        raise UnavailableError(f"cannot start the daemon: {error}; set CHARWISE_HOME to a folder of yours") from error


def _start() -> None:
    ready, tell = os.pipe()
    try:
        with paths.log_file().open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "charwise_daemon", "--ready-fd", str(tell)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[tell],
                cwd="/",
                env=paths.environment(),
                start_new_session=True,  # it outlives the editor that started it
            )
    finally:
        os.close(tell)
    with os.fdopen(ready, "rb") as pipe:
        # The daemon writes one byte when it listens; end of file means that it died first.
        if select.select([pipe], [], [], _START_DEADLINE)[0] and pipe.read(1):
            threading.Thread(target=child.wait, daemon=True).start()  # whenever it ends, it leaves no zombie here
            return
    child.kill()
    child.wait()
    raise UnavailableError(f"the daemon did not start: {_last_words(paths.log_file())}; see {paths.log_file()}")


def _last_words(log: Path) -> str:
    with contextlib.suppress(OSError):
        lines = log.read_text("utf-8", "replace").strip().splitlines()
        if lines:
            return lines[-1]
    return "it said nothing"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
