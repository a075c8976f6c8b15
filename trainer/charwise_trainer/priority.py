"""How a training in the background stays out of the way: lowest priority, a share of the time, never left behind.

Knows nothing of training: each function changes the process that calls it, and the threads that it starts later. So
call them before torch and numpy are loaded, which start threads.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

LOWEST = 19
"""The niceness at which a process computes, and reads the disk, only when nobody else wants to."""

AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_TRIES, AUTOGROUP_PAUSE = 5, 0.1
"""Linux lets users change it once in a tenth of a second, all of them together, and says "try again" else."""

PERIOD = 0.1
"""Seconds of work between two rests: short enough for a fan not to hear them, long beside what waking threads costs."""

_PR_SET_PDEATHSIG = 1


def give_way(niceness: int) -> None:
    """Lower the priority to this niceness, 0 to 19; one that is lower already stays."""
    niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    if os.getsid(0) == os.getpid():
        _nice_session(niceness)
    if niceness >= LOWEST:
        _compute_when_idle()
        _read_when_idle()


def wake_when_orphaned() -> None:
    """Have the system continue this process when its parent dies: a stopped one would stay for ever, with its memory.

    Once awake, it finds that nobody reads what it tells, and ends. Linux alone can do this.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


@contextlib.contextmanager
def pacing(share: float) -> Iterator[None]:
    """Let this process compute for this share of the time at most, whatever it does; only in the main thread.

    A timer of processor time interrupts it, and the handler sleeps. How long is reckoned from what the main thread
    has computed, which takes part in all that torch does: time in which the process was stopped or had to wait is none.
    """
    if share >= 1:
        yield
        return
    rested_at = time.thread_time()

    def rest(_number: int, _frame: FrameType | None) -> None:
        nonlocal rested_at
        worked = time.thread_time() - rested_at
        if worked >= PERIOD:
            rested_at += worked  # first: the timer may interrupt the sleep too, which is no work
            time.sleep(worked * (1 / share - 1))

    before = signal.signal(signal.SIGPROF, rest)
    signal.siginterrupt(signal.SIGPROF, False)  # reads and writes under way go on by themselves
    signal.setitimer(signal.ITIMER_PROF, PERIOD, PERIOD)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _nice_session(niceness: int) -> None:
    """Lower the priority of this session as a whole: between sessions Linux compares that, not their processes'."""
    for _ in range(AUTOGROUP_TRIES):
        try:
            AUTOGROUP.write_text(str(niceness), "ascii")
        except BlockingIOError:
            time.sleep(AUTOGROUP_PAUSE)
        except OSError:  # another system, or one without autogroups: niceness counts everywhere
            return
        else:
            return


def _compute_when_idle() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # a container may forbid it: niceness has to do
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _read_when_idle() -> None:
    import psutil  # noqa: PLC0415 - only here

    if hasattr(psutil, "IOPRIO_CLASS_IDLE"):  # Linux
        with contextlib.suppress(psutil.Error, OSError):  # as above
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
