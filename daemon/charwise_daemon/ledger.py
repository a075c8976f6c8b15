"""What suggestions gave, by day and type of file, and how well each day's new text was predicted, by workspace.

Counts alone: no text, no names of files; never sent anywhere. Bounded, however long charwise is used. A day is what the
clock shows when something is counted: one that goes back counts on a day that is there already.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

# Days that are kept: a year and some, so that a day can be compared with the same one a year ago.
_MOST_DAYS = 400
# Types of files, or workspaces, that one day tells apart; those beyond it are counted together.
_MOST_A_DAY = 40
BEYOND = "others"
# A suffix longer than this is a name, or a number.
_LONGEST_KIND = 16

T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What suggestions gave."""

    typed: int = 0  # keys with which text was typed by hand
    shown: int = 0  # suggestions; the rest of one that is typed is the same one
    glimpsed: int = 0  # of these, gone before anybody could have read them
    accepted: int = 0  # suggestions, in whole or in part
    partly: int = 0  # of these, in part
    rejected: int = 0  # dismissed
    otherwise: int = 0  # read, and then something else was typed
    keys: int = 0  # with which they were accepted
    characters: int = 0  # that were accepted


@dataclass(slots=True)
class Score:
    """What a source would have needed to tell text before it was learned."""

    characters: int = 0
    bits: float = 0.0


Scores = dict[str, Score]  # by source, and the mix


class Ledger:
    """Counts by day and type of file, and scores by day and workspace.

    Args:
        changed: called when there is something new to keep.
        today: returns the day, as 2025-12-31.
    """

    def __init__(
        self,
        changed: Callable[[], None] = lambda: None,
        today: Callable[[], str] = lambda: datetime.now().astimezone().date().isoformat(),
    ) -> None:
        self.changed, self._today = changed, today
        self._counts: dict[str, dict[str, Counts]] = {}
        self._scores: dict[str, dict[str, Scores]] = {}

    def __repr__(self) -> str:
        return f"Ledger({len(self._counts)} days of counts, {len(self._scores)} days of scores)"

    def count(self, kind: str, **more: int) -> None:
        """Add to today's counts of a type of file."""
        counts = _entry(self._counts, self._today(), kind[:_LONGEST_KIND], Counts)
        for name, number in more.items():
            setattr(counts, name, getattr(counts, name) + number)
        self.changed()

    def score(self, workspace: str, bits: Mapping[str, tuple[int, float]]) -> None:
        """Add to today's scores of a workspace: by source, how many characters, and the bits of all of them."""
        scores = _entry(self._scores, self._today(), workspace, Scores)
        for source, (characters, total) in bits.items():
            score = scores.setdefault(source, Score())
            score.characters, score.bits = score.characters + characters, score.bits + total
        self.changed()

    def scored_today(self) -> int:
        """Return how many characters were scored on this day."""
        of = self._scores.get(self._today(), {})
        return sum(scores["mix"].characters for scores in of.values() if "mix" in scores)

    def forget(self, workspace: str) -> None:
        """Forget the scores of a workspace."""
        others = {
            day: {name: each for name, each in of.items() if name != workspace} for day, of in self._scores.items()
        }
        self._scores = {day: of for day, of in others.items() if of}
        self.changed()

    def clear(self) -> None:
        """Forget everything."""
        self._counts.clear()
        self._scores.clear()
        self.changed()

    def state(self) -> dict[str, Any]:
        """Return all of it, as it is kept and sent to `charwise status`; what is zero is left out."""
        counts = {day: {kind: _plain(each) for kind, each in of.items()} for day, of in sorted(self._counts.items())}
        scores = {
            day: {workspace: {source: _plain(each) for source, each in of.items()} for workspace, of in by.items()}
            for day, by in sorted(self._scores.items())
        }
        return {"counts": counts, "scores": scores}

    def restore(self, state: Any) -> None:
        """Take back what was kept; raises ValueError where that is something else."""
        try:
            counts = {
                _day(day): {str(kind): _filled(Counts, each) for kind, each in of.items()}
                for day, of in state["counts"].items()
            }
            scores = {
                _day(day): {
                    str(name): {str(source): _filled(Score, each) for source, each in of.items()}
                    for name, of in by.items()
                }
                for day, by in state["scores"].items()
            }
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no counts by day and type: {error!r}") from error
        self._counts, self._scores = counts, scores


def _entry(days: dict[str, dict[str, T]], day: str, name: str, make: Callable[[], T]) -> T:
    """Return what is counted of a name on a day, made where it is new.

    Days are dropped by number, not by age: a day in another century, from a wrong clock, takes the place of one day.
    """
    of = days.setdefault(day, {})
    while len(days) > _MOST_DAYS:
        del days[min(each for each in days if each != day)]
    if name not in of and len(of) >= _MOST_A_DAY:
        name = BEYOND
    return of.setdefault(name, make())


def _plain(counted: Counts | Score) -> dict[str, float]:
    numbers = {each.name: getattr(counted, each.name) for each in fields(counted)}
    return {name: round(number, 3) for name, number in numbers.items() if number}


def _day(text: Any) -> str:
    return datetime.fromisoformat(text).date().isoformat()


def _filled(cls: Callable[..., T], numbers: Mapping[str, Any]) -> T:
    if not all(type(each) in {int, float} and 0 <= each < math.inf for each in numbers.values()):
        raise ValueError(f"counts are numbers, not {str(dict(numbers))[:60]}")
    return cls(**numbers)
