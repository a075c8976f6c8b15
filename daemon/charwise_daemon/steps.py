"""Work in steps, between which others have their turn: generators that a request, or the background, drives."""

import asyncio
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
Steps = Generator[asyncio.Future[Any] | None, None, T]  # a step may yield what is to be waited for


def last(values: Iterator[T]) -> Steps[T]:
    """Return the last of some values, with a step after each of the others."""
    latest = next(values)
    for value in values:
        yield None
        latest = value
    return latest


async def driven(steps: Steps[T]) -> T:
    """Return what a generator returns, letting others run after each of its steps; cancelled, it stops there."""
    while True:
        try:
            awaited = next(steps)
        except StopIteration as end:
            returned: T = end.value
            return returned
        if awaited:
            await asyncio.wait([awaited])
        await asyncio.sleep(0)


def at_once(steps: Steps[T]) -> T:
    """Return what a generator returns that has nothing to wait for."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            returned: T = end.value
            return returned
