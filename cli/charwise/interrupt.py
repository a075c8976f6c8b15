"""Ctrl-C as a wish to stop, which a training asks about at each step: what was learned is stored then.

The same goes for a terminal that is closed, and a system that shuts down.
"""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

_WISHES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether Ctrl-C was pressed; a second one interrupts for good."""
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            signal.default_int_handler(number, frame)
        pressed = True

    before = {wish: signal.signal(wish, press) for wish in _WISHES}
    try:
        yield lambda: pressed
    finally:
        for wish, handler in before.items():
            signal.signal(wish, handler)
