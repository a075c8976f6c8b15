"""How long a suggestion is: what stopping here is expected to save, against going on and against waiting.

At each place of a text that may come, its reader either types one more character, or is shown the next n of them. With
s the probability that these are all right, that saves n - EFFORT keystrokes and what can be saved from there on, and
costs (1 - s) * price for looking at it in vain. So a suggestion ends where the doubtful begins: what is right so far is
accepted, and the rest is offered afresh. And it does not begin before the doubtful: where the next character is a guess
and all after it follows from that, one key settles it and distracts nobody.

Who asks for a suggestion (price 0) would have to ask again for what follows, so there each is as long as pays by
itself. Pure; knows characters' probabilities only.
"""

import itertools
import operator
from collections.abc import Sequence

# Accepting is one keystroke; it counts a little less, as short and sure suggestions make the others trusted. Of 0.25,
# 0.5, 0.75 and 1 this saved most at a precision of 0.6 in the later commits of two projects.
EFFORT = 0.75
# One keystroke accepts, so text of one character saves nothing.
SHORTEST = 2
# What is less probable is never shown, whatever the price.
LEAST = 0.02
# A character less probable than this is doubtful: most are nearly sure, and those that are not are well below it.
_DOUBTFUL = 0.75
# After a character more probable than this it need not be asked whether a text is settled: it hardly ever is.
SURE = 0.85
# What may follow at best; many first, as that makes the difference most often.
_CERTAIN = [True] * 8, [True]


def best_length(probabilities: Sequence[float], may_end: Sequence[bool], price: float) -> int:
    """Return how many characters of a text are to be shown; 0 for none, now.

    Args:
        probabilities: of each character, all before it being right.
        may_end: whether a suggestion may end with it.
        price: keystrokes that a wrong suggestion costs; 0 where one was asked for.
    """
    if price == 0:
        return _longest_by_itself(probabilities, may_end)
    count, length = len(probabilities), 0
    values = [0.0] * (count + 1)  # what can be saved from each character on, having come there
    for start in reversed(range(count)):
        values[start], length = probabilities[start] * values[start + 1], 0  # by typing one more character
        sure = 1.0
        for end in range(start + 1, count + 1):
            sure *= probabilities[end - 1]
            if sure < LEAST:
                break
            value = benefit(end - start, sure, price) + sure * values[end]
            if value > values[start] and may_end[end - 1] and end - start >= SHORTEST:
                values[start], length = value, end - start
    return length


def is_settled(probabilities: Sequence[float], may_end: Sequence[bool], price: float) -> bool:
    """Tell whether the best length of a text is known by these characters of it, whatever comes after them.

    It is asked where nothing of that is right, where one character is, and where many are. In between it is another
    for 2 in 1,000 searches in real code, by a character or two.
    """
    if price == 0:
        return False
    length = best_length(probabilities, may_end, price)
    return all(best_length([*probabilities, *more], [*may_end, *more], price) == length for more in _CERTAIN)


def _longest_by_itself(probabilities: Sequence[float], may_end: Sequence[bool]) -> int:
    sures = itertools.accumulate(probabilities, operator.mul)
    worth = [benefit(length, sure, 0.0) for length, sure in enumerate(sures, 1)]
    lengths = [length for length in range(SHORTEST, len(worth) + 1) if may_end[length - 1]]
    return max(lengths, key=lambda length: worth[length - 1], default=0)


def benefit(length: int, sure: float, price: float) -> float:
    """Return the keystrokes that showing a text is expected to save, by itself."""
    return sure * (length - EFFORT) - (1 - sure) * price


def confident(probabilities: Sequence[float], may_end: Sequence[bool]) -> int:
    """Return how many characters of a text come before the first doubtful one, where it may end; at least one may be.

    The first is not asked: whoever accepts up to there has seen what it is.
    """
    sure = 1 + sum(1 for _ in itertools.takewhile(lambda each: each >= _DOUBTFUL, probabilities[1:]))
    return next((end for end in range(sure, 0, -1) if may_end[end - 1]), len(probabilities))


def price_of(eagerness: float) -> float:
    """Return what a wrong suggestion costs someone of this eagerness, 0 to 1: 8 keystrokes, 1 in the middle, 1/8.

    Each tenth more makes it a third cheaper.
    """
    return float(8.0 ** (1 - 2 * eagerness))
