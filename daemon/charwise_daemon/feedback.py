"""What became of suggestions moves the price of a distraction, for each type of file, within bounds.

A suggestion that was seen had promised to be right with some probability. Where fewer are taken than promised, a
distraction costs more from now on, and where more are taken, less. Old experience fades with new, not with time: the
same suggestions with the same ends always give the same price. Knows no clock, no documents and no files.

    >>> feedback = Feedback()
    >>> for _ in range(30):
    ...     feedback.note(".md", chance=0.7, share=0.0)
    >>> feedback.factor(".md"), feedback.factor(".py")
    (2.5, 1.0)
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# At least half the price, and two and a half times as much at most: no run of bad luck silences a language, and no run
# of good luck floods it.
LOWEST, HIGHEST = 0.5, 2.5
# What one suggestion fades by with the next: the last fifty decide.
_FADING = 0.98
# Suggestions that are taken as promised before there is any experience: ten of them hold the first ones in check.
_DOUBT = 10.0
# Types of files that are remembered: the one longest without news is forgotten first.
_MOST_TYPES = 100


@dataclass(slots=True)
class _Experience:
    promised: float = 0.0  # suggestions, by the probability that each had
    taken: float = 0.0

    @property
    def factor(self) -> float:
        return min(HIGHEST, max(LOWEST, (self.promised + _DOUBT) / (self.taken + _DOUBT)))


class Feedback:
    """The experience with each type of file; `changed` is called when there is something new to keep."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.changed = changed
        self._types: dict[str, _Experience] = {}  # the one with the latest news last

    def __repr__(self) -> str:
        return f"Feedback({', '.join(f'{kind!r} {factor:.2f}' for kind, factor in self.factors().items())})"

    def factor(self, kind: str) -> float:
        """Return by how much a distraction costs more than usual in this type of file."""
        experience = self._types.get(kind)
        return experience.factor if experience else 1.0

    def factors(self) -> dict[str, float]:
        """Return the factor of each type of file of which there is experience."""
        return {kind: experience.factor for kind, experience in sorted(self._types.items())}

    def note(self, kind: str, chance: float, share: float) -> None:
        """Take in the end of a suggestion that was seen.

        Args:
            kind: the type of the file, as its suffix says it.
            chance: that all of it was right, as it was when it was offered.
            share: of its characters that were accepted, 0 to 1.
        """
        before = self._types.pop(kind, _Experience())
        self._types[kind] = _Experience(before.promised * _FADING + chance, before.taken * _FADING + share)
        while len(self._types) > _MOST_TYPES:
            del self._types[next(iter(self._types))]
        self.changed()

    def clear(self) -> None:
        """Forget all experience."""
        self._types.clear()
        self.changed()

    def state(self) -> dict[str, list[float]]:
        """Return what is to be kept."""
        return {kind: [each.promised, each.taken] for kind, each in self._types.items()}

    def restore(self, state: Any) -> None:
        """Take back what was kept; raises ValueError where that is something else."""
        if not isinstance(state, Mapping):
            raise ValueError(f"not a map of file types but {type(state).__name__}")  # noqa: TRY004 - one error for all
        restored = {str(kind): _experience(pair) for kind, pair in state.items()}
        self._types = dict(list(restored.items())[-_MOST_TYPES:])


def _experience(pair: Any) -> _Experience:
    match pair:
        case [int() | float() as promised, int() | float() as taken] if 0 <= promised < math.inf and taken >= 0:
            return _Experience(float(promised), float(taken))
    raise ValueError(f"experience is two numbers, not {str(pair)[:60]}")
