"""A small state that outlives the daemon: read when it starts, written a while after it changed and when it ends.

Nothing wakes the daemon while nothing changes. A file that cannot be read is set aside, with one warning, and what it
should have held begins anew. A disk that is full is a warning too. Knows nothing of what is kept.
"""

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Any, Protocol

from charwise_trainer.errors import StorageError
from charwise_trainer.storage import replace_file, writing

log = logging.getLogger(__name__)

# What a killed daemon loses at most. A write takes some milliseconds, in a thread; no disk is woken more often.
INTERVAL_SECONDS = 60.0
_FORMAT = 1


class State(Protocol):
    """What can be kept."""

    def state(self) -> Any:
        """Return it as JSON can hold it."""

    def restore(self, state: Any) -> None:
        """Take it back; raises ValueError where it is something else, and is as it was then."""


class Kept:
    """One state and its file; `changed` is to be called whenever the state has changed."""

    def __init__(self, file: Path, state: State, interval: float | None = None) -> None:
        self._file, self._state = file, state
        self._interval = INTERVAL_SECONDS if interval is None else interval
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._is_failing = False
        self._read()

    def __repr__(self) -> str:
        return f"Kept({self._file}{', changed' if self._timer else ''})"

    def changed(self) -> None:
        """Note that the state is to be written; the first change since the last time sets the time."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._begin)

    async def flush(self) -> None:
        """Write what has changed now."""
        if self._timer:
            self._timer.cancel()
        if self._timer or self._is_failing:
            self._begin()
        if self._writing:
            await self._writing

    def _begin(self) -> None:
        self._timer = None
        data = json.dumps({"format": _FORMAT, "state": self._state.state()}, separators=(",", ":")).encode()
        self._writing = asyncio.create_task(self._write(data, self._writing))

    async def _write(self, data: bytes, before: asyncio.Task[None] | None) -> None:
        if before:
            await before
        try:
            await asyncio.to_thread(_write, self._file, data)
            self._is_failing = False
        except StorageError as error:  # it stays in memory, and is written with what comes next
            if not self._is_failing:
                log.warning("%s", error)
            self._is_failing = True

    def _read(self) -> None:
        try:
            self._state.restore(_state_of(self._file.read_bytes()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, RecursionError) as error:
            aside = self._file.with_suffix(".damaged")
            log.warning("%s cannot be used (%s): it is kept as %s, and begun anew", self._file, error, aside.name)
            with contextlib.suppress(OSError):
                self._file.replace(aside)


def _write(file: Path, data: bytes) -> None:
    with writing(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(file, data)


def _state_of(read: bytes) -> Any:
    whole = json.loads(read)
    if not isinstance(whole, dict) or whole.get("format") != _FORMAT:
        raise ValueError(f"it is not of format {_FORMAT}")
    return whole.get("state")
