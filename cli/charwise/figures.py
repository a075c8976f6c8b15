"""The daemon's statistics as tables for people: by type of file, by day, and the learning curve. Counts nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

# Days of a table that fit on a screen; the sums are over all that were asked for.
_MOST_ROWS = 14
# Workspaces whose curves are shown: those that most was typed in.
_MOST_CURVES = 3
# Blocks that one bit per character is long in the learning curve.
_BLOCKS = 6
_NAMES = {"lstm": "LSTM", "mix": "mixed"}


def all_of(statistics: Mapping[str, Any], days: int) -> Iterator[RenderableType]:
    """Yield a sentence and tables for the last `days` days on which something was counted."""
    counted = dict(sorted(statistics["counts"].items())[-days:])
    scored = dict(sorted(statistics["scores"].items())[-days:])
    if counted:
        yield _sentence(counted)
        yield _by_kind(counted)
        yield _by_day(counted)
    else:
        yield "nothing was suggested yet: statistics begin with the first keys in an editor"
    if factors := statistics["price_factors"]:
        yield _prices(factors)
    yield from _curves(scored)


def _sentence(counted: Mapping[str, Any]) -> str:
    total = _sum(of for day in counted.values() for of in day.values())
    days = f"{len(counted)} days" if len(counted) > 1 else f"{next(iter(counted))}"
    precision = _precision(total) or "of how many shown, the editor does not tell"
    share = f" ({_share(total)})" if _needed(total) else ""
    return (
        f"{days}: {_saved(total):,} keystrokes saved of {_needed(total):,}{share}; "
        f"{_read(total):,} suggestions read, {total['accepted']:,} accepted ({precision})"
    )


# --- what suggestions gave -------------------------------------------------------------------------
def _by_kind(counted: Mapping[str, Any]) -> Table:
    table = _table("type", "read", "accepted", "partly", "dismissed", "otherwise", "precision", "saved", "share")
    for kind in sorted({kind for day in counted.values() for kind in day}):
        of = _sum(day[kind] for day in counted.values() if kind in day)
        parts = (f"{of[name]:,}" for name in ("accepted", "partly", "rejected", "otherwise"))
        table.add_row(kind or "none", f"{_read(of):,}", *parts, _precision(of), f"{_saved(of):,}", _share(of))
    return table


def _prices(factors: Mapping[str, float]) -> str:
    moved = ", ".join(f"{kind or 'none'} x {factor:.2f}" for kind, factor in factors.items())
    return f"price of a distraction, by what became of suggestions: {moved}"


def _by_day(counted: Mapping[str, Any]) -> Table:
    table = _table("day", "read", "accepted", "precision", "typed", "saved", "share")
    for day in list(counted)[-_MOST_ROWS:]:
        of = _sum(counted[day].values())
        numbers = (f"{number:,}" for number in (_read(of), of["accepted"]))
        table.add_row(day, *numbers, _precision(of), f"{of['typed']:,}", f"{_saved(of):,}", _share(of))
    return table


def _sum(counts: Any) -> Counter[str]:
    total = Counter[str]()
    for each in counts:
        total.update(each)
    return total


def _read(of: Mapping[str, int]) -> int:
    """Return how many suggestions were there for long enough."""
    return of["shown"] - of["glimpsed"]


def _saved(of: Mapping[str, int]) -> int:
    return of["characters"] - of["keys"]


def _needed(of: Mapping[str, int]) -> int:
    """Return the keystrokes that the text would have needed without suggestions."""
    return of["typed"] + of["characters"]


def _precision(of: Mapping[str, int]) -> str:
    """Return the share of those read that were accepted; nothing where the client does not report what it shows."""
    return _percent(of["accepted"], _read(of)) if of["accepted"] <= _read(of) else ""


def _share(of: Mapping[str, int]) -> str:
    return _percent(_saved(of), _needed(of))


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else ""


# --- the learning curve ----------------------------------------------------------------------------
def _curves(scored: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield a table for each of the workspaces that most was scored in."""
    sizes = Counter[str]()
    for day in scored.values():
        for workspace, scores in day.items():
            sizes[workspace] += scores["mix"]["characters"]
    for workspace, _ in sizes.most_common(_MOST_CURVES):
        yield f"{workspace}: bits per character of what you saved, before it was learned"
        yield _curve({day: of[workspace] for day, of in scored.items() if workspace in of})


def _curve(days: Mapping[str, Any]) -> Table:
    sources = list(dict.fromkeys(source for of in days.values() for source in of if source != "mix"))
    table = _table("day", "characters", *(_NAMES.get(source, source) for source in [*sources, "mix"]))
    table.add_column("", justify="left")
    for day, of in list(days.items())[-_MOST_ROWS:]:
        bits = [_bits(of[source]) if source in of else None for source in [*sources, "mix"]]
        worded = ("" if each is None else f"{each:.2f}" for each in bits)
        table.add_row(day, f"{of['mix']['characters']:,}", *worded, "█" * round(_BLOCKS * (bits[-1] or 0)))
    return table


def _bits(score: Mapping[str, Any]) -> float:
    bits: float = score.get("bits", 0.0) / score["characters"]
    return bits


def _table(first: str, *others: str) -> Table:
    table = Table(first, box=None, pad_edge=False, header_style="bold")
    for name in others:
        table.add_column(name, justify="right")
    return table
