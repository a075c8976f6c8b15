"""Keeps a model's history (history.py) by listening to what training tells. Knows nothing of how it is trained."""

import math
import statistics
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from charwise_trainer import history
from charwise_trainer.errors import CheckpointError, StorageError
from charwise_trainer.events import Evaluated, Event, Finished, Progress, Sampled, Saved, Started, Warned
from charwise_trainer.history import Begun, History, Measured, Point, Sample

POINT_SHARE = 0.02
"""Of a run's time lies between points at least: 50 in the first 12 seconds, 190 more in ten minutes, 280 in an hour."""

WRITE_EVERY = 20.0  # seconds of work at least, but for the end of a run


def recorded(directory: Path, events: Generator[Event]) -> Generator[Event]:
    """Yield a training's events, and keep its curves in the model's folder; what cannot be kept is a warning.

    Whatever ends the training, what was told until then is kept. A kill loses what came after the last checkpoint.
    """
    recorder = Recorder(directory)
    try:
        with closing(events):  # before the last writing: it may store a checkpoint when it is closed
            for event in events:
                recorder.note(event)
                if isinstance(event, Saved | Finished) and (why := recorder.write(is_end=isinstance(event, Finished))):
                    yield Warned(why)
                yield event
    finally:
        recorder.write(is_end=True)


class Recorder:
    """Turns the events of one run into entries of the model's history."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._history = directory, History()
        self._trouble, self._is_told = "", False
        try:
            self._history = history.read(directory)
        except CheckpointError as error:
            self._trouble = str(error)
        self._is_lost = bool(self._trouble)  # and is not overwritten: perhaps it can be read another time
        self._begun: Begun | None = None  # written when there is something to tell of that run
        self._heard: list[Progress] = []  # since the last point
        self._start = 0.0  # of the run, by the history's clock, which never goes back
        self._shift = 0.0  # from the model's clock to that: a run may begin at an older checkpoint
        self._now = 0.0  # of the last progress
        self._pointed, self._written = -math.inf, -math.inf
        self._is_changed = False

    def __repr__(self) -> str:
        return f"<Recorder {self._directory.name}, {self._history!r}>"

    def note(self, event: Event) -> None:
        """Take in what happened; evaluations and samples are at the time of the progress before them."""
        if self._is_lost:
            return
        self._is_changed |= isinstance(event, Progress | Evaluated | Saved | Sampled)
        measured, now = self._history.measured, round(self._now, 2)
        match event:
            case Started():
                self._begin(event)
            case Progress():
                self._hear(event)
            case Evaluated() if math.isfinite(event.bpc):
                measured.append(Measured(now, event.step, round(event.bpc, 4), served=False))
            case Saved(best=True) if measured and measured[-1].step == event.step:
                measured[-1] = replace(measured[-1], served=True)
            case Sampled():
                self._history.samples.append(Sample(now, event.step, event.name, event.text, event.temperature))

    def write(self, *, is_end: bool = False) -> str:
        """Store what was noted if it is time to; return what to warn of, "" for nothing or what was said already."""
        is_due = is_end or self._now - self._written >= WRITE_EVERY
        if self._is_changed and is_due:
            self._point()
            self._history = self._history.thinned()
            try:
                history.write(self._directory, self._history)
            except StorageError as error:  # all of it is written the next time
                self._trouble = str(error)
            else:
                self._written, self._is_changed = self._now, False
        if self._is_told or not self._trouble:
            return ""
        self._is_told = True
        return f"{self._trouble}; training goes on without keeping its curves"

    def _begin(self, event: Started) -> None:
        self._start = self._now = max(self._history.seconds, event.seconds)
        self._shift = self._start - event.seconds
        is_resumed = event.resumed_from is not None
        step = event.resumed_from or 0
        self._begun = Begun(round(self._start, 2), step, event.read, is_resumed, event.is_short, event.changed)

    def _hear(self, event: Progress) -> None:
        if self._begun:
            self._history.runs.append(self._begun)
            self._begun = None
        self._heard.append(event)
        self._now = event.seconds + self._shift
        if self._now - self._pointed >= POINT_SHARE * (self._now - self._start):
            self._point()

    def _point(self) -> None:
        if self._heard:
            last, bpc = self._heard[-1], statistics.fmean(each.bpc for each in self._heard)
            point = Point(round(self._now, 2), last.step, last.read, round(bpc, 4), float(f"{last.rate:.4g}"))
            self._history.points.append(point)
            self._heard, self._pointed = [], self._now
