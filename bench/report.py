"""What a benchmark prints: tables for people, each row beside its budget, and one line of JSON last.

Knows nothing of what is measured.
"""

import json
import math
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from machine import describe
from rich.console import Console
from rich.table import Table

# Wide enough for every column where the output is no terminal.
_WIDTH = 140


@dataclass(frozen=True)
class Budget:
    """What a figure's median, and perhaps its 95th percentile, may be at most (or must be at least)."""

    median: float
    p95: float | None = None
    at_least: bool = False

    def __str__(self) -> str:
        p95 = "" if self.p95 is None else f", p95 {self.p95:g}"
        return f"{'≥' if self.at_least else '≤'} {self.median:,g}{p95}"


# Of the design: on two cores, with training going on in the background.
STEP_KERNEL, STEP_NUMPY = Budget(60), Budget(300)  # microseconds
TYPED_DAEMON, TYPED_LSP = Budget(5, 10), Budget(8, 16)  # milliseconds, as all that follow
JUMP_1_MB, OPEN_1_MB = Budget(60), Budget(100)
MEMORY_1_MB, MEMORY_10_MB, MEMORY_SAVED = Budget(1_000), Budget(10_000), Budget(100)
DAEMON_ANSWERS, LSP_READY = Budget(500), Budget(500)
DAEMON_RESIDENT, LSP_RESIDENT = Budget(120), Budget(60)  # megabytes
KEY_TO_GHOST_NVIM = Budget(30, 30)  # from a key to its ghost text on the screen
KEY_TO_GHOST_VSCODE = Budget(60, 60)  # from a key to its ghost text on the screen
CHARACTERS_BF16 = Budget(10_000, at_least=True)  # per second
IDLE_CPU = Budget(0.1)  # percent of one core
PAUSE_DELAY = Budget(50)  # milliseconds from a key to a trainer that stands still


@dataclass(frozen=True)
class Row:
    """One figure, measured so many times."""

    name: str
    unit: str
    values: Sequence[float]
    budget: Budget | None = None

    def summary(self) -> dict[str, Any]:
        """Return the row as JSON takes it; a ratio over 1 breaks the budget, one of 0.5 leaves half of it."""
        values = sorted(self.values, reverse=self.unit.endswith("/s"))  # of rates, 95% are at least the p95
        found: dict[str, Any] = {"name": self.name, "unit": self.unit, "n": len(values)}
        if not values:
            return found
        found |= {"median": statistics.median(values), "p95": _at(values, 0.95), "p99": _at(values, 0.99)}
        found |= {"min": min(values), "max": max(values)}
        if budget := self.budget:
            ratio = budget.median / found["median"] if budget.at_least else found["median"] / budget.median
            met = ratio <= 1 and (budget.p95 is None or found["p95"] <= budget.p95)
            found |= {"budget": budget.median, "budget_p95": budget.p95, "ratio": ratio, "met": met}
            if budget.p95 is not None:
                found["ratio_p95"] = found["p95"] / budget.p95
        return {key: round(value, 4) if isinstance(value, float) else value for key, value in found.items()}


class Report:
    """Tables as they are measured, and everything again as one line of JSON by `end`."""

    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(width=_WIDTH, highlight=False)
        self._found: dict[str, Any] = {
            "bench": name,
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": describe(),
            "options": {key: str(value) if value is not None else None for key, value in options.items()},
            "tables": {},
        }
        machine = self._found["machine"]
        self.say(f"bench/{name} on {machine['cpu']}, {machine['cores']} cores, load {machine['load']:.1f}")

    def say(self, text: str) -> None:
        """Print a line for people."""
        self._console.print(text, markup=False)

    def table(self, title: str, rows: Sequence[Row]) -> None:
        """Print a table; it is in the JSON too."""
        table = Table(title=title, title_justify="left", title_style="bold")
        table.add_column("")
        for column in ("unit", "n", "median", "p95", "p99", "budget", "of budget"):
            table.add_column(column, justify="right")
        summaries = [row.summary() for row in rows]
        for row, found in zip(rows, summaries, strict=True):
            table.add_row(*_cells(row, found))
        self._console.print(table)
        self._found["tables"][title] = summaries

    def grid(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print a table of other columns; it is in the JSON too."""
        table = Table(title=title, title_justify="left", title_style="bold")
        for number, column in enumerate(columns):
            table.add_column(column, justify="right" if number else "left")
        for row in rows:
            table.add_row(*[number_text(each) if isinstance(each, int | float) else str(each) for each in row])
        self._console.print(table)
        self._found["tables"][title] = [dict(zip(columns, row, strict=True)) for row in rows]

    def note(self, **facts: Any) -> None:
        """Put facts into the JSON that no table has."""
        self._found |= facts

    def end(self) -> None:
        """Print the line of JSON."""
        self._found["machine"]["load_at_end"] = os.getloadavg()[0]
        print(json.dumps(self._found, default=str), flush=True)


def share(values: Sequence[float], part: float) -> float:
    """Return the value that this part of all are not above: the 0.95 share of 100 sorted values is the 95th."""
    return _at(sorted(values), part)


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def number_text(value: float) -> str:
    """Return a number with as many digits as mean something."""
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}"


def _cells(row: Row, found: dict[str, Any]) -> list[str]:
    if not row.values:
        return [row.name, row.unit, "0", "", "", "", str(row.budget or ""), "not measured" if row.budget else ""]
    numbers = [number_text(found[key]) for key in ("median", "p95", "p99")]
    return [row.name, row.unit, f"{len(row.values):,}", *numbers, str(row.budget or ""), _verdict(found)]


def _verdict(found: dict[str, Any]) -> str:
    if "met" not in found:
        return ""
    p95 = f", p95 {found['ratio_p95']:.2f}" if "ratio_p95" in found else ""
    return f"{found['ratio']:.2f}{p95} {'met' if found['met'] else 'MISSED'}"
