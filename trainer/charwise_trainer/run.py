"""One run of training over one corpus: where it starts, how far it is, what it keeps. `train` is its loop.

Knows nothing of who watches: each method returns values, and events where there is something to tell.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from charwise_trainer import checkpoint
from charwise_trainer.batches import Lanes, Window
from charwise_trainer.checkpoint import Arrays, Checkpoint, Meta
from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.corpus import END, CorpusFile, encode, encode_header
from charwise_trainer.device import computing_time
from charwise_trainer.errors import CheckpointError, ConfigError, DivergenceError
from charwise_trainer.evaluate import evaluate
from charwise_trainer.events import Evaluated, Progress, Recovered, Sampled, Saved, Started
from charwise_trainer.learner import Learner
from charwise_trainer.sample import sample
from charwise_trainer.schedule import Clock, Rails, rate_at

CONTINUED = 0.3
"""Of the peak rate, for a run that continues a finished model: the full rate would first undo some of what it knows."""

MOST_RECOVERIES = 5
"""Each halves the rate: after five it is a 32nd, and the rate is not what is wrong."""

PROBE_CHARACTERS = 32_000
"""Of held-out text read at each evaluation: two or three seconds for 2x512 on two cores."""
PIECE = 1_000
"""Characters of a held-out file read from its header on: 32 such pieces are read side by side, whatever the files."""

MOST_BPC = 16.0
"""Twice what guessing costs: no overfitting, however long, gets there; weights that exploded do."""

COST_SHARE = 0.05
"""Of the time at most goes to evaluating, storing and sampling, however slow the disk and large the model."""

PROGRESS_EVERY = 0.25  # seconds: a display needs no more

SAMPLE_CHARACTERS, SAMPLE_TEMPERATURE = 160, 0.7
"""Two or three lines; 0.7 reads best (char-rnn): likely, yet not the same each time."""


@dataclass(frozen=True)
class Material:
    """The corpus as a run uses it."""

    lanes: Lanes
    names: Sequence[str]  # of the training files
    probe: Sequence[CorpusFile]  # pieces of held-out files
    held_out: int  # characters

    @classmethod
    def of(cls, training: Sequence[CorpusFile], held_out: Sequence[CorpusFile], config: TrainConfig) -> "Material":
        """Lay out the training files in lanes, and choose what is measured on."""
        return cls(
            lanes=Lanes([encode(file) for file in training], config.lanes, config.window),
            names=[file.name for file in training],
            probe=probe(held_out),
            held_out=sum(len(file.data) for file in held_out),
        )


class Run:
    """State of a run: the learner, the clock, what was read, what is best, what was last good."""

    def __init__(self, material: Material, directory: Path, config: TrainConfig, start: Checkpoint | None) -> None:
        self.material, self.directory, self.config = material, directory, config
        self.start = start.meta if start else None
        model = model_for(config, self.start, material.lanes.characters)
        self.learner = Learner(model, config, material.lanes.lanes)
        self.clock = Clock(computing_time(self.learner.device)) if config.gives_way else Clock()
        self.rails = Rails()
        self.taken = 0  # steps of this run
        self.read = 0  # characters in this run
        self.scale = self.start.rate_scale if self.start and not self.start.finished else 1.0
        self.peak = config.rate * (CONTINUED if self.start and self.start.finished else 1.0)
        self.recoveries = 0
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
    def done(self) -> float:
        """How much of the budget is spent, 0 to 1."""
        if self.config.epochs is not None:
            return min(1.0, self.taken / math.ceil(self.config.epochs * len(self.material.lanes)))
        assert self.config.minutes is not None
        return min(1.0, self.clock.seconds / (60 * self.config.minutes))

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.scale * rate_at(self.peak, self.taken, self.config.warm_up, self.done)

    def windows(self) -> Iterator[Window]:
        """Yield windows without end, one epoch after another.

        Each epoch's order depends on the seed and its number alone, so that a continued run needs no stored state of
        numpy's to go on with an order of its own.
        """
        for epoch in itertools.count(self.start.epochs if self.start else 0):
            yield from self.material.lanes.epoch(np.random.default_rng((self.config.seed, epoch)))

    def due(self, what: str) -> bool:
        """Whether it is time for progress, a sample or an evaluation."""
        return self.clock.seconds >= self._due[what]

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
        )

    def go_on_from(self, start: Checkpoint) -> None:
        """Take a checkpoint's weights and what the optimizer knew; raises CheckpointError where that is of no use.

        The weights are taken all the same, and training can go on without the optimizer's part.
        """
        self._measure_rival(start)
        self.learner.set_weights(start.weights)
        try:
            self.learner.set_memory(start.optimizer() or {})
        finally:
            self.good = (self.learner.weights(), self.learner.memory())

    def learn(self, window: Window) -> float:
        """Take one step; return the loss."""
        loss = self.learner.step(window, self.rate)
        self.taken += 1
        self.read += window.characters
        self.clock.step()
        return loss

    def progress(self) -> Progress:
        """Return how far it is."""
        typical = self.clock.typical
        if self.config.epochs is not None:
            left = (1 - self.done) * math.ceil(self.config.epochs * len(self.material.lanes)) * typical
        else:
            left = (1 - self.done) * 60 * (self.config.minutes or 0)
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
        )

    def sample(self) -> Sampled:
        """Return what the model writes into one of the corpus's files, each time another."""
        self.clock.skip()
        name = self.material.names[self.step % len(self.material.names)]
        written = sample(self.learner.model, encode_header(name), SAMPLE_CHARACTERS, SAMPLE_TEMPERATURE, seed=self.step)
        text = bytes(itertools.takewhile(lambda character: character != END[0], written))
        self._next("sample", self.config.sample_every, self.clock.other())
        return Sampled(self.step, name, text.decode(errors="replace"), SAMPLE_TEMPERATURE)

    def evaluate(self) -> Evaluated:
        """Measure on held-out text."""
        self.clock.skip()
        bpc = self._measure()
        self.clock.other()
        return Evaluated(self.step, bpc, best=bpc <= self.best_bpc or not self.material.probe)

    def off_the_rails(self, result: Evaluated) -> str | None:
        """Return why the weights measured are not worth keeping, None where they are."""
        if self.material.probe and not result.bpc <= MOST_BPC:
            return f"held-out text costs {result.bpc:.1f} bits per character"
        return None

    def keep(self, result: Evaluated | None = None, *, finished: bool = False) -> Saved:
        """Store a checkpoint, the best one if the evaluation says so or there is none; raises StorageError."""
        self.clock.skip()
        weights = self.learner.weights()
        if not all(np.isfinite(array).all() for array in weights.values()):  # stopped between a leap and its discovery
            self.learner.set_weights(self.good[0])
            weights = self.learner.weights()
        self.good = (weights, self.learner.memory())
        best = checkpoint.best(self.directory) is None or (result is not None and result.best)
        bpc = result.bpc if result and math.isfinite(result.bpc) else None
        path = checkpoint.save(self.directory, self.good[0], self._meta(bpc, finished), self.good[1], best)
        if best and bpc is not None:
            self.best_bpc = bpc
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
    def _measure_rival(self, start: Checkpoint) -> None:
        """Find out what the best checkpoint does on the text held out now, which new ones must match.

        The corpus may have changed since it was measured. One that cannot be read is no rival.
        """
        best = checkpoint.best(self.directory)
        if best is not None:
            with suppress(CheckpointError, RuntimeError):  # RuntimeError: it is of another size
                rival = start if best == start.path else checkpoint.load(best)
                self.learner.set_weights(rival.weights)
                self.best_bpc = self._measure()

    def _next(self, what: str, every: float, cost: float) -> None:
        self._due[what] = self.clock.seconds + max(every, cost / COST_SHARE)

    def _measure(self) -> float:
        return evaluate(self.learner.model, self.material.probe).bpc

    def _meta(self, bpc: float | None, finished: bool) -> Meta:
        before = self.start
        begun = math.ceil(self.taken / len(self.material.lanes))
        return Meta(
            model=self.learner.model.config.to_dict(),
            step=self.step,
            characters=self.read + (before.characters if before else 0),
            seconds=self.clock.seconds + (before.seconds if before else 0.0),
            bpc=bpc,
            finished=finished,
            corpus_characters=self.material.lanes.characters,
            epochs=begun + (before.epochs if before else 0),
            rate_scale=self.scale,
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


def probe(files: Sequence[CorpusFile]) -> list[CorpusFile]:
    """Return pieces of the files, evenly spread over them, that are quick to read side by side.

    Each is read from its file's header on, as if the file began there.
    """
    pieces = [
        replace(file, data=file.data[begin : begin + PIECE])
        for file in files
        for begin in range(0, len(file.data), PIECE)
    ]
    wanted = PROBE_CHARACTERS // PIECE
    if len(pieces) <= wanted:
        return pieces
    return [pieces[number * len(pieces) // wanted] for number in range(wanted)]
