"""settings.toml as it changes: what is saved holds at once; what cannot be read is told of, and changes nothing."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from charwise_daemon.errors import CharwiseError
from charwise_daemon.settings import Settings, load
from charwise_daemon.watcher import settled, watching

log = logging.getLogger(__name__)

# How long a watch lasts at least.
_PAUSE_SECONDS = 1.0


class Followed:
    """The settings that hold, `now`, and what is wrong with their file, `error`.

    Args:
        file: theirs, which need not exist.
        chosen: those that were read of it.
        take_over: called with those that held before; raises CharwiseError, before anything is done, where the new ones
            make no sense.
        tell: gets an event (a map with kind "settings") when something else is wrong with the file.
    """

    def __init__(
        self,
        file: Path,
        chosen: Settings,
        take_over: Callable[[Settings], Awaitable[None]],
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._file, self.now, self.error = file, chosen, ""
        self._take_over, self._tell = take_over, tell
        self._arrived = asyncio.Queue[Path]()  # paths that changed

    def __repr__(self) -> str:
        return f"Followed({self._file}{f': {self.error}' if self.error else ''})"

    async def follow(self) -> None:
        """Take over what changes, until cancelled; where the system cannot watch the file, what holds now does."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._keep_watched())
                both.create_task(self._keep_read())
        except* OSError as errors:
            log.warning("%s holds as it was: it cannot be watched (%s)", self._file, errors.exceptions[0])
        except* Exception:  # the task's edge: nobody awaits it before the end
            log.exception("following %s failed", self._file)

    async def _keep_watched(self) -> None:
        """Watch the file and what it links to; anew when something keeps changes from arriving."""
        while True:
            async with contextlib.AsyncExitStack() as watches:
                paths = {self._file, self._file.resolve()}
                lost = [await watches.enter_async_context(watching(path, path.__eq__, self._arrived)) for path in paths]
                self._arrived.put_nowait(self._file)  # it may have changed before it was watched
                await asyncio.wait(lost, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _keep_read(self) -> None:
        async for _ in settled(self._arrived):
            await self._read()

    async def _read(self) -> None:
        error, before = "", self.now
        try:
            self.now = await asyncio.to_thread(load, self._file)
            if self.now != before:
                await self._take_over(before)
                log.info("%s holds as it is now", self._file)
        except CharwiseError as wrong:
            self.now, error = before, str(wrong)
            log.warning("%s", wrong)
        if error != self.error:
            self.error = error
            self._tell({"kind": "settings", "message": error})
