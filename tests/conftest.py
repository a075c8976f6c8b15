"""What most tests need: a CHARWISE_HOME of their own, a project of real text, and a model really trained on it."""

import contextlib
import os
import shutil
import signal
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from charwise_daemon import launch, paths
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError

# Modules of the standard library: real code that is on every machine.
MODULES = ("textwrap", "shlex", "bisect", "colorsys", "fnmatch", "heapq", "keyword", "reprlib", "sched", "stat")

# What is tested begins empty: how far the base model is brings no test down. Those of the base model name their own.
os.environ["CHARWISE_BASE"] = "none"

# No test of ours has a deadline but the one that ends it: machines are busy.
hypothesis.settings.register_profile("charwise", deadline=None)
hypothesis.settings.load_profile("charwise")

# No daemon of the tests trains by itself unless a test says so.
QUIET = "[training]\nenabled = false\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A CHARWISE_HOME of its own; a daemon that was started in it is stopped at the end."""
    monkeypatch.setenv("CHARWISE_HOME", str(tmp_path / "home"))
    configure(QUIET)
    yield tmp_path / "home"
    stop_daemon()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder of some 100 KB of real Python."""
    return make_project(tmp_path / "project")


def make_project(folder: Path) -> Path:
    """Copy real modules to a new folder and return it."""
    folder.mkdir()
    for name in MODULES:
        shutil.copy(Path(sysconfig.get_path("stdlib")) / f"{name}.py", folder)
    return folder


def configure(settings: str) -> None:
    """Write settings.toml of the current CHARWISE_HOME."""
    file = paths.settings_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(settings, "utf-8")


def daemon_pid() -> int:
    """Return the process id of the running daemon."""
    with Client("test", start=False) as client:
        return int(client.hello["pid"])


def stop_daemon() -> None:
    """Stop the daemon of the current CHARWISE_HOME where one runs, and wait for its end."""
    with contextlib.suppress(CharwiseError, ProcessLookupError):
        pid = daemon_pid()
        os.kill(pid, signal.SIGTERM)
        wait_for_end(pid)
    assert not launch.is_running()


def wait_for_end(pid: int, seconds: float = 30.0) -> None:
    """Return when a process has ended; it may be nobody's child here, so the system tells nobody."""
    latest = time.monotonic() + seconds
    while _lives(pid):
        assert time.monotonic() < latest, f"process {pid} does not end"
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    process = Path(f"/proc/{pid}")
    try:  # the first thread may have ended before others, which hold the files until they have, too
        return "\nState:\tZ" not in (process / "status").read_text() or len(list((process / "task").iterdir())) > 1
    except OSError:
        return False
