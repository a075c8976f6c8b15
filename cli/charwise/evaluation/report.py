"""What `charwise eval` prints: tables for people. Knows nothing of how the figures came about."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from charwise.evaluation.experiment import Material, Plan
from charwise.evaluation.ppmd import ORDERS

# Wide enough for every column where the output is no terminal.
_WIDTH = 132
_COLUMNS = (
    ("bits/char", "bpc", "{:.3f}"),
    ("saved", "saved", "{:.1%}"),
    ("precision", "precision", "{:.2f}"),
    ("shown/100", "shown_per_100", "{:.1f}"),
    ("whole line", "exact", "{:.1%}"),
    ("alike", "similarity", "{:.2f}"),
    ("ms", "milliseconds", "{:.1f}"),
    ("p95", "milliseconds_p95", "{:.1f}"),
    ("saved at 0.6", "saved_at_target", "{:.1%}"),
)
_NAMES = (
    {"ppmd32+after": "the same, + after"}
    | {"all": "all mixed", "memories": "memories alone", "lstm": "LSTM alone", "keywords": "words, as in Vim"}
    | {f"ppmd{order}": f"PPMd, order {order}" for order in ORDERS}
)
# Of the curve, as many points as fit into a table.
_SHOWN_PRICES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 128.0)


def show_files(found: Mapping[str, Any]) -> None:
    """Print bits per character of files."""
    console, table = _console(), Table()
    table.add_column("type", no_wrap=True)
    for name in ("files", "characters", *found["sources"], "mixed"):
        table.add_column(name, justify="right")
    for kind, row in {**found["kinds"], "all": found}.items():
        bits = [f"{each:.3f}" for each in (*row["sources"].values(), row["bpc"])]
        table.add_row(kind, f"{row['files']:,}", f"{row['characters']:,}", *bits)
    _say(console, f"{found['path']}, read by {found['model']}, bits per character")
    console.print(table)


class Silence:
    """Prints nothing."""

    def prepared(self, plan: Plan, material: Material) -> None:
        """Hear what will be learned and typed."""

    def measured(self, result: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> None:
        """Hear the figures of one training."""


class Report:
    """Prints what it hears."""

    def __init__(self) -> None:
        self._console = _console()

    def prepared(self, plan: Plan, material: Material) -> None:
        """Print what will be learned and typed."""
        chosen = "" if plan.since else " (chosen so that hunks enough follow; --since names another)"
        corpus, typed = material.corpus, sum(len(hunk.typed) for hunk in material.hunks)
        self._say(
            f"learned: {len(corpus.files):,} files, {corpus.characters:,} characters, "
            f"as of commit {material.split[:10]}{chosen}"
        )
        self._say(
            f"typed: {len(material.hunks)} hunks, {typed:,} characters, of later commits until {material.newest[:10]}"
        )

    def measured(self, result: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> None:
        """Print the tables of one training."""
        variants = result["variants"]
        title = f"after {result['minutes']:g} minutes of training" if result["minutes"] else "before any training"
        for heading, table in (
            (title, _figures({**variants, **baselines})),
            ("by type of file, all mixed", _figures(variants["all"]["kinds"], first="type")),
            ("saved (precision) by the price of a distraction", _curve(variants)),
            ("suggestions by their probability, all mixed", _reliability(variants["all"]["reliability"])),
        ):
            self._say(f"\n{heading}")  # not the table's own title, which is broken to its width
            self._console.print(table)
        for name, gained in result["gains"].items():
            if gained["gain"] is not None and gained["interval"]:
                self._say(_gain(_NAMES.get(name, name), gained["gain"], *gained["interval"]))

    def _say(self, text: str) -> None:
        _say(self._console, text)


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def _console() -> Console:
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=_WIDTH, highlight=False)


def _gain(name: str, gain: float, low: float, high: float) -> str:
    return (
        f"at precision 0.6, all mixed saves {100 * gain:+.1f} points against {name} "
        f"(95%: {100 * low:+.1f} to {100 * high:+.1f})"
    )


def _figures(rows: Mapping[str, Mapping[str, Any]], first: str = "") -> Table:
    table = Table()
    table.add_column(first, no_wrap=True)
    for name, *_ in _COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("hunks" if first else "95% of that", justify="right")
    for name, row in rows.items():
        last = f"{row['hunks']}" if first else _interval(row.get("intervals", {}).get("saved_at_target"))
        table.add_row(_NAMES.get(name, name), *(_cell(row.get(key), form) for _, key, form in _COLUMNS), last)
    return table


def _curve(variants: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table()
    table.add_column("price")
    for name in variants:
        table.add_column(_NAMES.get(name, name), justify="right")
    curves = [variant["curve"] for variant in variants.values()]
    for points in zip(*curves, strict=True):
        if points[0]["price"] in _SHOWN_PRICES:
            cells = [f"{_cell(each['saved'], '{:.1%}')} ({_cell(each['precision'], '{:.2f}')})" for each in points]
            table.add_row(f"{points[0]['price']:g}", *cells)
    return table


def _reliability(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table()
    for name in ("probability", "shown", "predicted", "right"):
        table.add_column(name, justify="right")
    for row in rows:
        low = row["from"]
        numbers = (f"{row['shown']}", f"{row['predicted']:.2f}", f"{row['right']:.2f}")
        table.add_row(f"{low:.1f} to {low + 0.1:.1f}", *numbers)
    return table


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _interval(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.1%} to {ends[1]:.1%}" if ends else ""
