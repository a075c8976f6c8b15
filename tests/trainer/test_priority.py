"""A training in the background gives way: looked at in real processes, as the system sees them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from charwise_trainer import priority
from tests.conftest import wait_for_end

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux' processes; others have niceness alone")

_GIVE_WAY = """
import os, sys
from charwise_trainer import priority
os.nice(int(sys.argv[2]))
priority.give_way(int(sys.argv[1]))
print("ready", flush=True)
sys.stdin.read()
"""
_GIVE_WAY_ALONE = """
import json, os
from pathlib import Path
from charwise_trainer import priority
session = Path("/proc/self/autogroup")
before = session.read_text()
if os.fork() == 0:
    priority.give_way(19)
    os._exit(os.nice(0))
_, status = os.wait()
print(json.dumps([os.waitstatus_to_exitcode(status), os.nice(0), before, session.read_text()]))
"""
_HAS_AUTOGROUPS = Path("/proc/self/autogroup").exists()


def _python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize(
    ("wanted", "inherited", "niceness", "policy", "io"),
    [
        (19, 0, 19, os.SCHED_IDLE, psutil.IOPRIO_CLASS_IDLE),
        (19, 5, 19, os.SCHED_IDLE, psutil.IOPRIO_CLASS_IDLE),
        (5, 0, 5, os.SCHED_OTHER, psutil.IOPRIO_CLASS_NONE),
        (5, 5, 5, os.SCHED_OTHER, psutil.IOPRIO_CLASS_NONE),
        (5, 10, 10, os.SCHED_OTHER, psutil.IOPRIO_CLASS_NONE),
        (0, 0, 0, os.SCHED_OTHER, psutil.IOPRIO_CLASS_NONE),
    ],
)
def test_give_way(wanted: int, inherited: int, niceness: int, policy: int, io: int) -> None:
    """The niceness is what was set, of the process and of its session; at 19 it only takes what nobody wants."""
    with _python(_GIVE_WAY, wanted, inherited) as child:
        assert _line(child) == "ready"
        seen = psutil.Process(child.pid)
        assert (seen.nice(), os.sched_getscheduler(child.pid), seen.ionice().ioclass) == (niceness, policy, io)
        if _HAS_AUTOGROUPS:
            assert Path(f"/proc/{child.pid}/autogroup").read_text().split()[-1] == str(niceness)
        child.communicate()
    assert child.returncode == 0


@pytest.mark.skipif(not _HAS_AUTOGROUPS, reason="this kernel has none")
def test_give_way_alone() -> None:
    """A process in somebody else's session lowers its own priority, not that of all who are there."""
    with _python(_GIVE_WAY_ALONE) as leader:
        niceness, of_leader, before, after = json.loads(_line(leader))
    assert (niceness, of_leader) == (19, 0)
    assert before == after


class _Busy:
    """What Linux says to a user while another's change is less than a tenth of a second old."""

    def __init__(self, times: int, error: type[OSError] = BlockingIOError) -> None:
        self.times, self.error, self.written = times, error, list[str]()

    def write_text(self, text: str, _encoding: str) -> None:
        self.written.append(text)
        if len(self.written) <= self.times:
            raise self.error


@pytest.mark.parametrize(
    ("file", "tries"), [(_Busy(2), 3), (_Busy(99), priority.AUTOGROUP_TRIES), (_Busy(1, FileNotFoundError), 1)]
)
def test_give_way_tries_again(monkeypatch: pytest.MonkeyPatch, file: _Busy, tries: int) -> None:
    """Where the system is busy it is asked again, some times; where it has no such file, niceness has to do."""
    monkeypatch.setattr(priority, "AUTOGROUP", file)
    monkeypatch.setattr(priority, "AUTOGROUP_PAUSE", 0.0)
    priority._nice_session(19)
    assert file.written == ["19"] * tries


_COMPUTE = """
import json, signal, sys, time
from charwise_trainer import priority
began, computed = time.monotonic(), time.process_time()
with priority.pacing(float(sys.argv[1])):
    while time.process_time() < computed + 0.6:
        sum(range(1000))
after = [time.process_time() - computed, time.monotonic() - began]
print(json.dumps([*after, *signal.getitimer(signal.ITIMER_PROF), signal.getsignal(signal.SIGPROF) == signal.SIG_DFL]))
"""


def test_pacing() -> None:
    """Whatever is computed takes no more than the share of the time; afterwards no timer is left."""
    with _python(_COMPUTE, 0.4) as child:
        computed, took, *timer, as_before = json.loads(_line(child))
    assert computed - 2 * priority.PERIOD <= 0.4 * took
    assert timer == [0.0, 0.0]
    assert as_before


def test_pacing_all_of_the_time() -> None:
    """Who may compute all of the time is never interrupted."""
    with priority.pacing(1.0):
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


_PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""
_CHILD = """
import os, signal
from charwise_trainer import priority
priority.wake_when_orphaned()
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_wake_when_orphaned() -> None:
    """A stopped process goes on, and can end, when its parent is killed."""
    with _python(_PARENT, _CHILD) as parent:
        pid = int(_line(parent))
        _until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
        parent.kill()
    wait_for_end(pid)


def _until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    latest = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < latest
        time.sleep(0.01)  # nothing tells a stranger what a process does
