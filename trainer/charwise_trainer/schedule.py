"""When and how fast to learn: the clock of working time, the learning rate over a budget, the loss's guard rails.

Knows nothing of models or text.
"""

import math
import statistics
import time
from collections import deque
from collections.abc import Callable

WARM_UP_SHARE = 0.1
"""Of the budget at most: a run of one minute has perhaps sixty steps, and must not spend them all warming up."""

FLOOR = 0.05
"""The rate at the end, as a share of the peak: the prototype's."""


def rate_at(peak: float, step: int, warm_up: int, done: float) -> float:
    """Return the learning rate of this run's step number `step` (from 0) when `done` (0 to 1) of the budget is spent.

    A ramp over `warm_up` steps, or a tenth of the budget where that is shorter, then a straight line down.
    """
    ramp = min(1.0, max((step + 1) / max(warm_up, 1), done / WARM_UP_SHARE))
    return peak * ramp * (1 - (1 - FLOOR) * min(done, 1.0))


class Clock:
    """Working time by `now`: time in which the process was stopped (SIGSTOP, a closed lid) is not counted.

    A stopped process does not notice. But a step that took many times as long as its neighbours, and no processor
    time either, did not work all the while: no more than `PAUSE` typical steps are counted for it. `agreed` makes one
    clock of several processes' clocks.
    """

    PAUSE = 5  # a step beside a busy compiler takes two or three times as long, hardly ever five
    FIRST = 30.0  # seconds counted at most before there is a typical step: the first ones compile kernels
    FEW = 3  # steps whose median is no measure yet
    OTHER = 20.0  # seconds counted at most for an evaluation, a sample or a save

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
        agreed: Callable[[float], float] = lambda seconds: seconds,
    ) -> None:
        self.seconds = 0.0
        self._now, self._processor, self._agreed = now, processor, agreed
        self._mark, self._processor_mark = now(), processor()
        self._steps: deque[float] = deque(maxlen=21)

    def __repr__(self) -> str:
        return f"<Clock {self.seconds:.1f} s, {self.typical:.3f} s a step>"

    @property
    def typical(self) -> float:
        """Seconds that a step takes: the median of the last ones, 0 before the first."""
        return statistics.median(self._steps) if self._steps else 0.0

    def skip(self) -> None:
        """Do not count the time since the last call: it was slept, or another's."""
        self._mark, self._processor_mark = self._now(), self._processor()

    def step(self) -> float:
        """Count the time since the last call as one step; return the seconds counted."""
        counted = self._count(self.FIRST if len(self._steps) < self.FEW else self.PAUSE * self.typical)
        self._steps.append(counted)
        return counted

    def other(self) -> float:
        """Count the time since the last call as work other than a step; return the seconds counted."""
        return self._count(self.OTHER)

    def _count(self, most: float) -> float:
        """Count the time since the last call, `most` seconds of it where no more was computed meanwhile."""
        before, computed_before = self._mark, self._processor_mark
        self.skip()
        counted = self._agreed(min(self._mark - before, max(most, self._processor_mark - computed_before)))
        self.seconds += counted
        return counted


class Rails:
    """Says when the loss has left the rails: not finite, or three times its best (char-rnn's rule)."""

    TIMES = 3.0
    LEAST = 1.0  # nats: below that, three times the best is still a good loss
    SMOOTH = 0.9  # of the running average: one odd window passes, divergence does not

    def __init__(self) -> None:
        self.average = 0.0
        self._weight = 0.0
        self._best = math.inf

    def verdict(self, loss: float) -> str | None:
        """Take in the loss of a step (nats); return why training cannot go on like this, None where it can."""
        if not math.isfinite(loss):
            return f"the loss is {loss}"
        self._weight = self.SMOOTH * self._weight + 1 - self.SMOOTH
        self.average += (1 - self.SMOOTH) / self._weight * (loss - self.average)
        self._best = min(self._best, self.average)
        if self.average > self.TIMES * max(self._best, self.LEAST):
            return f"the loss rose from {self._best:.2f} to {self.average:.2f}"
        return None
