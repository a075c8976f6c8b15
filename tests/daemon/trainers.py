"""A trainer that a daemon started, as tests see it: what is told of it, and its process."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from charwise_daemon import paths
from charwise_trainer.lock import LOCK

# Trains at once, and in tests that share the machine: at a niceness that gets processor time beside others.
EAGER = (
    "[training]\nfirst_minutes = {minutes}\nminutes = {minutes}\nsettle_seconds = 0\nresume_seconds = 0.2\n"
    "cpu_share = 1.0\nniceness = {niceness}\nthreads = 1\n"
)


class Told:
    """What is told of training, waited for."""

    def __init__(self) -> None:
        self.told = list[str]()
        self._arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def take(self, event: dict[str, Any]) -> None:
        """Take an event in."""
        self._arrived.put_nowait(event)

    async def until(self, state: str) -> dict[str, Any]:
        """Return the next event of this state."""
        while True:
            event = await self._arrived.get()
            if event["kind"] == "training":
                self.told.append(event["state"])
                if event["state"] == state:
                    return event


def trainer_pid() -> int:
    """Return the process id of the trainer."""
    [file] = paths.models_dir().glob(f"*/{LOCK}")
    return int(file.read_text())


def state_of(pid: int) -> str:
    """Return the process's state as the system has it: R, S, T (stopped) and so on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def session_niceness(pid: int) -> int | None:
    """Return the niceness of the process's session as a whole; None where the system knows none."""
    file = Path(f"/proc/{pid}/autogroup")
    words = file.read_text().split() if file.exists() else []
    return int(words[-1]) if words else None


async def until_so(is_so: Callable[[], bool]) -> None:
    """Return when the system says so: it tells nobody of what a stranger's process does."""
    while not is_so():  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.001)


async def until_stopped(pid: int) -> None:
    """Return when a process is stopped."""
    await until_so(lambda: state_of(pid) == "T")


def children_that_train(pid: int) -> list[psutil.Process]:
    """Return the trainers that a daemon has started, however far they are."""
    found = []
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile
            found += [child] if "--background" in child.cmdline() else []
    return found
