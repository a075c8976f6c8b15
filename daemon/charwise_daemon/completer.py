"""From candidates to suggestions: length by expected benefit, and what is worth showing.

The length is language-independent: with s the probability that the whole text is right and n its length, showing it is
expected to save s * n keystrokes and to cost (1 - s) * price for looking at it in vain; the best prefix wins, if it
wins anything. Knows no sockets; the documents reach it as bytes.
"""

import itertools
import operator
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from charwise_daemon import utf8
from charwise_daemon.fitting import Surroundings, fit
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import LINE_ENDS, Candidate, Limits, search

# Keystrokes that a wrong suggestion costs; 4 gave a precision of 0.64 to 0.72 on replayed histories.
PRICE = 4.0
# One keystroke accepts, so text of one character saves nothing.
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Draft:
    """Text that may be shown, with the probability of each of its characters and its expected benefit."""

    text: bytes = b""
    probabilities: tuple[float, ...] = ()
    benefit: float = 0.0


def complete(
    predictor: Predictor,
    position: Position,
    documents: Memory,
    limits: Limits,
    around: Surroundings,
    price: float = PRICE,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[Draft]]:
    """Yield nothing yet after every character, and last the suggestions, best first."""
    for candidates in search(predictor, position, documents, limits, clock):
        yield choose(candidates, price, around)


def choose(candidates: Sequence[Candidate], price: float, around: Surroundings) -> list[Draft]:
    """Return what is worth showing of these candidates, best first; nothing where the first is not.

    The others are seen by those who ask for them, so they cost no distraction.
    """
    drafts = [_cut(each, 0.0 if at else price, around) for at, each in enumerate(candidates)]
    if not drafts or not _is_worth_it(drafts[0]):
        return []
    return [drafts[0], *sorted(filter(_is_worth_it, drafts[1:]), key=lambda draft: -draft.benefit)]


def _cut(candidate: Candidate, price: float, around: Surroundings) -> Draft:
    """Return the candidate's best prefix, without what does not fit there."""
    text, probabilities = candidate.text, candidate.probabilities
    best, benefit, unicode = 0, 0.0, utf8.BOUNDARY
    worth = [_benefit(n, sure, price) for n, sure in enumerate(itertools.accumulate(probabilities, operator.mul), 1)]
    for at, character in enumerate(text):
        unicode = int(utf8.FOLLOWS[unicode, character])
        if unicode == utf8.BOUNDARY and worth[at] > benefit and character not in LINE_ENDS:
            best, benefit = at + 1, worth[at]
    fitted = fit(text[:best], around)
    return Draft(fitted, probabilities[: len(fitted)], worth[len(fitted) - 1]) if fitted else Draft()


def _benefit(length: int, sure: float, price: float) -> float:
    return sure * length - (1 - sure) * price


def _is_worth_it(draft: Draft) -> bool:
    return len(draft.text) >= _SHORTEST and draft.benefit > 0
