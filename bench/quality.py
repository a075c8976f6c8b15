"""What suggestions are worth: histories of public projects, replayed, and LSTM, memories and both mixed compared.

$ python bench/quality.py --clones ~/clones --set reporting --minutes 10

quality.toml says which projects these are. Everything is as `charwise eval --history` does it: learn a tree, type what
later commits added. A trained model is kept, so that a second run only types. One line of JSON last.
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from histories import Project, manifest, repository
from report import Report

from charwise.evaluation.experiment import Material, Method, Plan, experiment
from charwise.evaluation.history import Wanted
from charwise.evaluation.models import Budget

_NAMES = {"lstm": "LSTM", "memories": "memories", "all": "mixed"}
_PPMD = ("ppmd16", "ppmd32", "ppmd32+after")
Found = dict[str, Any]


def main() -> None:
    """Replay the chosen projects, print the tables."""
    chosen = _options()
    report = Report("quality", vars(chosen))
    projects = [each for each in manifest() if _is_chosen(each, chosen)]
    found = {project.name: _replay(project, chosen, report) for project in projects}
    for number, minutes in enumerate(chosen.minutes):
        results = {name: each | each["results"][number] for name, each in found.items()}
        _tables(report, f"after {minutes:g} minutes" if minutes else "before any training", results)
    if len(chosen.minutes) > 1:
        _learning_curve(report, chosen.minutes, found)
    report.note(projects=found)
    report.end()


def _options() -> argparse.Namespace:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--clones", type=Path, default=Path("clones"), help="where the clones lie, by their names")
    parser.add_argument("--set", choices=("tuning", "reporting"), help="only these projects")
    parser.add_argument("--project", action="append", default=[], help="only this one; may be given several times")
    parser.add_argument("--minutes", type=_minutes, default=[10.0], help="of training, such as 10 or 0,1,10")
    parser.add_argument("--hunks", type=int, default=100, help="of each project")
    parser.add_argument("--within", action="store_true", help="type what was changed within lines, not lines")
    parser.add_argument("--seed", type=int, default=1, help="of the chance that chooses hunks")
    parser.add_argument("--ablate", action="append", default=[], help="also without this, such as no-corpus")
    parser.add_argument("--jobs", type=int, default=1, help="processes that type")
    parser.add_argument("--threads", type=int, help="that train; one per core if not given")
    parser.add_argument("--fresh", action="store_true", help="train even where a trained model is kept")
    return parser.parse_args()


def _minutes(text: str) -> list[float]:
    return [float(each) for each in text.split(",")]


def _is_chosen(project: Project, chosen: argparse.Namespace) -> bool:
    return (not chosen.set or project.set == chosen.set) and (not chosen.project or project.name in chosen.project)


def _replay(project: Project, chosen: argparse.Namespace, report: Report) -> Found:
    wanted = Wanted(chosen.hunks, chosen.seed, project.per_commit, project.typed, chosen.within)
    plan = Plan(repository(project, chosen.clones), project.since, project.until, project.paths, wanted)
    budgets = [Budget(minutes, chosen.threads) for minutes in chosen.minutes]
    found = experiment(plan, Method(budgets, chosen.ablate, chosen.jobs, chosen.fresh), _Progress(project, report))
    return {"set": project.set, "language": project.language} | found


class _Progress:
    """Says how far it is."""

    def __init__(self, project: Project, report: Report) -> None:
        self._project, self._report = project, report

    def prepared(self, _plan: Plan, material: Material) -> None:
        """Say what is learned and typed."""
        learned, hunks = f"{material.corpus.characters:,} characters of {self._project.language}", len(material.hunks)
        self._report.say(f"{self._project.name}: {learned} until {material.split[:10]}, {hunks} hunks after it")

    def measured(self, result: Found, _baselines: Found) -> None:
        """Say what came of it."""
        mixed = result["variants"]["all"]
        at, saved = mixed["saved_at_target"], "not reached" if mixed["saved_at_target"] is None else ""
        saved = saved or f"{at:.1%}"
        self._report.say(f"  {result['minutes']:g} minutes: {saved} saved at precision 0.6, {mixed['bpc']:.3f} bpc")


# --- tables ----------------------------------------------------------------------------------------------
def _tables(report: Report, title: str, results: dict[str, Found]) -> None:
    variants = list(next(iter(results.values()))["variants"])
    names = [_NAMES.get(variant, variant) for variant in variants]
    rows = [_saved_row(name, each, variants) for name, each in results.items()]
    report.grid(f"keystrokes saved at precision 0.6, in percent, {title}", _SAVED_COLUMNS + names, _averaged(rows))
    rows = [_bits_row(name, each, variants) for name, each in results.items()]
    report.grid(f"bits per character, {title}", ["project", *names, *_PPMD], _averaged(rows))
    rows = [_shown_row(name, each) for name, each in results.items()]
    report.grid(f"mixed, at the default price of a distraction, {title}", _SHOWN_COLUMNS, _averaged(rows))
    rows = _curve_rows(list(results.values()), variants)
    report.grid(f"average saved (precision) by the price of a distraction, {title}", ["price", *names], rows)
    report.grid(f"mixed, suggestions by their probability, {title}", _BINS, _reliability_rows(list(results.values())))


_SAVED_COLUMNS = ["project", "gain on memories", "its 95%"]
_SHOWN_COLUMNS = [
    "project",
    "saved %",
    "precision",
    "shown/100",
    "whole line %",
    "alike",
    "ms",
    "ms p95",
    "words saved %",
]
_BINS = ["probability", "shown", "predicted", "right"]


def _saved_row(name: str, found: Found, variants: Sequence[str]) -> list[Any]:
    gained = found["gains"].get("memories", {"gain": None, "interval": None})
    interval = "{:+.1f} to {:+.1f}".format(*(100 * end for end in gained["interval"])) if gained["interval"] else ""
    saved = [_percent(found["variants"][variant]["saved_at_target"]) for variant in variants]
    return [name, _percent(gained["gain"]), interval, *saved]


def _bits_row(name: str, found: Found, variants: Sequence[str]) -> list[Any]:
    others = [found["baselines"].get(each, {}).get("bpc", "") for each in _PPMD]
    return [name, *(found["variants"][variant]["bpc"] for variant in variants), *others]


def _shown_row(name: str, found: Found) -> list[Any]:
    mixed, words = found["variants"]["all"], found["baselines"]["keywords"]
    numbers = [mixed[key] for key in ("precision", "shown_per_100", "exact", "similarity")]
    numbers[2] = _percent(numbers[2])
    times = [mixed["milliseconds"], mixed["milliseconds_p95"]]
    return [name, _percent(mixed["saved"]), *numbers, *times, _percent(words["saved"])]


def _curve_rows(found: Sequence[Found], variants: Sequence[str]) -> list[list[Any]]:
    """Return the curve of all projects: each counts the same."""
    rows = []
    for number, point in enumerate(found[0]["variants"]["all"]["curve"]):
        row = [f"{point['price']:g}"]
        for variant in variants:
            points = [each["variants"][variant]["curve"][number] for each in found]
            saved = statistics.fmean(each["saved"] for each in points)
            known = [each["precision"] for each in points if each["precision"] is not None]
            row.append(f"{saved:.1%} ({statistics.fmean(known):.2f})" if known else f"{saved:.1%}")
        rows.append(row)
    return rows


def _reliability_rows(found: Sequence[Found]) -> list[list[Any]]:
    """Return the bins of all projects' suggestions together."""
    bins = dict[float, list[Found]]()
    for each in found:
        for one in each["variants"]["all"]["reliability"]:
            bins.setdefault(one["from"], []).append(one)
    rows = []
    for low, parts in sorted(bins.items()):
        shown = sum(part["shown"] for part in parts)
        means = (sum(part[key] * part["shown"] for part in parts) / shown for key in ("predicted", "right"))
        rows.append([f"{low:.1f} to {low + 0.1:.1f}", shown, *means])
    return rows


def _learning_curve(report: Report, minutes: Sequence[float], found: dict[str, Found]) -> None:
    rows = [
        [name, *(_percent(each["variants"]["all"]["saved_at_target"]) for each in one["results"])]
        for name, one in found.items()
    ]
    columns = ["project", *(f"{each:g} min" for each in minutes)]
    report.grid(
        "mixed, keystrokes saved at precision 0.6, in percent, by minutes of training", columns, _averaged(rows)
    )


def _averaged(rows: list[list[Any]]) -> list[list[Any]]:
    """Return the rows and, where there are several, their average."""
    if len(rows) < 2:
        return rows
    columns = list(zip(*rows, strict=True))[1:]
    means = [statistics.fmean(each) if all(isinstance(x, int | float) for x in each) else "" for each in columns]
    return [*rows, ["average", *means]]


def _percent(share: float | None) -> float | str:
    return "" if share is None else 100 * share


if __name__ == "__main__":
    main()
