"""History replay from end to end: split, learn the tree at the split, type what came later, add up.

Each process of a replay loads what was learned by itself, so that none shares threads or state with another.
"""

import functools
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from charwise.evaluation import history, models
from charwise.evaluation.errors import EvaluationError
from charwise.evaluation.figures import figures, without_bits
from charwise.evaluation.history import Hunk, Wanted
from charwise.evaluation.keywords import Keywords
from charwise.evaluation.models import Budget
from charwise.evaluation.replay import Score, replay
from charwise.evaluation.repository import Repository
from charwise.evaluation.variants import Learned, Variant
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.settings import CorpusSettings
from charwise_trainer.corpus import Corpus, Limits, Rules, discover, encode

Scores = dict[str, list[Score]]  # by variant


@dataclass(frozen=True)
class Plan:
    """What is replayed.

    Args:
        since: the revision that is learned; none: the newest that has hunks enough after it.
        until: the newest revision of which hunks are taken.
        paths: folders or patterns that are learned and typed; none: all.
    """

    repository: Path
    since: str | None = None
    until: str = "HEAD"
    paths: Sequence[str] = ()
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class Material:
    """A tree that can be learned, and what was written later."""

    corpus: Corpus
    hunks: Sequence[Hunk]
    split: str
    newest: str


@contextmanager
def prepared(plan: Plan) -> Iterator[Material]:
    """Yield what is to be learned, in a folder that is removed at the end, and typed.

    Raises:
        EvaluationError: there is nothing to learn or nothing to type.
    """
    repository = Repository(plan.repository)
    paths = plan.paths or ([repository.below] if repository.below else [])
    newest = repository.commit(plan.until)
    wanted = Wanted(plan.wanted.count, plan.wanted.seed, plan.wanted.typed or paths)
    split = repository.commit(plan.since) if plan.since else history.split_for(repository, newest, wanted)
    if not repository.is_ancestor(split, newest):
        raise EvaluationError(f"{plan.since} does not come before {plan.until}; choose a commit that does")
    with tempfile.TemporaryDirectory(prefix="charwise-eval-") as name:
        folder = Path(name).resolve() / "project"
        folder.mkdir()
        repository.write(split, folder, CorpusSettings().file_bytes, paths)
        corpus, rules = discover(folder, _limits()), Rules(folder, _limits())
        if not corpus.files:
            raise EvaluationError(f"nothing can be learned from {split[:10]}; choose a later commit, or other paths")
        found = history.hunks(repository, split, newest, wanted, lambda path: rules.reason(folder / path) is None)
        yield Material(corpus, history.checked(found, repository, split), split, newest)


def replayed(
    material: Material, budget: Budget, variants: Sequence[Variant], jobs: int = 1, fresh: bool = False
) -> Scores:
    """Return what each variant makes of each hunk, in order, after training for `budget`; no minutes: no LSTM."""
    model = models.kept(material.corpus, budget, fresh) if budget.minutes else None
    if jobs == 1:
        found = [_replay(_learned(material.corpus, model), material.hunks, variants)]
    else:
        parts = [material.hunks[number::jobs] for number in range(jobs)]
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            alone = functools.partial(_replay_alone, material.corpus.root, model, variants)
            found = list(pool.map(alone, parts))
    return _in_order(found)


def _replay_alone(root: Path, model: Path | None, variants: Sequence[Variant], hunks: Sequence[Hunk]) -> Scores:
    return _replay(_learned(discover(root, _limits()), model), hunks, variants)


def _replay(learned: Learned, hunks: Sequence[Hunk], variants: Sequence[Variant]) -> Scores:
    there = learned.variants(variants)
    found = [replay(hunk, learned, there) for hunk in hunks]
    return {variant.name: [each[variant.name] for each in found] for variant in there}


def _learned(corpus: Corpus, model: Path | None) -> Learned:
    memory = CorpusMemory.build({file.name: encode(file) for file in corpus.files})
    return Learned(memory, models.load(model) if model else None)


def _in_order(parts: Sequence[Scores]) -> Scores:
    """Put together what was dealt out in turn."""
    names, total = list(parts[0]), sum(len(next(iter(part.values()), [])) for part in parts)
    return {name: [parts[at % len(parts)][name][at // len(parts)] for at in range(total)] for name in names}


def _limits() -> Limits:
    chosen = CorpusSettings()
    return Limits(chosen.file_bytes, chosen.total_bytes)


def facts(material: Material) -> dict[str, Any]:
    """Return what was learned and typed, as JSON takes it."""
    return {
        "split": material.split,
        "newest": material.newest,
        "files": len(material.corpus.files),
        "corpus_characters": material.corpus.characters,
        "hunks": len(material.hunks),
        "hunk_characters": sum(len(hunk.typed) for hunk in material.hunks),
    }


def measured(
    material: Material, budget: Budget, variants: Sequence[Variant], jobs: int = 1, fresh: bool = False
) -> dict[str, Any]:
    """Return the figures after one training, as JSON takes them."""
    keywords = Keywords(material.corpus.files)
    baselines = {"keywords": without_bits([keywords.score(hunk) for hunk in material.hunks])}
    return figures(budget.minutes, replayed(material, budget, variants, jobs, fresh), baselines)
