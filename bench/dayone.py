"""The first minute in a fresh folder: what the base model knows before anything else is known.

$ python bench/dayone.py --clones ~/clones

Files of public projects that the base model has not read (quality.toml's reporting set) are opened up to some place and
typed on, with nothing else in memory, nothing trained, and gates that have learned nothing yet. Bits per character of
the memories alone, of the base model weighed by the gate of all models, and by its own. One line of JSON last.
"""

import argparse
import random
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from statistics import fmean

import numpy as np
from histories import Project, manifest, repository
from report import Report

from charwise.evaluation import models
from charwise.evaluation.replay import bits
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.gate import Gate
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor, first_gate
from charwise_daemon.region import Region, type_region
from charwise_daemon.store import Model


def main() -> None:
    """Type, print the table."""
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--clones", type=Path, default=Path("clones"), help="where the clones lie, by their names")
    parser.add_argument("--files", type=int, default=10, help="of each project")
    parser.add_argument("--opened", type=int, default=600, help="characters that are there")
    parser.add_argument("--typed", type=int, default=60, help="characters that are typed then")
    chosen = parser.parse_args()
    report = Report("dayone", vars(chosen))
    base = models.before_training()
    assert base, "there is a base model"
    assert base.gate, "it has a gate of its own"
    rows = list[tuple[float, ...]]()
    names = list[str]()
    for project in (each for each in manifest() if each.set == "reporting"):
        files = list(islice(_regions(project, chosen), chosen.files))
        ways = ((None, first_gate(has_lstm=False)), (base, first_gate(has_lstm=True)), (base, Gate(base.gate)))
        names.append(project.name)
        rows.append(tuple(_bits(model, gate, files) for model, gate in ways))
    rows.append(tuple(np.mean(rows, 0)))
    columns = ["project", "memories", "base, the gate of all models", "base, its own gate"]
    shown = [(name, *row) for name, row in zip([*names, "mean"], rows, strict=True)]
    report.grid("bits per character of what is typed first in a fresh folder", columns, shown)
    report.end()


def _regions(project: Project, chosen: argparse.Namespace) -> Iterator[Region]:
    git = ["git", "-C", str(repository(project, chosen.clones))]
    listed = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "HEAD"], text=True)
    wanted = project.typed or project.paths
    names = [name for name in listed.splitlines() if any(fnmatch(name, each) for each in wanted)]
    random.Random(1).shuffle(names)
    for name in names:
        shown = subprocess.check_output([*git, "show", f"HEAD:{name}"])
        if len(shown) >= chosen.opened + chosen.typed:
            yield Region(name, shown[: chosen.opened], shown[chosen.opened :][: chosen.typed], b"")


def _bits(model: Model | None, gate: Gate, regions: list[Region]) -> float:
    """Return the bits per character of regions, each typed with a gate that has learned from none of the others."""
    costs, nothing = list[float](), CorpusMemory.build({})
    for region in regions:
        engine = model.engine if model else None
        adaptation = Adaptation(engine.width) if engine else None
        predictor = Predictor.of(engine, Gate(gate.arrays), nothing, region.name, adaptation)
        for _, position, character in type_region(predictor, region):
            costs.append(bits(position.probabilities[character]))
    return fmean(costs)


if __name__ == "__main__":
    main()
