"""One training of a workspace: files, LSTM, gate. The foreground and the daemon's child run the same one.

Knows no display: what happens is yielded. Here the trainer and the daemon's predictor meet, which know nothing of
each other.
"""

import time
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from charwise_daemon import paths, registry, settings
from charwise_daemon.calibration import rows
from charwise_daemon.registry import Entry
from charwise_daemon.store import Store, name_for
from charwise_trainer.config import TrainConfig, config_for
from charwise_trainer.corpus import Corpus, Limits, discover
from charwise_trainer.errors import CorpusError
from charwise_trainer.events import Event, Finished, Started
from charwise_trainer.gate import fit, is_held_out
from charwise_trainer.gate_file import GATE, gate_weights, save_gate
from charwise_trainer.holdout import split
from charwise_trainer.train import train

# Characters of held-out text that the gate is fitted on: seconds of typing on numpy; and the most computing that it may
# take, in which a pause does not count.
_GATE_CHARACTERS, _GATE_SECONDS = 8_000, 20.0
# With fewer the fixed gate is better than one fitted on so little.
_FEWEST_GATE_CHARACTERS = 400


@dataclass(frozen=True)
class Calibrating:
    """The LSTM is stored; the gate is being fitted."""


@dataclass(frozen=True)
class Calibrated:
    """The gate is fitted and stored; bits per character of text it was not fitted on, by source and mixed."""

    characters: int
    lstm: float
    corpus: float
    documents: float
    mixed: float


Happening = Event | Calibrating | Calibrated


def learn(
    path: Path, model: str, options: dict[str, Any], size: dict[str, Any], should_stop: Callable[[], bool]
) -> Generator[Happening]:
    """Train the model of the workspace at `path` and yield what happens.

    `model` is its name, "" the workspace's own; `options` are of TrainConfig; `size` is of ModelConfig, as far as the
    user chose one (the rest follows the corpus, or the stored model where nothing was chosen).

    Raises:
        WorkspaceError: nothing is there.
        TrainerError: as charwise_trainer.train does.
    """
    root = registry.resolve(str(path.absolute()))
    chosen = settings.load(paths.settings_file()).corpus
    corpus = discover(root, Limits(chosen.file_bytes, chosen.total_bytes))
    if not corpus.files:
        raise CorpusError(nothing_in(corpus))
    config = TrainConfig(**options, model=replace(config_for(corpus.characters), **size) if size else None)
    name = enlist(root, model)
    directory = Store(paths.models_dir()).directory(name)
    is_due = True
    for event in train(corpus.files, directory, config, should_stop):
        yield event
        if isinstance(event, Started) and event.is_short:  # 1. a save is no reason to fit what is fitted already
            is_due = not (directory / GATE).exists()
        if isinstance(event, Finished) and event.interrupted:
            is_due = False
    if is_due:
        yield Calibrating()
        if calibrated := calibrate(name, corpus, should_stop):
            yield calibrated


def enlist(root: Path, model: str) -> str:
    """Put a workspace on the list, with this model or its own; return the model's name."""
    file = paths.workspaces_file()
    listed = registry.read(file)
    known = listed.get(root)
    entry = Entry(str(root), model or (known.model if known else name_for(root)))
    if entry != known:
        registry.write(file, {**listed, root: entry})
    return entry.model


def calibrate(name: str, corpus: Corpus, should_stop: Callable[[], bool]) -> Calibrated | None:
    """Fit and store the gate of a model on the files that its training held out; None where they are too short."""
    store, latest = Store(paths.models_dir()), time.thread_time() + _GATE_SECONDS
    learned, held_out = split(corpus.files)
    features, chances, hunks = rows(
        store.load(name).engine,
        learned,
        held_out,
        _GATE_CHARACTERS,
        lambda: should_stop() or time.thread_time() > latest,
    )
    judged = is_held_out(len(hunks), hunks)
    if len(features) < _FEWEST_GATE_CHARACTERS or not judged.any():
        return None
    gate = fit(features, chances, hunks)
    save_gate(store.directory(name), gate)
    mixed = (gate_weights(gate, features) * chances).sum(1)
    bits = [float(-np.log2(np.maximum(each[judged], 1e-9)).mean()) for each in (*chances.T, mixed)]
    return Calibrated(int(judged.sum()), *bits)


def nothing_in(corpus: Corpus) -> str:
    """Say why a corpus is empty, and what to do."""
    if not corpus.excluded:
        return f"{corpus.root} holds no files; name a folder with text in it"
    reasons = Counter(each.reason for each in corpus.excluded).most_common(3)
    seen = ", ".join(f"{count} {reason}" for reason, count in reasons)
    return f"nothing to learn from in {corpus.root} ({seen}); `charwise workspace show {corpus.root}` lists each"
