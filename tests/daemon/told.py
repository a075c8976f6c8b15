"""Waiting for what happens by itself."""

import asyncio
from collections.abc import Callable


class Told:
    """Lets tests wait for a condition, which is looked at whenever `tell` is called."""

    def __init__(self) -> None:
        self._condition = asyncio.Condition()
        self._waking = set[asyncio.Task[None]]()

    async def until(self, condition: Callable[[], object]) -> None:
        """Return when a condition holds."""
        async with self._condition:
            await self._condition.wait_for(condition)

    def tell(self) -> None:
        """Have those who wait look again."""
        task = asyncio.create_task(self._wake())
        self._waking.add(task)
        task.add_done_callback(self._waking.discard)

    async def _wake(self) -> None:
        async with self._condition:
            self._condition.notify_all()
