"""What `charwise eval` prints: tables for people. Knows nothing of how the figures came about."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

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
_NAMES = {"all": "all mixed", "memories": "memories alone", "lstm": "LSTM alone", "keywords": "words, as in Vim"}
# Of the curve, as many points as fit into a table.
_SHOWN_PRICES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 40.0, 128.0)


def console() -> Console:
    """Return where tables are printed: wide enough where it is no terminal."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(width=_WIDTH, highlight=False)


def show(found: Mapping[str, Any], to: Console) -> None:
    """Print all tables of one training."""
    variants = found["variants"]
    title = f"after {found['minutes']:g} minutes of training" if found["minutes"] else "before any training"
    to.print(_figures(title, {**variants, **found["baselines"]}))
    to.print(_figures("by type of file, all mixed", variants["all"]["kinds"], first="type"))
    to.print(_curve(variants))
    to.print(_reliability(variants["all"]["reliability"]))
    for name, gained in found["gains"].items():
        if gained["gain"] is not None and gained["interval"]:
            low, high = gained["interval"]
            to.print(
                f"all mixed saves {100 * gained['gain']:+.1f} points more at precision 0.6 than "
                f"{_NAMES.get(name, name)} ({100 * low:+.1f} to {100 * high:+.1f})"
            )


def _figures(title: str, rows: Mapping[str, Mapping[str, Any]], first: str = "") -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first, no_wrap=True)
    for name, *_ in _COLUMNS:
        table.add_column(name, justify="right")
    table.add_column("hunks" if first else "95% of that", justify="right")
    for name, row in rows.items():
        last = f"{row['hunks']}" if first else _interval(row.get("intervals", {}).get("saved_at_target"))
        table.add_row(_NAMES.get(name, name), *(_cell(row.get(key), form) for _, key, form in _COLUMNS), last)
    return table


def _curve(variants: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="saved (precision) by the price of a distraction", title_justify="left", title_style="bold")
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
    title = "suggestions by their probability, all mixed"
    table = Table(title=title, title_justify="left", title_style="bold")
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
