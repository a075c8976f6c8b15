"""History replay from end to end: split, learn the tree at the split, type what came later, add up.

Each process of a replay loads what was learned by itself, so that none shares threads or state with another.
"""

import functools
import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from charwise.evaluation import history, models, ppmd
from charwise.evaluation.errors import EvaluationError
from charwise.evaluation.figures import figures, rounded, without_bits
from charwise.evaluation.history import Hunk, Wanted
from charwise.evaluation.keywords import Keywords
from charwise.evaluation.models import Budget
from charwise.evaluation.ppmd import ORDERS
from charwise.evaluation.replay import Score, replay
from charwise.evaluation.repository import Repository
from charwise.evaluation.variants import ALL, LSTM, MEMORIES, Learned, Variant, ablated
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.settings import CorpusSettings
from charwise_trainer.corpus import END, Corpus, Limits, Rules, discover, encode, encode_header

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
class Method:
    """How it is measured.

    Args:
        budgets: a training for each.
        ablate: what else is left out in turn, such as `no-corpus`.
        jobs: processes that type.
        fresh: train even where a trained model is kept.
        ppmd: compare with PPMd, where that is installed.
    """

    budgets: Sequence[Budget]
    ablate: Sequence[str] = ()
    jobs: int = 1
    fresh: bool = False
    ppmd: bool = True

    @property
    def variants(self) -> list[Variant]:
        """The predictors that are compared."""
        return [ALL, MEMORIES, LSTM, *ablated(self.ablate)]


@dataclass(frozen=True)
class Material:
    """A tree that can be learned, and what was written later."""

    corpus: Corpus
    hunks: Sequence[Hunk]
    split: str
    newest: str


class Watcher(Protocol):
    """Who is told how it goes, as soon as it is known."""

    def prepared(self, plan: Plan, material: Material) -> None:
        """Hear what will be learned and typed."""

    def measured(self, result: dict[str, Any], baselines: dict[str, dict[str, Any]]) -> None:
        """Hear the figures of one training."""


def experiment(plan: Plan, method: Method, watcher: Watcher) -> dict[str, Any]:
    """Replay a history after each of some trainings; return all figures, as JSON takes them.

    Raises:
        EvaluationError: there is nothing to learn or nothing to type.
    """
    results, variants = list[dict[str, Any]](), method.variants
    with prepared(plan) as material:
        watcher.prepared(plan, material)
        others = _baselines(material, method.ppmd)
        for budget in method.budgets:
            results.append(figures(budget.minutes, replayed(material, budget, variants, method.jobs, method.fresh)))
            watcher.measured(results[-1], others)
        about = {"repository": plan.repository.name, "seed": plan.wanted.seed} | _facts(material)
    return rounded({**about, "baselines": others, "results": results})


@contextmanager
def prepared(plan: Plan) -> Iterator[Material]:
    """Yield what is to be learned, in a folder that is removed at the end, and typed.

    Raises:
        EvaluationError: there is nothing to learn or nothing to type.
    """
    repository = Repository(plan.repository)
    paths = plan.paths or ([repository.below] if repository.below else [])
    newest = repository.commit(plan.until)
    wanted = replace(plan.wanted, typed=plan.wanted.typed or paths)
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
    """Return what each variant makes of each hunk, in order, after training for `budget`; no minutes: the base."""
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
    return Learned(memory, models.load(model) if model else models.before_training())


def _in_order(parts: Sequence[Scores]) -> Scores:
    """Put together what was dealt out in turn."""
    names, total = list(parts[0]), sum(len(next(iter(part.values()), [])) for part in parts)
    return {name: [parts[at % len(parts)][name][at // len(parts)] for at in range(total)] for name in names}


def _limits() -> Limits:
    chosen = CorpusSettings()
    return Limits(chosen.file_bytes, chosen.total_bytes)


def _facts(material: Material) -> dict[str, Any]:
    return {
        "split": material.split,
        "newest": material.newest,
        "files": len(material.corpus.files),
        "corpus_characters": material.corpus.characters,
        "hunks": len(material.hunks),
        "hunk_characters": sum(len(hunk.typed) for hunk in material.hunks),
    }


def _baselines(material: Material, with_ppmd: bool) -> dict[str, dict[str, Any]]:
    """Return the figures of what others would make of the same hunks; no training changes them."""
    keywords = Keywords(material.corpus.files)
    found = {"keywords": without_bits([keywords.score(hunk) for hunk in material.hunks])}
    if not with_ppmd or not ppmd.is_there():
        return found
    files = b"".join(map(encode, material.corpus.files))
    before = [(encode_header(hunk.path) + hunk.before, hunk.typed) for hunk in material.hunks]
    bits = {f"ppmd{order}": bpc for order, bpc in ppmd.bits_per_character(files, before).items()}
    # It cannot know what follows the place, but may read it first: the strongest order, so that it is not wronged.
    around = [
        (encode_header(hunk.path) + hunk.after + END + text, typed)
        for hunk, (text, typed) in zip(material.hunks, before, strict=True)
    ]
    bits["ppmd32+after"] = ppmd.bits_per_character(files, around, ORDERS[-1:])[ORDERS[-1]]
    return found | {name: {"hunks": len(before), "bpc": bpc} for name, bpc in bits.items()}
