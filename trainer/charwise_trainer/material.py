"""The corpus as a run uses it: what is learned, what of it first, what is measured on, and what is learned in the end.

Knows nothing of models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from charwise_trainer.batches import ALL, Lanes, Part, Window
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import TrainConfig
from charwise_trainer.continual import READINGS, Changes, find, is_small
from charwise_trainer.corpus import CorpusFile, encode
from charwise_trainer.holdout import split
from charwise_trainer.judge import Piece, probe
from charwise_trainer.learned import NONE, Digests, digests, fresh, is_mostly, together
from charwise_trainer.mixture import Mixture
from charwise_trainer.packed import Packed


@dataclass(frozen=True)
class Material:
    """What a run works with."""

    files: Sequence[CorpusFile]  # that are learned; none of a packed corpus
    lanes: Lanes  # of them
    mixture: Mixture | None  # what of them comes first; None: the model is new, or still in its first training
    changed: int  # characters of that
    known: Digests  # of what was learned before
    aside: Digests  # of what is held out
    probe: Sequence[Piece]  # of held-out text
    held_out: int  # characters
    is_short: bool  # the mixture is all of the run

    @classmethod
    def packed(cls, corpus: Packed, config: TrainConfig, part: Part = ALL) -> "Material":
        """Lay out a corpus that need not fit into memory: all of it in each epoch, whatever was learned before."""
        lanes = Lanes(corpus.documents, *config.batch(goes_on=False), part)
        held_out = sum(len(file.data) for file in corpus.held_out)
        return cls((), lanes, None, 0, NONE, NONE, probe(corpus.held_out), held_out, is_short=False)

    @classmethod
    def of(
        cls,
        files: Sequence[CorpusFile],
        config: TrainConfig,
        start: Checkpoint | None,
        learned: Digests | None,
        aside: Digests = NONE,
        part: Part = ALL,
    ) -> "Material":
        """Lay out the files for a run that goes on from `start`, which has learned these passages, or does not say.

        Those `aside` were held out of that, and stay so. Of other held-out text only what was not learned is measured
        on: what the best has once learned by heart, no candidate that is spared it can match. One of several processes
        reads its part of the lanes, and what has changed is not read first then; nor is it where all of it is new.
        """
        training, held_out = apart(files, aside)
        known, changes = _older(training, start) if learned is None else learned, Changes(training, [], [])
        goes_on = start is not None and start.meta.goes_on
        has_changed = goes_on and len(known) > 0
        if start and has_changed:
            changes = find(training, known, start.meta.step)
        is_short = has_changed and part == ALL and config.follows_change and _is_small(changes, start)
        unknown = list(_unknown(held_out, known)) if start else held_out
        most, window = config.batch(goes_on=goes_on and not is_short)
        lanes = Lanes([encode(file) for file in changes.files], most, window, part)
        return cls(
            files=changes.files,
            lanes=lanes,
            mixture=Mixture(changes.pieces(), lanes, most, READINGS) if has_changed and part == ALL else None,
            changed=changes.characters if has_changed else lanes.characters,
            known=known,
            aside=together([digests(file.data) for file in held_out]),
            probe=probe(unknown, changes.held_out),
            held_out=sum(len(file.data) for file in (*unknown, *changes.held_out)),
            is_short=is_short,
        )

    def windows(self, seed: int, epoch: int) -> Iterator[Window]:
        """Yield windows: first what has changed beside a replay, then all, one epoch after another without end.

        Each epoch's order depends on the seed and its number alone, so that a continued run needs no stored state of
        numpy's to go on with an order of its own.
        """
        rngs = _generators(seed, epoch)
        if self.mixture and not self.mixture.is_read:
            yield from self.mixture.windows(rngs)
        for rng in rngs:
            yield from self.lanes.epoch(rng)

    @property
    def names(self) -> Sequence[str]:
        """Names that documents of the corpus have."""
        return [file.name for file in self.files or (piece.file for piece in self.probe)]

    def learned(self) -> Digests | None:
        """Return the digests of what is learned now: known before, or read by this run; None of a packed corpus."""
        if not self.files:
            return None
        read = [digests(file.data) for file, is_read in zip(self.files, self.lanes.read, strict=True) if is_read]
        if self.mixture and self.mixture.is_read:
            read = [digests(file.data) for file in self.files]
        return together(read, self.known)


def apart(files: Sequence[CorpusFile], aside: Digests) -> tuple[list[CorpusFile], list[CorpusFile]]:
    """Return (training, held out), where these passages are what was held out before."""
    return split(files, was_held_out=lambda file: is_mostly(file.data, aside))


def _generators(seed: int, epoch: int) -> Iterator[np.random.Generator]:
    while True:
        yield np.random.default_rng((seed, epoch))
        epoch += 1


def _older(files: Sequence[CorpusFile], start: Checkpoint | None) -> Digests:
    """Return what is older than a checkpoint: what one has learned that does not say so."""
    stored = datetime.fromisoformat(start.meta.created).timestamp() * 1e9 if start and start.meta.created else -1.0
    return together([digests(file.data) for file in files if file.mtime_ns <= stored])


def _unknown(files: Sequence[CorpusFile], known: Digests) -> Iterator[CorpusFile]:
    """Yield the files' text without the passages that are known."""
    for file in files:
        if text := b"".join(file.data[begin:end] for begin, end in fresh(file.data, known)):
            yield file if len(text) == len(file.data) else replace(file, data=text, hidden_lines=0)


def _is_small(changes: Changes, start: Checkpoint | None) -> bool:
    before = start.meta.changed if start else 0
    return is_small(changes.characters, before, sum(len(file.data) for file in changes.files))
