"""From candidates to suggestions: how much of them, and what is worth showing.

The length is language-independent (benefit.py): a suggestion ends where the doubtful begins, and is not shown before
it. Knows no sockets; the documents reach it as bytes.
"""

import dataclasses
import functools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from charwise_daemon import utf8
from charwise_daemon.benefit import SHORTEST, SURE, benefit, best_length, confident, is_settled, price_of
from charwise_daemon.fitting import Surroundings, fit, steered
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import LINE_ENDS, Candidate, Limits, Settled, search, unsettled
from charwise_daemon.suffix import RIVALS, UNLIKELY, weighed

# What a wrong suggestion costs, in keystrokes, where nobody has said otherwise.
PRICE = price_of(0.5)
_BLANKS = b" \t"
# What a further line's first character is taken to be right for, of what is foreseen: which line comes next is known
# less well than how one goes on. Of 1 to 0.5 the least saved most, at a precision of 0.6 a half more in a hundred.
_NEXT_LINE = 0.5
_AS_LIKELY_AS_NOT = 0.5


@dataclass(frozen=True, slots=True)
class Draft:
    """Text that may be shown, with the probability of each of its characters and its expected benefit."""

    text: bytes = b""
    probabilities: tuple[float, ...] = ()
    benefit: float = 0.0

    @property
    def confident(self) -> int:
        """How many of its characters come before the first doubtful one."""
        return confident(self.probabilities, _may_end(self.text))


def complete(
    predictor: Predictor,
    position: Position,
    limits: Limits,
    around: Surroundings,
    price: float = PRICE,
    clock: Callable[[], float] = time.monotonic,
    *,
    whole_lines: bool = False,
) -> Iterator[list[Draft]]:
    """Yield nothing yet after every character, and last the suggestions, best first; arguments as of `choose`."""
    wants_more = whole_lines or limits.alternatives > 1  # than what is settled first
    settled = unsettled if wants_more else functools.partial(_settled, price=price)
    for found in candidates(predictor, position, limits, around, clock, settled=settled):
        yield choose(found, price, around, whole_lines=whole_lines)


def candidates(
    predictor: Predictor,
    position: Position,
    limits: Limits,
    around: Surroundings,
    clock: Callable[[], float] = time.monotonic,
    *,
    reads_on: bool = True,
    settled: Settled = unsettled,
) -> Iterator[list[Candidate]]:
    """Yield nothing yet after every character, and last the candidates, the likeliest first; arguments as of `search`.

    Where the cursor's line goes on, that has a say in which is the likeliest, if `reads_on`.
    """
    steer = functools.partial(steered, around=around)
    if not (reads_on and around.line_after.strip()):
        yield from search(predictor, position, limits, clock, steer, settled)
        return
    latest = clock() + limits.milliseconds / 1000
    rivals = dataclasses.replace(limits, lines=1)
    if limits.alternatives == 1:
        rivals = dataclasses.replace(rivals, alternatives=RIVALS, unlikely=UNLIKELY)
    found = list[Candidate]()
    for found in search(predictor, position, rivals, clock, steer):
        if not found:
            yield []
    for better in weighed(predictor, found, around.after):
        if clock() >= latest:
            break
        found = better or found
        if not better:
            yield []
    yield found[: limits.alternatives]


def lines_at(around: Surroundings, most: int) -> int:
    """Return how many lines a suggestion may have: where text follows on the cursor's line, it stays in that."""
    return 1 if around.line_after.strip() else most


def choose(
    candidates: Sequence[Candidate], price: float, around: Surroundings, *, whole_lines: bool = False
) -> list[Draft]:
    """Return what is worth showing of these candidates, best first; nothing where the first is not.

    The others are seen by those who ask for them, so they cost no distraction; each says something of its own, and one
    of them may go on where the first ends.

    Args:
        candidates: what a search found.
        price: keystrokes that a wrong suggestion costs.
        around: the text around the cursor.
        whole_lines: whether what is shown goes on to the ends of further lines while they are more likely right than
            not, though less of it would be worth more.
    """
    if not candidates or not (first := _cut(candidates[0], price, around, whole_lines)):
        return []
    others = list[Draft]()
    for draft in (_cut(each, 0.0, around, whole_lines) for each in (candidates if len(candidates) > 1 else ())):
        if draft and not any(each.text.startswith(draft.text) for each in (first, *others)):
            others = [each for each in others if not draft.text.startswith(each.text)] + [draft]
    return [first, *sorted(others, key=lambda draft: -draft.benefit)]


def _cut(candidate: Candidate, price: float, around: Surroundings, whole_lines: bool) -> Draft | None:
    """Return as much of a candidate as is worth showing and fits there; of an alternative, more than is common."""
    own = candidate.branch
    length = best_length(
        _doubting(candidate.text, candidate.probabilities)[own:], _may_end(candidate.text)[own:], price
    )
    if whole_lines and length:
        length = _to_line_end(candidate, own + length) - own
    text = _fitting(candidate.text[: own + length], around) if length else b""
    probabilities = candidate.probabilities[: len(text)]
    worth = benefit(len(text), math.prod(probabilities), price)
    return Draft(text, probabilities, worth) if len(text) >= max(SHORTEST, own + 1) and worth > 0 else None


def _settled(text: bytes, probabilities: Sequence[float], price: float) -> bool:
    """Tell whether what is cut off a text does not depend on what comes after it."""
    doubted = _doubting(text, probabilities)
    return doubted[-1] <= SURE and is_settled(doubted, _may_end(text), price)


def _doubting(text: bytes, probabilities: Sequence[float]) -> list[float]:
    """Return the probabilities of a text's characters, with less trust where a further line begins."""
    before = b" " + text
    return [
        probability * (_NEXT_LINE if before[at] == LINE_ENDS[1] else 1.0)
        for at, probability in enumerate(probabilities)
    ]


def _fitting(text: bytes, around: Surroundings) -> bytes:
    """Return as much of a text as fits there, and the one blank after which the next word of the line is doubtful.

    Without that blank, two in a hundred keystrokes less are saved.
    """
    fitted = fit(text, around)
    return text if fitted and text == fitted + b" " and not around.line_after.strip() else fitted


def _to_line_end(candidate: Candidate, length: int) -> int:
    """Return the length up to the last line end in the candidate that is more likely reached than not."""
    sure, longest = 1.0, length
    for at in range(length, len(candidate.text)):
        sure *= candidate.probabilities[at]
        if sure < _AS_LIKELY_AS_NOT:
            break
        if candidate.text[at] in LINE_ENDS:
            longest = len(candidate.text[:at].rstrip())
    return max(length, longest)


def _may_end(text: bytes) -> list[bool]:
    """Tell of each character whether a suggestion may end with it: in no code point, and with no line's beginning."""
    ends, unicode, is_blank = list[bool](), utf8.BOUNDARY, True
    for character in text:
        unicode = int(utf8.FOLLOWS[unicode, character])
        is_blank = character in LINE_ENDS or (is_blank and character in _BLANKS)
        ends.append(unicode == utf8.BOUNDARY and not is_blank)
    return ends
