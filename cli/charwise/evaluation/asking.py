"""The one place where the evaluation asks the daemon's completer: a search, and what of it is shown at each price.

The search's way does not depend on the price of a distraction, so one search serves all prices.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from charwise_daemon import completer
from charwise_daemon.fitting import Surroundings
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import Candidate, Limits


@dataclass(frozen=True, slots=True)
class Offer:
    """What is shown, and how probable it is that all of it is right."""

    text: bytes
    probability: float


def candidates(
    predictor: Predictor, position: Position, limits: Limits, around: Surroundings, *, reads_on: bool = True
) -> list[Candidate]:
    """Return what a search finds at a position, not cut yet."""
    *_, found = completer.candidates(predictor, position, limits, around, reads_on=reads_on)
    return found


def offers(found: Sequence[Candidate], prices: Sequence[float], around: Surroundings) -> list[Offer | None]:
    """Return what is shown at each of some ascending prices.

    A higher price never makes a suggestion longer, so where two prices give the same one those between do too.
    """
    known = list[Offer | None]([None] * len(prices))

    def fill(low: int, high: int, least: Offer | None, most: Offer | None) -> None:
        known[low], known[high] = least, most
        if high - low < 2:
            return
        if least == most:
            known[low : high + 1] = [least] * (high + 1 - low)
            return
        middle = (low + high) // 2
        between = _shown(found, prices[middle], around)
        fill(low, middle, least, between)
        fill(middle, high, between, most)

    fill(0, len(prices) - 1, _shown(found, prices[0], around), _shown(found, prices[-1], around))
    return known


def _shown(found: Sequence[Candidate], price: float, around: Surroundings) -> Offer | None:
    drafts = completer.choose(found, price, around)
    return Offer(drafts[0].text, math.prod(drafts[0].probabilities)) if drafts else None
