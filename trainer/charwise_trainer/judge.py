"""Whether a candidate may be served: on held-out text it must not be worse, or hardly, than the best ever served.

Both are measured on the same pieces, so that their differences tell more than their averages do. What each piece costs
the best is kept with the checkpoint, by the piece's digest: however many small steps follow one another, they cannot
lead away from it unnoticed. Knows nothing of models.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charwise_trainer.corpus import CorpusFile
from charwise_trainer.learned import digest

PROBE_CHARACTERS = 32_000
"""Of held-out text read at each evaluation: two or three seconds for 2x512 on two cores."""
PIECE = 1_000
"""Characters of a held-out file that are counted: 32 such pieces are read side by side, whatever the files."""
LEAD = 500
"""Characters before a piece that are read and not counted. Without them a model is asked to expect the middle of a file
where files begin: the better it knows how they begin, the worse it seemed. On Linux the checkpoint that was kept cost
1.54 nats a character, where the last one, with 20% fewer, was kept back."""
MOST_PIECES = 256
"""Where they are short (lines, of which each is a text), more of them are read: 32 names would say nothing."""
MOST_CHANGED = 16
"""Pieces of changed text held out beside those, so that learning it counts."""

CHANCE = 1.0
"""Standard errors of the paired differences' mean by which a candidate may seem worse: that much is chance."""
MARGIN = 0.01
"""Of the best's bits by which a candidate that has learned something new may be worse: from the best ever, not from the
one before, so that it does not add up. What is new gains several times that (docs/training.md)."""

Costs = NDArray[np.float64]
"""Bits per character of each piece (n,)."""


@dataclass(frozen=True)
class Piece:
    """Of a held-out file."""

    file: CorpusFile  # the lead, then what is counted
    lead: int  # characters

    @property
    def characters(self) -> int:
        """How many are counted."""
        return len(self.file.data) - self.lead


class Judge:
    """Pieces of held-out text, and what each costs the best model; `known` are such costs by digest."""

    def __init__(self, pieces: Sequence[Piece], known: Mapping[str, float]) -> None:
        self.pieces = pieces
        self._names = [f"{digest(piece.file.name.encode(errors='replace') + piece.file.data):016x}" for piece in pieces]
        sizes = np.array([piece.characters for piece in pieces], np.float64)
        self._weights = sizes / max(sizes.sum(), 1.0)
        self._rival: Costs = np.array([known.get(name, math.nan) for name in self._names], np.float64)

    def __repr__(self) -> str:
        return f"<Judge by {len(self.pieces)} pieces, the best at {self.best:.3f} bpc>"

    @property
    def best(self) -> float:
        """What the best costs, in bits per character; NaN where that is not known."""
        return self.bpc(self._rival)

    def bpc(self, costs: Costs) -> float:
        """Return the bits per character over all pieces."""
        return float(self._weights @ costs) if len(costs) else math.nan

    @property
    def unknown(self) -> list[int]:
        """The numbers of the pieces that the best was not measured on."""
        return [int(number) for number in np.flatnonzero(np.isnan(self._rival))]

    def measured(self, numbers: Sequence[int], costs: Costs) -> None:
        """Take in what these pieces cost the best."""
        self._rival[list(numbers)] = costs

    def allows(self, costs: Costs, *, is_lenient: bool = False) -> bool:
        """Whether a candidate that costs so much may be served: it is no worse, or leniently by CHANCE or MARGIN."""
        if not len(costs) or self.unknown:  # nothing to measure on, or none to compare with
            return True
        differences = costs - self._rival
        mean = float(self._weights @ differences)
        error = math.sqrt(float(self._weights**2 @ (differences - mean) ** 2))
        return mean <= (max(CHANCE * error, MARGIN * self.best) if is_lenient else 0.0)

    def served(self, costs: Costs) -> None:
        """Note that a candidate is served: it is the best if it costs less than any before."""
        if not self.best <= self.bpc(costs):
            self._rival = costs

    def known(self) -> dict[str, float]:
        """Return what each piece costs the best, for the checkpoint."""
        return {
            name: round(float(cost), 5)
            for name, cost in zip(self._names, self._rival, strict=True)
            if math.isfinite(cost)
        }


def probe(files: Sequence[CorpusFile], changed: Sequence[CorpusFile] = ()) -> list[Piece]:
    """Return pieces of held-out files that are quick to read side by side, and some of changed text.

    Each is read from its file's header on, then what stands just before it, as a document is that is opened there.
    """
    pieces = _pieces(files)
    enough = len(pieces) * PROBE_CHARACTERS // max(sum(piece.characters for piece in pieces), 1)
    wanted = min(max(enough, PROBE_CHARACTERS // PIECE), MOST_PIECES)
    return _spread(pieces, wanted) + _spread(_pieces(changed), MOST_CHANGED)


def _pieces(files: Sequence[CorpusFile]) -> list[Piece]:
    return [
        Piece(replace(file, data=file.data[begin - lead : begin + PIECE]), lead)
        for file in files
        for begin in range(0, len(file.data), PIECE)
        for lead in (min(begin, LEAD),)
    ]


def _spread(pieces: list[Piece], wanted: int) -> list[Piece]:
    """Return so many of them, evenly spread over all, or all where there are no more."""
    if len(pieces) <= wanted:
        return pieces
    return [pieces[number * len(pieces) // wanted] for number in range(wanted)]
