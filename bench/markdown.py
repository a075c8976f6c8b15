"""Turn a benchmark's last line into the tables of docs/performance.md.

python bench/scale.py | python bench/markdown.py
"""

import json
import sys
from typing import Any

from report import number_text

_COLUMNS = {"name": "", "unit": "unit", "n": "n", "median": "median", "p95": "p95", "p99": "p99"}


def main() -> None:
    """Read all of standard input, print Markdown."""
    found = json.loads(sys.stdin.read().splitlines()[-1])
    machine = found["machine"]
    print(f"`bench/{found['bench']}.py`, {found['date'][:10]}, {machine['cpu']}, {machine['cores']} cores\n")
    for title, rows in found["tables"].items():
        budgets = any("budget" in row for row in rows)
        named = [_row(row, budgets=budgets) if "unit" in row else row for row in rows]
        print(f"**{title}**\n")
        print(_line(list(named[0])))
        print(_line(["---"] + ["---:"] * (len(named[0]) - 1)))
        for row in named:
            print(_line([number_text(each) if isinstance(each, int | float) else each for each in row.values()]))
        print()


def _row(row: dict[str, Any], *, budgets: bool) -> dict[str, Any]:
    """Return what is shown of a measured row."""
    shown = {title: row.get(key, "") for key, title in _COLUMNS.items()}
    if not budgets:
        return shown
    verdict = "" if "met" not in row else f"{row['ratio']:.2f} {'met' if row['met'] else '**missed**'}"
    p95 = f", p95 {row['budget_p95']:g}" if row.get("budget_p95") else ""
    return {**shown, "budget": f"{row['budget']:,g}{p95}" if "budget" in row else "", "of budget": verdict}


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
