"""Work ahead: a step at a time, the newest first, none while somebody waits."""

import asyncio
import logging
from collections.abc import Iterator

import pytest

from charwise_daemon.background import Background


class Log:
    """Who did a step, in order."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.background = Background()

    def work(self, name: str, length: int) -> Iterator[None]:
        for _ in range(length):
            self.steps.append(name)
            yield

    async def done(self) -> str:
        while worker := self.background._worker:
            await asyncio.wait([worker])
        return "".join(self.steps)


async def test_newest_first() -> None:
    """The newest work goes first; the older is gone on with then."""
    log = Log()
    log.background.start("one", log.work("a", 3))
    while not log.steps:  # noqa: ASYNC110 - the first step tells nobody
        await asyncio.sleep(0)
    log.background.start("other", log.work("b", 2))
    assert await log.done() == "abbaa"


async def test_one_for_each_key() -> None:
    """Newer work for the same takes the place of the older; stopped work does no step more."""
    log = Log()
    log.background.start("one", log.work("a", 3))
    log.background.start("one", log.work("b", 1))
    log.background.start("two", log.work("c", 3))
    log.background.stop("two")
    assert await log.done() == "b"


async def test_one_step_a_turn() -> None:
    """However many have work, each turn of the loop has one step of one of them."""
    log = Log()
    for number in range(5):
        log.background.start(number, log.work("a", 4))
    for turn in range(12):
        assert len(log.steps) <= turn
        await asyncio.sleep(0)
    assert await log.done() == "a" * 20


async def test_waiting() -> None:
    """While a request waits nothing is done, and not in the very turn that answers it either."""
    log = Log()
    with log.background.waiting():
        log.background.start("one", log.work("a", 2))
        with log.background.waiting():
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert log.steps == []
    asyncio.get_running_loop().call_soon(log.steps.append, "answer ")
    assert await log.done() == "answer aa"


async def test_stopped_while_waiting() -> None:
    """Work that is dropped while a request waits is not done after it."""
    log = Log()
    with log.background.waiting():
        log.background.start("one", log.work("a", 2))
        await asyncio.sleep(0)
        log.background.stop("one")
    assert await log.done() == ""


async def test_failing(caplog: pytest.LogCaptureFixture) -> None:
    """Work that fails is logged and dropped; other work goes on."""

    def failing() -> Iterator[None]:
        yield
        raise ZeroDivisionError

    log = Log()
    log.background.start("one", log.work("a", 2))
    log.background.start("other", failing())
    with caplog.at_level(logging.CRITICAL):
        assert await log.done() == "aa"


async def test_idle() -> None:
    """With nothing to do there is no task, so an idle daemon costs nothing."""
    log = Log()
    log.background.start("one", log.work("a", 1))
    await log.done()
    assert asyncio.all_tasks() == {asyncio.current_task()}
