"""Work ahead of requests, a little at a time: for each document the newest alone, and none while a request waits.

Work is an iterator that does a little at each step. Stopping it is dropping it, so it never runs once its text changed;
it can be gone on with. Knows no documents.
"""

import asyncio
import contextlib
import logging
from collections.abc import Hashable, Iterator
from typing import Any

log = logging.getLogger(__name__)


class Background:
    """One step of one document's work in each turn of the event loop, the newest work first."""

    def __init__(self) -> None:
        self._work: dict[Hashable, Iterator[Any]] = {}  # by document, the newest last
        self._worker: asyncio.Task[None] | None = None
        self._requests = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def __repr__(self) -> str:
        return f"Background({len(self._work)} to do, {self._requests} requests)"

    def start(self, key: Hashable, work: Iterator[Any]) -> None:
        """Do this for a document, in place of what was being done for it."""
        self.stop(key)
        self._work[key] = work
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())

    def stop(self, key: Hashable) -> None:
        """Do nothing more for a document."""
        self._work.pop(key, None)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Hold all work while a request is answered."""
        self._requests += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._quiet.set()

    async def _run(self) -> None:
        try:
            while self._work:
                await asyncio.sleep(0)  # 1. whoever waits for an answer gets it before the work goes on
                while not self._quiet.is_set():
                    await self._quiet.wait()
                    await asyncio.sleep(0)  # 2. as 1.
                self._step()
        finally:
            self._worker = None

    def _step(self) -> None:
        if not self._work:
            return  # stopped while it waited
        key, work = next(reversed(self._work.items()))
        try:
            next(work)
        except StopIteration:
            self.stop(key)
        except Exception:  # the loop's edge: nobody waits for it, and a request will meet the same
            log.exception("work ahead of requests failed")
            self.stop(key)
