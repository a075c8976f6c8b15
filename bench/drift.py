"""What 200 saves do to a model: bits per character on old and on new text, what is promoted, and what a save costs.

Three ways to go on from the same trained model: not at all; on the changed text alone; and the product's own training
after each save (changed text first, a replay beside it, promotion only if not worse). New text is measured before it is
learned, as it would be predicted while it is typed, and again at the end. All in one process.
"""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from common import workplace
from report import Report, share
from saves import History, of_library, of_repository

from charwise_trainer import checkpoint
from charwise_trainer.batches import Lanes
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import NARROW, ModelConfig, TrainConfig
from charwise_trainer.continual import READINGS, find
from charwise_trainer.corpus import CorpusFile, discover
from charwise_trainer.evaluate import evaluate
from charwise_trainer.events import Finished, Started
from charwise_trainer.holdout import split
from charwise_trainer.judge import Piece, probe
from charwise_trainer.learned import digests, fresh, together
from charwise_trainer.learner import Learner
from charwise_trainer.mixture import Mixture
from charwise_trainer.model import CharLSTM
from charwise_trainer.run import CONTINUED
from charwise_trainer.schedule import rate_at
from charwise_trainer.train import train

# Pieces of text that was learned before the saves, to see whether it is forgotten.
_LEARNED_PIECES = 64
_QUALITY = ("", "old held out", "old learned", "new, before it is learned", "the later half of that", "new, at the end")
_OUTCOMES = ("", "promoted", "kept back", "whole", "nothing new", "CPU s a save: median", "p95", "mean")


@dataclass
class Arm:
    """One way to go on, and what came of it."""

    name: str
    model: CharLSTM
    learn: Callable[[Sequence[CorpusFile]], None]
    seconds: list[float] = field(default_factory=list)  # of processor time for each save
    seen: list[tuple[int, float]] = field(default_factory=list)  # new text before it was learned: characters, bits
    outcomes: list[str] = field(default_factory=list)


def main() -> None:
    """Measure, print the tables and the JSON line."""
    chosen = _options()
    torch.set_num_threads(1)
    report = Report("drift", vars(chosen))
    with workplace() as folder:
        project = folder / "project"
        project.mkdir()
        if chosen.repo:
            history = of_repository(chosen.repo, project, chosen.saves)
        else:
            history = of_library(project, chosen.saves, chosen.seed)
        base = discover(project).files
        model = _trained(base, folder / "base", chosen)
        _measure(report, history, base, model, chosen)
    report.end()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--repo", type=Path, help="a git repository; the standard library where not given")
    parser.add_argument("--saves", type=int, default=200, help="how many")
    parser.add_argument("--width", type=int, default=128, help="of the one layer")
    parser.add_argument("--epochs", type=float, default=6.0, help="of the first training")
    parser.add_argument("--whole", type=float, default=0.5, help="minutes of a whole training later on")
    parser.add_argument("--seed", type=int, default=0, help="of what is missing in the library")
    return parser.parse_args()


def _trained(files: Sequence[CorpusFile], directory: Path, chosen: argparse.Namespace) -> Path:
    size = ModelConfig(layers=1, width=chosen.width, dropout=0.1)
    for _ in train(files, directory, TrainConfig(epochs=chosen.epochs, model=size, threads=1)):
        pass
    return directory


def _measure(
    report: Report, history: History, base: Sequence[CorpusFile], model: Path, chosen: argparse.Namespace
) -> None:
    held_out = probe(split(base)[1])
    learned = probe(split(base)[0])[:_LEARNED_PIECES]
    arms = [_still(model), _naive(model), _continual(model, chosen)]
    before = {name: _costs(arms[0].model, old) for name, old in (("held", held_out), ("learned", learned))}
    known = together([digests(file.data) for file in base])
    for number, _ in enumerate(history.replay()):
        files = discover(history.folder).files
        new = _new(files, known)
        known = together([digests(file.data) for file in files], known)
        for arm in arms:
            _take(arm, files, new)
        if sys.stderr.isatty() or number % 20 == 0:
            print(f"save {number + 1}: {[f'{_bpc(arm.seen):.3f}' for arm in arms]}", file=sys.stderr)
    first = together([digests(file.data) for file in base])
    everything = _new(discover(history.folder).files, first)
    rows: list[list[object]] = [
        _row(arm, _costs(arm.model, held_out), _costs(arm.model, learned), everything) for arm in arms
    ]
    report.say(
        f"{len(history.saves)} saves; before them {before['held']:.3f} bpc on old text held out, "
        f"{before['learned']:.3f} on old text learned"
    )
    report.grid("bits per character after all saves", _QUALITY, rows)
    report.grid("what became of the saves", _OUTCOMES, [_outcome(arm) for arm in arms])
    report.note(before=before)


def _costs(model: CharLSTM, pieces: Sequence[Piece]) -> float:
    """Return the bits per character of pieces, without what is only read."""
    return evaluate(model, [each.file for each in pieces], skip=[each.lead for each in pieces]).bpc


def _new(files: Sequence[CorpusFile], known: np.ndarray) -> list[CorpusFile]:
    """Return the passages that are not known, each as a text of its own."""
    return [replace(file, data=file.data[begin:end]) for file in files for begin, end in fresh(file.data, known)]


def _take(arm: Arm, files: Sequence[CorpusFile], new: Sequence[CorpusFile]) -> None:
    """Let one way see a save: it is measured on the new text, then learns."""
    if new:
        found = evaluate(arm.model, new)
        arm.seen.append((found.characters, found.bpc * found.characters))
    began = time.process_time()
    arm.learn(files)
    arm.seconds.append(time.process_time() - began)


def _bpc(seen: Sequence[tuple[int, float]]) -> float:
    return sum(bits for _, bits in seen) / max(sum(count for count, _ in seen), 1)


def _row(arm: Arm, held_out: float, learned: float, everything: Sequence[CorpusFile]) -> list[object]:
    half = arm.seen[len(arm.seen) // 2 :]
    return [
        arm.name,
        *(f"{each:.3f}" for each in (held_out, learned, _bpc(arm.seen), _bpc(half))),
        f"{evaluate(arm.model, everything).bpc:.3f}",
    ]


def _outcome(arm: Arm) -> list[object]:
    return [
        arm.name,
        *(arm.outcomes.count(outcome) for outcome in _OUTCOMES[1:5]),
        statistics.median(arm.seconds),
        share(arm.seconds, 0.95),
        statistics.fmean(arm.seconds),
    ]


# --- ways to go on -------------------------------------------------------------------------------
def _still(model: Path) -> Arm:
    return Arm("not at all", _model(_best(model)), lambda _files: None)


def _naive(model: Path) -> Arm:
    """Learn the changed text alone, in as many steps as the product would take."""
    start, config = _best(model), TrainConfig(threads=1)
    learner = Learner(start.meta.config, config, NARROW[0], "fp32")
    learner.set_weights(start.weights)
    learner.set_memory(start.optimizer() or {})
    known = start.learned()
    assert known is not None

    def learn(files: Sequence[CorpusFile]) -> None:
        nonlocal known
        training = split(files)[0]
        pieces = find(training, known, 0).pieces()
        known = together([digests(file.data) for file in training], known)
        if not pieces:
            return
        mixture = Mixture(pieces, Lanes(pieces, *NARROW), NARROW[0], READINGS)
        learner.forget(mixture.first + mixture.rest)
        steps = len(mixture)
        for step, window in enumerate(mixture.windows(iter(np.random.default_rng(seed) for seed in range(10_000)))):
            learner.step(window, rate_at(CONTINUED * config.rate, step, config.warm_up, step / steps))

    return Arm("changed text alone", learner.model, learn)


def _continual(model: Path, chosen: argparse.Namespace) -> Arm:
    """Learn as the product does after a save."""
    directory = model.with_name("continual")
    shutil.copytree(model, directory)
    config = TrainConfig(minutes=chosen.whole, follows_change=True, gives_way=True, threads=1)
    arm = Arm("as charwise does", _model(_best(directory)), lambda _files: None)

    def learn(files: Sequence[CorpusFile]) -> None:
        events = list(train(files, directory, config))
        started = next(event for event in events if isinstance(event, Started))
        finished = next(event for event in events if isinstance(event, Finished))
        if not started.changed:
            arm.outcomes.append("nothing new")
            return
        if not started.is_short:
            arm.outcomes.append("whole")
        arm.outcomes.append("promoted" if finished.served else "kept back")
        arm.model = _model(_best(directory))

    arm.learn = learn
    return arm


def _best(directory: Path) -> Checkpoint:
    found = checkpoint.best(directory)
    assert found
    return checkpoint.load(found)


def _model(stored: Checkpoint) -> CharLSTM:
    model = CharLSTM(stored.meta.config)
    model.load_state_dict({name: torch.tensor(array) for name, array in stored.weights.items()})
    return model.eval()


if __name__ == "__main__":
    main()
