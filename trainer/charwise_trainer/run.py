"""One run of training over one corpus: where it starts, how far it is, what it keeps. `train` is its loop.

Knows nothing of who watches: each method returns values, and events where there is something to tell.
"""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import get_args

import numpy as np

from charwise_trainer import checkpoint
from charwise_trainer.batches import Window
from charwise_trainer.checkpoint import Arrays, Checkpoint, Meta
from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.corpus import END, encode_header
from charwise_trainer.device import Precision, computing_time
from charwise_trainer.distributed import first, of_first, part, totals
from charwise_trainer.errors import CheckpointError, ConfigError, DivergenceError
from charwise_trainer.evaluate import evaluate
from charwise_trainer.events import Evaluated, Progress, Recovered, Sampled, Saved, Started
from charwise_trainer.judge import Costs, Judge, Piece
from charwise_trainer.learner import Learner
from charwise_trainer.material import Material
from charwise_trainer.sample import sample
from charwise_trainer.schedule import Clock, Rails, rate_at

CONTINUED = 0.2
"""Of the peak rate, for a run that continues a finished model: a higher one would first undo some of what it knows.
docs/training.md has the figures."""

AFTER_A_SAVE = 0.4
"""Of the peak rate, for a run that is as short as what has changed is worth, and held to the rest (teacher.py); with
twice that it learns more, and is kept back as worse on the rest more often: docs/training.md has the figures."""

MOST_RECOVERIES = 5
"""Each halves the rate: after five it is a 32nd, and the rate is not what is wrong."""

MOST_BPC = 16.0
"""Twice what guessing costs: no overfitting, however long, gets there; weights that exploded do."""

COST_SHARE = 0.05
"""Of the time at most goes to evaluating, storing and sampling, however slow the disk and large the model."""

PROGRESS_EVERY = 0.25  # seconds: a display needs no more

SAMPLE_CHARACTERS, SAMPLE_TEMPERATURE = 160, 0.7
"""Two or three lines; 0.7 reads best (char-rnn): likely, yet not the same each time."""


class Run:
    """State of a run: the learner, the clock, what was read, what is best, what was last good."""

    def __init__(self, material: Material, directory: Path, config: TrainConfig, start: Checkpoint | None) -> None:
        self.material, self.directory, self.config = material, directory, config
        self.start = start.meta if start else None
        model = model_for(config, self.start, material.lanes.characters)
        lanes = material.lanes.lanes // part().of
        self.learner = Learner(model, config, lanes, _known_precision(material, self.start, config))
        now = computing_time(self.learner.device) if config.gives_way else time.monotonic
        self.clock = Clock(now, agreed=of_first)
        self.rails = Rails()
        self.taken = 0  # steps of this run
        self.read = 0  # characters in this run
        self.scale = self.start.rate_scale if self.start and not self.start.finished else 1.0
        self.is_continued = self.start is not None and self.start.goes_on
        self.peak = config.rate * _share_of_peak(self)
        self.recoveries = 0
        self.judge = Judge(material.probe, {})
        self.costs: Costs = np.zeros(0)  # what was measured last
        self.best_bpc = math.inf
        self.kept_at = -1  # the step that is stored last
        self._due = {"progress": 0.0, "sample": config.sample_every, "evaluate": config.evaluate_every}
        self.good: tuple[Arrays, Arrays] = (self.learner.weights(), self.learner.memory())

    def __repr__(self) -> str:
        return f"<Run step {self.step}, {self.done:.0%} done, {self.learner!r}>"

    # --- where it is --------------------------------------------------------------------------------------------------
    @property
    def step(self) -> int:
        """Updates of the weights, over all runs."""
        return self.taken + (self.start.step if self.start else 0)

    @property
    def seconds(self) -> float:
        """Of work, over all runs."""
        return self.clock.seconds + (self.start.seconds if self.start else 0.0)

    @property
    def characters(self) -> int:
        """Read in training, over all runs."""
        return self.read + (self.start.characters if self.start else 0)

    @property
    def done(self) -> float:
        """How much of the budget is spent, 0 to 1."""
        if self.config.minutes is not None:
            spent = self.clock.seconds / (60 * self.config.minutes)
        else:
            spent = self.taken / self._steps
        return min(1.0, max(spent, self.taken / self._steps if self.material.is_short else 0.0))

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.scale * rate_at(self.peak, self.taken, self.config.warm_up, self.done)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to learn: the run is as long as what has changed is worth, and nothing has."""
        return self.material.is_short and not self.material.changed

    def windows(self) -> Iterator[Window]:
        """Yield windows without end: what has changed first, then one epoch after another."""
        return self.material.windows(self.config.seed, self.start.epochs if self.start else 0)

    def due(self, what: str) -> bool:
        """Whether it is time for progress, a sample or an evaluation."""
        is_wanted = what == "sample" and self.step in self.config.sample_at
        return is_wanted or self.clock.seconds >= self._due[what]

    # --- what it does -------------------------------------------------------------------------------------------------
    def started(self) -> Started:
        """Return what is about to begin."""
        model = self.learner.model.config
        return Started(
            model=model,
            parameters=model.parameters,
            characters=self.material.lanes.characters,
            held_out=self.material.held_out,
            device=self.learner.device.type,
            precision=self.learner.precision,
            rate=self.peak * self.scale,
            resumed_from=self.start.step if self.start else None,
            changed=self.material.changed if self.is_continued else None,
            is_short=self.material.is_short,
            seconds=self.seconds,
            read=self.characters,
        )

    def go_on_from(self, start: Checkpoint) -> None:
        """Take a checkpoint's weights and what the optimizer knew; raises CheckpointError where that is of no use.

        The weights are taken all the same, and training can go on without the optimizer's part.
        """
        self._measure_rival(start)
        self.learner.set_weights(start.weights)
        if self.material.is_short:
            self.learner.hold()
        elif self.is_continued:
            self.learner.average.anchor()
        try:
            memory = first(start.optimizer)
            self.learner.set_memory(memory or {})
        finally:
            self.good = (self.learner.weights(), self.learner.memory())

    def learn(self, window: Window) -> float:
        """Take one step; return the loss."""
        if window.starts.all():  # an epoch begins, in perhaps other lanes
            self.learner.forget(len(window.starts))
        loss = self.learner.step(window, self.rate)
        self.taken += 1
        self.read += window.characters
        self.clock.step()
        return loss

    def progress(self) -> Progress:
        """Return how far it is."""
        typical = self.clock.typical
        left = math.inf if self.config.minutes is None else (1 - self.done) * 60 * self.config.minutes
        if self.config.minutes is None or self.material.is_short:
            left = min(left, (1 - self.done) * self._steps * typical)
        self._next("progress", PROGRESS_EVERY, 0.0)
        return Progress(
            step=self.step,
            done=self.done,
            epoch=self.read / self.material.lanes.characters,
            loss=self.rails.average,
            bpc=self.rails.average / math.log(2),
            rate=self.rate,
            characters_per_second=self.read / self.taken / typical if self.taken and typical else 0.0,
            seconds_left=left,
            seconds=self.seconds,
            read=self.characters,
        )

    def sample(self) -> Sampled:
        """Return what the model writes into one of the corpus's files, each time another."""
        self.clock.skip()
        names = self.material.names
        name = names[self.step % len(names)]
        written = sample(self.learner.model, encode_header(name), SAMPLE_CHARACTERS, SAMPLE_TEMPERATURE, seed=self.step)
        text = bytes(itertools.takewhile(lambda character: character != END[0], written))
        self._next("sample", self.config.sample_every, self.clock.other())
        return Sampled(self.step, name, text.decode(errors="replace"), SAMPLE_TEMPERATURE)

    def evaluate(self, *, is_end: bool = False) -> Evaluated:
        """Measure on held-out text; at the end of a continued run, being hardly worse is not held against it."""
        self.clock.skip()
        self.costs = self._measure()
        self.clock.other()
        allowed = self.judge.allows(self.costs, is_lenient=is_end and self.is_continued)
        return Evaluated(self.step, self.judge.bpc(self.costs), best=allowed)

    def off_the_rails(self, result: Evaluated) -> str | None:
        """Return why the weights measured are not worth keeping, None where they are."""
        if self.material.probe and not result.bpc <= MOST_BPC:
            return f"held-out text costs {result.bpc:.1f} bits per character"
        return None

    def keep(self, result: Evaluated | None = None, *, finished: bool = False) -> Saved:
        """Store a checkpoint, the best one if the evaluation says so or there is none; raises StorageError."""
        self.clock.skip()
        with self.learner.average.in_place():
            weights = self.learner.weights()
        if not all(np.isfinite(array).all() for array in weights.values()):  # stopped between a leap and its discovery
            self.learner.set_weights(self.good[0])
            weights = self.learner.weights()
        self.good = (weights, self.learner.memory())
        is_only = first(lambda: checkpoint.best(self.directory) is None)
        best = is_only or (result is not None and result.best)
        bpc = result.bpc if result and math.isfinite(result.bpc) else None
        if best and bpc is not None:
            self.judge.served(self.costs)
            self.best_bpc = bpc
        path = first(lambda: self._store(self._meta(bpc, finished), best))
        self.kept_at = self.step
        self.clock.other()
        return Saved(path, self.step, bpc, best)

    def recover(self, why: str) -> Recovered:
        """Go back to the last good weights at half the rate; raises DivergenceError when that was tried too often."""
        self.recoveries += 1
        self.learner.set_weights(self.good[0])
        self.learner.set_memory(self.good[1])
        self.learner.forget()
        self.rails = Rails()
        if self.recoveries > MOST_RECOVERIES:
            raise DivergenceError(
                f"{why}, for the {self.recoveries}th time, at a rate of {self.scale * self.peak:.1e}: the model cannot "
                "learn this text like that; what was stored before is kept: train with a lower rate or a smaller model"
            )
        self.scale /= 2
        return Recovered(self.step, self.scale * self.peak, why)

    def postpone(self, cost: float) -> None:
        """Set the time of the next evaluation, this one having cost so many seconds."""
        self._next("evaluate", self.config.evaluate_every, cost)

    # --- inside -------------------------------------------------------------------------------------------------------
    @property
    def _steps(self) -> int:
        """Steps that the run has, where it is not minutes that it has."""
        if self.material.is_short and self.material.mixture:
            return max(1, len(self.material.mixture))
        return math.ceil((self.config.epochs or math.inf) * len(self.material.lanes))

    def _measure_rival(self, start: Checkpoint) -> None:
        """Find out what the best checkpoint does on the text held out now, which new ones must match.

        The corpus may have changed since it was measured. One that cannot be read is no rival.
        """
        best = first(lambda: checkpoint.best(self.directory))
        if best is not None:
            with suppress(CheckpointError, RuntimeError):  # RuntimeError: it is of another size
                rival = start if best == start.path else first(lambda: checkpoint.load(best))
                self.judge = Judge(self.material.probe, rival.meta.held_out)
                self._measure_unknown(rival)
                self.best_bpc = self.judge.best if self.material.probe else math.inf

    def _measure_unknown(self, rival: Checkpoint) -> None:
        if unknown := self.judge.unknown:
            self.learner.set_weights(rival.weights)
            pieces = [self.material.probe[number] for number in unknown]
            self.judge.measured(unknown, self._cost(pieces))

    def _next(self, what: str, every: float, cost: float) -> None:
        self._due[what] = self.clock.seconds + max(every, cost / COST_SHARE)

    def _measure(self) -> Costs:
        with self.learner.average.in_place():
            return self._cost(self.material.probe)

    def _cost(self, pieces: Sequence[Piece]) -> Costs:
        """Return the bits per character of each piece, of which each process reads its part."""
        costs, own = np.zeros(len(pieces)), part().own(len(pieces))
        files, leads = [piece.file for piece in pieces[own]], [piece.lead for piece in pieces[own]]
        costs[own] = evaluate(self.learner.model, files, skip=leads).by_file
        return totals(costs)

    def _store(self, meta: Meta, best: bool) -> Path:
        weights, memory = self.good
        return checkpoint.save(
            self.directory, weights, meta, memory, best, self.material.learned(), self.material.aside
        )

    def _meta(self, bpc: float | None, finished: bool) -> Meta:
        before = self.start
        begun = math.ceil(self.taken / len(self.material.lanes))
        return Meta(
            model=self.learner.model.config.to_dict(),
            step=self.step,
            characters=self.characters,
            seconds=self.seconds,
            bpc=bpc,
            finished=finished,
            corpus_characters=self.material.lanes.characters,
            epochs=begun + (before.epochs if before else 0),
            rate_scale=self.scale,
            continued=self.is_continued,
            changed=self.material.changed + (before.changed if before else 0) if self.material.is_short else 0,
            held_out=self.judge.known(),
            precision=self.learner.precision,
            base=before.base if before else "",
        )


def model_for(config: TrainConfig, stored: Meta | None, characters: int) -> ModelConfig:
    """Return the model to train; raises ConfigError where the stored one is of another size."""
    if stored is None:
        return config.model or config_for(characters)
    asked = config.model
    if asked and asked.shapes != stored.config.shapes:
        raise ConfigError(
            f"the stored model is a {stored.config.label}, a {asked.label} was asked for: leave the size out to "
            "continue the stored one, or remove it first (charwise models remove) to begin anew"
        )
    return asked or stored.config


def _share_of_peak(run: Run) -> float:
    if run.material.is_short:
        return AFTER_A_SAVE
    return CONTINUED if run.is_continued else 1.0


def _known_precision(material: Material, stored: Meta | None, config: TrainConfig) -> Precision | None:
    """Return the precision asked for, or that of the stored model: trying both takes longer than a short run."""
    if config.precision != "auto":
        return config.precision
    if not (material.is_short and stored):
        return None
    return next((precision for precision in get_args(Precision) if precision == stored.precision), None)
