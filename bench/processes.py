"""What processes cost, seen from outside: memory, processor time, wake-ups; and the daemon's trainer, paused or not."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

_MB = 1e6
# Between two looks at the trainer: a pause is shorter than no typing that we do.
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Resident:
    """Megabytes: all that is resident, that with shared pages divided among those who share them, and its own alone."""

    rss: float
    pss: float
    uss: float


def resident(pid: int) -> Resident:
    """Return what a process has in memory; PSS is Linux's alone, NaN elsewhere."""
    found = psutil.Process(pid).memory_full_info()
    return Resident(found.rss / _MB, getattr(found, "pss", float("nan")) / _MB, found.uss / _MB)


def rss(pid: int) -> float:
    """Return the resident megabytes, which is quicker than all of them."""
    return float(psutil.Process(pid).memory_info().rss) / _MB


def mapped(pid: int) -> float:
    """Return the megabytes of nameless files that a process has mapped: its indices, of which RSS has what was used."""
    with contextlib.suppress(OSError):  # Linux alone tells
        lines = Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines()
        return sum(_size(line.split()[0]) for line in lines if line.endswith("(deleted)")) / _MB
    return float("nan")


def _size(addresses: str) -> int:
    begin, end = (int(each, 16) for each in addresses.split("-"))
    return end - begin


@dataclass(frozen=True)
class Work:
    """What a process has done since it began."""

    cpu_seconds: float
    wake_ups: int  # times that one of its threads was put on a processor after it had slept or was interrupted

    @classmethod
    def of(cls, pid: int) -> Self:
        """Return the work of a process, its threads' together."""
        process = psutil.Process(pid)
        times = process.cpu_times()
        return cls(times.user + times.system, sum(_switches(pid, thread.id) for thread in process.threads()))


def _switches(pid: int, thread: int) -> int:
    """Return a thread's context switches; psutil has them for the first thread alone."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/task/{thread}/status").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return 0


def trainer_of(daemon: int) -> psutil.Process | None:
    """Return the trainer that a daemon has started, None where it has none."""
    children = psutil.Process(daemon).children()
    return next((child for child in children if "train" in child.cmdline()), None)


def is_paused(trainer: psutil.Process) -> bool:
    """Tell whether a process is stopped."""
    return bool(trainer.status() == psutil.STATUS_STOPPED)


class Watch:
    """Looks at a daemon's trainer while something else is measured: how often it was paused, how much it computed."""

    def __init__(self, daemon: int) -> None:
        self._daemon = daemon
        self.pauses, self.looks, self.looks_paused, self.looks_without = 0, 0, 0, 0
        self.cpu_seconds, self.seconds = 0.0, 0.0

    def __str__(self) -> str:
        there = self.looks - self.looks_without
        return (
            f"the trainer was there {there / max(1, self.looks):.0%} of {self.seconds:.0f} s, paused "
            f"{self.pauses} times and {self.looks_paused / max(1, there):.0%} of its time, and computed "
            f"{self.cpu_seconds:.1f} s"
        )

    async def __aenter__(self) -> Self:
        self._began, self._task = time.monotonic(), asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self.seconds = time.monotonic() - self._began

    async def _look(self) -> None:
        trainer, was_paused, before = None, False, 0.0
        while True:
            self.looks += 1
            try:
                if trainer is None:
                    trainer = trainer_of(self._daemon)
                    before = _cpu(trainer) if trainer else 0.0
                if trainer is not None:
                    paused, now = is_paused(trainer), _cpu(trainer)
                    self.pauses, self.looks_paused = self.pauses + (paused > was_paused), self.looks_paused + paused
                    self.cpu_seconds, before, was_paused = self.cpu_seconds + now - before, now, paused
            except psutil.NoSuchProcess:
                trainer, was_paused = None, False
            self.looks_without += trainer is None
            await asyncio.sleep(_LOOK_SECONDS)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def until_computing(daemon: int, seconds: float) -> bool:
    """Return True as soon as the daemon's trainer computes, False where it does not within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(psutil.NoSuchProcess):
            trainer = trainer_of(daemon)
            before = _cpu(trainer) if trainer else 0.0
            await asyncio.sleep(0.2)
            if trainer and not is_paused(trainer) and _cpu(trainer) > before + 0.05:
                return True
        await asyncio.sleep(0.05)
    return False
