"""Trains a project as the product does, in a process of its own, and keeps what was trained.

A trained LSTM is kept by what made it: the files, the budget and the trainer's sources.
"""

import ast
import hashlib
import multiprocessing
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charwise.evaluation.errors import EvaluationError
from charwise_daemon import paths
from charwise_daemon.store import Model, Store
from charwise_trainer import base
from charwise_trainer import corpus as corpora
from charwise_trainer.corpus import Corpus

_NAME = "project"
_TRAINER = Path(corpora.__file__).parent
# What training needs, but what is learned does not depend on: which files are read shows in the corpus itself.
_NOT_LSTM = {
    *("corpus", "defaults", "ignore", "rules", "secret_tokens", "secret_words", "secrets", "text"),
    *("errors", "events", "gate_file", "lock", "sample", "storage"),
}


@dataclass(frozen=True)
class Budget:
    """How a model is trained: minutes of computing, threads (None: one per core), what of its size was chosen."""

    minutes: float
    threads: int | None = None
    seed: int = 0
    size: Mapping[str, float] = field(default_factory=dict, repr=False)  # of ModelConfig, such as layers and dropout


def kept(corpus: Corpus, budget: Budget, fresh: bool = False) -> Path:
    """Return where the model of a corpus is kept, after training it where none is, or where `fresh` says so."""
    home = paths.cache_dir() / "eval" / _key(corpus, budget)
    if fresh or not home.exists():
        _train(corpus.root, home, budget)
    return home


def load(home: Path) -> Model:
    """Return a model that was kept."""
    return Store(home / "data" / "models").load(_NAME)


def before_training() -> Model | None:
    """Return what serves a workspace that nothing was learned from: the base model, None where there is none."""
    return Store(paths.models_dir(), uses_base=True).base()


def _train(root: Path, home: Path, budget: Budget) -> None:
    new = home.with_name(f"{home.name}.part-{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    paths.private_dir(new)
    try:
        _elsewhere(_learn, new, root, budget)
        shutil.rmtree(home, ignore_errors=True)
        new.rename(home)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _elsewhere(work: Any, home: Path, *arguments: Any) -> None:
    """Do work in a process with a CHARWISE_HOME of its own: torch, its threads and its memory end with it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _settle, (str(home),)) as pool:
        pool.submit(work, *arguments).result()


def _settle(home: str) -> None:
    os.environ["CHARWISE_HOME"] = home


def _learn(root: Path, budget: Budget) -> None:
    from rich.console import Console  # noqa: PLC0415 - only in that process, as what follows

    from charwise.display import show  # noqa: PLC0415
    from charwise.learning import learn  # noqa: PLC0415

    options = {"minutes": budget.minutes, "seed": budget.seed, "gives_way": True, "sample_every": 1e9}
    options |= {"threads": budget.threads} if budget.threads else {}
    show(learn(root, _NAME, options, dict(budget.size), lambda: False), Console(stderr=True, highlight=False))
    if not Store(paths.models_dir()).has(_NAME):
        raise EvaluationError(f"no model came of training {root}; train for more minutes")


# --- what a model depends on -----------------------------------------------------------------------------
def _key(corpus: Corpus, budget: Budget) -> str:
    size = "".join(f" {name} {value}" for name, value in sorted(budget.size.items()))
    size += f" from {base.digest()}" if base.is_there() and not budget.size else ""
    digest = hashlib.sha256(f"{budget}{size} {_lstm_digest()}".encode())
    for file in corpus.files:
        digest.update(f"\n{file.name}\n{len(file.data)}\n".encode())
        digest.update(file.data)
    return digest.hexdigest()[:24]


def _lstm_digest() -> str:
    return _digest(file for file in _needed([_TRAINER / "train.py"]) if file.stem not in _NOT_LSTM)


def _needed(sources: Iterable[Path]) -> set[Path]:
    """Return these programs with all of ours that they import, directly or not."""
    needed, waiting = set[Path](), list(sources)
    while waiting:
        source = waiting.pop()
        if source not in needed:
            needed.add(source)
            waiting += _imported(source)
    return needed


def _imported(source: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            places = [
                _TRAINER / f"{name.partition('.')[2]}.py" for name in names if name.partition(".")[0] == _TRAINER.name
            ]
            yield from (place for place in places if place.is_file())


def _digest(sources: Iterable[Path]) -> str:
    """Return a digest of programs, which their comments do not change."""
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(ast.dump(ast.parse(source.read_text("utf-8"))).encode())
    return digest.hexdigest()
