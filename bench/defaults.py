"""Makes daemon/charwise_daemon/defaults.safetensors: the escapes and gates that charwise begins with.

$ python bench/defaults.py --clones ~/clones --minutes 3,10

The tuning projects of quality.toml are learned, and what later commits added is typed. First the escapes are fitted,
for each memory its own; then, with those, the gates: one with LSTMs of each of the trainings, one without. Prints what
they make of each project when fitted on the others. `--only base` fits the gate of the base model, and of models that
began from it, and writes it beside that. One line of JSON last.
"""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy
from fits import Arrays, Floats, Rows, bits, fit_escape, fit_gate
from histories import Project, manifest, repository
from report import Report

from charwise.evaluation import models
from charwise.evaluation.experiment import Material, Plan, prepared
from charwise.evaluation.history import Wanted
from charwise.evaluation.models import Budget
from charwise_daemon import defaults, escape, kernel
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.features import FEATURES, MEMORIES, SOURCES
from charwise_daemon.gate import NEVER
from charwise_daemon.lookup import Lookup
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Position, Predictor, first_gate
from charwise_daemon.region import Region, type_region
from charwise_daemon.store import Model
from charwise_trainer import base
from charwise_trainer.corpus import encode
from charwise_trainer.gate_file import load_gate, save_gate

Orders = list[tuple[Floats, Floats]]  # by character: features (orders, F), shares (orders,)
# Two hunks of so many are typed in a fresh folder too, one in a new file.
_FRESH = 4


def main() -> None:
    """Fit all, print what that gives, write the file."""
    chosen = _options()
    report = Report("defaults", vars(chosen))
    if not defaults.FILE.exists():
        _write(_beginning())
    projects = [each for each in manifest() if each.set == "tuning" and each.name not in chosen.skip]
    if chosen.only in (None, "escapes"):
        _fit_escapes(projects, chosen, report)
    if chosen.only in (None, "gate-memories"):
        _fit_gate("gate-memories", projects, [None], chosen, report)
    budgets = [Budget(float(each), chosen.threads) for each in chosen.minutes.split(",")]
    if chosen.only == "base":
        _fit_gate_of_base(projects, budgets, chosen, report)
    if chosen.only in (None, "gate"):
        os.environ["CHARWISE_BASE"] = base.NO_BASE  # the gate of LSTMs that begin empty
        _fit_gate("gate", projects, budgets, chosen, report)
    report.end()


def _options() -> argparse.Namespace:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--clones", type=Path, default=Path("clones"), help="where the clones lie, by their names")
    parser.add_argument("--minutes", default="10", help="trainings of the LSTMs, such as 3,10")
    parser.add_argument("--threads", type=int, default=1, help="that train")
    parser.add_argument("--hunks", type=int, default=60, help="of each project")
    parser.add_argument("--seed", type=int, default=2, help="of the chance that chooses hunks")
    parser.add_argument("--skip", action="append", default=[], help="not this project; may be given several times")
    parser.add_argument(
        "--only", choices=("escapes", "gate-memories", "gate", "base"), help="the others stay as they are"
    )
    return parser.parse_args()


# --- escapes ---------------------------------------------------------------------------------------------
def _fit_escapes(projects: Sequence[Project], chosen: argparse.Namespace, report: Report) -> None:
    found = dict[str, dict[str, Orders]]()  # by memory and project
    for project in projects:
        with _prepared(project, chosen) as material:
            for memory, rows in zip(MEMORIES, _orders(material), strict=True):
                found.setdefault(memory, {})[project.name] = rows
        report.say(f"{project.name}: {len(found[MEMORIES[0]][project.name]):,} characters for the escapes")
    for memory, rows_of in found.items():
        fitted = fit_escape([row for rows in rows_of.values() for row in rows], escape.HIDDEN)
        _write(_stored() | {f"escape.{memory}.{key}": array for key, array in fitted.items()})
    defaults._arrays.cache_clear()  # noqa: SLF001 - the file is another one now
    defaults.escape.cache_clear()


def _orders(material: Material) -> tuple[Orders, ...]:
    found = tuple(Orders() for _ in MEMORIES)
    os.environ[kernel.VARIABLE] = "numpy"  # in which what followed can be looked at
    for position, character in _typed(material, None):
        for rows, memory, match in zip(found, position.memories, position.matches, strict=True):
            assert isinstance(memory.lookup, Lookup)
            followed = memory.lookup.followed(match)
            features = escape.features_of(followed.orders, followed.counts)
            rows.append((features, followed.counts[:, character] / followed.counts.sum(1)))
    del os.environ[kernel.VARIABLE]
    return found


# --- gates -----------------------------------------------------------------------------------------------
def _fit_gate(
    name: str, projects: Sequence[Project], budgets: Sequence[Budget | None], chosen: argparse.Namespace, report: Report
) -> None:
    found = dict[str, Rows]()
    for project in projects:
        with _prepared(project, chosen) as material:
            kept = [models.load(models.kept(material.corpus, budget)) if budget else None for budget in budgets]
            found[project.name] = Rows.joined([_rows(each, model) for each in _situations(material) for model in kept])
        report.say(f"{project.name}: {len(found[project.name]):,} characters for {name}")
    without = [SOURCES.index("lstm")] if name == "gate-memories" else []
    _tell(name, found, partial(fit_gate, without=without), defaults.gate(name), report)
    fitted = fit_gate(Rows.joined(list(found.values())), without)
    others = {key: array for key, array in _stored().items() if not key.startswith(f"{name}.")}
    _write(others | {f"{name}.{key}": array for key, array in fitted.items()})


def _fit_gate_of_base(
    projects: Sequence[Project], budgets: Sequence[Budget], chosen: argparse.Namespace, report: Report
) -> None:
    model = models.before_training()
    assert model, "there is a base model"
    found = dict[str, Rows]()
    for project in projects:
        with _prepared(project, chosen) as material:
            trained = [models.load(models.kept(material.corpus, budget)) for budget in budgets]
            here, *new = _situations(material)
            ways = [*((each, model) for each in new), *((here, each) for each in (model, *trained))]
            found[project.name] = Rows.joined([_rows(*way) for way in ways])
        report.say(f"{project.name}: {len(found[project.name]):,} characters for the base model's gate")
    _tell("base", found, fit_gate, load_gate(base.folder()) or defaults.gate("gate"), report)
    save_gate(base.folder(), fit_gate(Rows.joined(list(found.values()))))


def _tell(name: str, found: Mapping[str, Rows], fit: Callable[..., Arrays], before: Arrays, report: Report) -> None:
    """Tell what each project is worth to a gate that was fitted on the others, and to the one before."""
    table = []
    for project, own in found.items():
        others = Rows.joined([each for other, each in found.items() if other != project] or [own])
        table.append([project, bits(fit(others), own), bits(before, own)])
    report.grid(f"{name}: bits per character", ["project", "fitted on the others", "the gate before"], table)


def _situations(material: Material) -> list[Material]:
    """Return the hunks as they were written, some in a folder of which nothing is in memory, and some in new files."""
    old, elsewhere, here = (material.hunks[start::_FRESH] for start in range(3))
    alone, new = ([replace(hunk, before=b"", after=b"") for hunk in hunks] for hunks in (elsewhere, here))
    nothing = replace(material.corpus, files=())
    return [material, replace(material, corpus=nothing, hunks=[*old, *alone]), replace(material, hunks=new)]


def _rows(material: Material, model: Model | None) -> Rows:
    typed = list(_typed(material, model))
    return Rows(
        np.array([position.features for position, _ in typed]),
        np.array([position.distributions for position, _ in typed], np.float32),
        np.array([character for _, character in typed], np.int64),
    )


# --- what is typed ---------------------------------------------------------------------------------------
def _prepared(project: Project, chosen: argparse.Namespace):  # type: ignore[no-untyped-def]  # noqa: ANN202
    wanted = Wanted(chosen.hunks, chosen.seed, project.per_commit, project.typed)
    return prepared(Plan(repository(project, chosen.clones), project.since, project.until, project.paths, wanted))


def _typed(material: Material, model: Model | None) -> Iterator[tuple[Position, int]]:
    memory = CorpusMemory.build({file.name: encode(file) for file in material.corpus.files})
    engine = model.engine if model else None
    for hunk in material.hunks:
        adaptation = Adaptation(engine.width) if engine else None
        predictor = Predictor.of(engine, first_gate(has_lstm=engine is not None), memory, hunk.path, adaptation)
        for _, position, character in type_region(
            predictor, Region(hunk.path, hunk.before, hunk.typed, b"\n" + hunk.after)
        ):
            yield position, character


# --- the file --------------------------------------------------------------------------------------------
def _beginning() -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Return escapes of a half and gates that weigh all alike."""
    found = dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]()
    for memory in MEMORIES:
        shapes = {"w1": (escape.HIDDEN, escape.FEATURES), "b1": (escape.HIDDEN,), "w2": (escape.HIDDEN,), "b2": (1,)}
        found |= {f"escape.{memory}.{key}": np.zeros(shape, np.float32) for key, shape in shapes.items()}
    for gate in ("gate", "gate-memories"):
        sources = len(SOURCES)
        shapes = {"mean": (FEATURES,), "w1": (1, FEATURES), "b1": (1,), "w2": (sources, 1), "b2": (sources,)}
        shapes |= {"w3": (sources + 1, 1), "b3": (sources + 1,)}
        found |= {f"{gate}.{key}": np.zeros(shape, np.float32) for key, shape in shapes.items()}
        found[f"{gate}.scale"] = np.ones(FEATURES, np.float32)
        found[f"{gate}.b3"][-1] = 1.0  # the linear mixture
    found["gate-memories.b2"][0] = NEVER
    return found


def _stored() -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    return safetensors.numpy.load(defaults.FILE.read_bytes())


def _write(arrays: Arrays) -> None:
    safetensors.numpy.save_file(dict(arrays), defaults.FILE)


if __name__ == "__main__":
    main()
