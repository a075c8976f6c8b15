"""How long a suggestion is, by the probabilities of its characters alone."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.benefit import EFFORT, SHORTEST, SURE, benefit, best_length, confident, is_settled, price_of


@pytest.mark.parametrize(
    ("probabilities", "price", "length"),
    [
        ([0.99] * 8, 1.0, 8),
        ([0.99] * 4 + [0.3] + [0.99] * 4, 1.0, 4),  # it ends before the doubtful
        ([0.3] + [0.99] * 8, 1.0, 0),  # one key settles it, and what follows is shown then
        ([0.3] + [0.99] * 8, 0.0, 9),  # asked for, it is shown all the same
        ([0.9] + [0.99] * 8, 1.0, 9),
        ([0.99, 0.2], 1.0, 0),  # one character saves nothing
        ([], 1.0, 0),
    ],
)
def test_best_length(probabilities: list[float], price: float, length: int) -> None:
    """A suggestion is what is sure, and neither begins nor ends with what is doubtful."""
    assert best_length(probabilities, [True] * len(probabilities), price) == length


def test_best_length_may_not_end() -> None:
    """It ends only where it may."""
    sure = [0.99] * 5
    assert best_length(sure, [True, True, True, False, False], 1.0) == 3
    assert best_length(sure, [False] * 5, 1.0) == 0


@pytest.mark.parametrize(
    ("probabilities", "length"),
    [
        ([0.9] * 6, 6),
        ([0.3, 0.9, 0.9, 0.6, 0.9], 3),  # the first is what is asked about
        ([0.9, 0.2, 0.9], 1),
        ([0.9], 1),
    ],
)
def test_confident(probabilities: list[float], length: int) -> None:
    """It is sure up to the next doubtful character."""
    assert confident(probabilities, [True] * len(probabilities)) == length


def test_confident_may_not_end() -> None:
    """It ends with a whole code point, and where none does before the doubtful one, with all of the text."""
    assert confident([0.9, 0.9, 0.9, 0.2, 0.9], [True, True, False, False, True]) == 2
    assert confident([0.9, 0.2, 0.9], [False, False, True]) == 3


_PATHS = st.lists(st.floats(0.3, 1.0), max_size=7)


@given(_PATHS, st.floats(0.1, 8.0))
def test_best_length_is_the_best(probabilities: list[float], price: float) -> None:
    """Of all ways to type and accept along the text, none is expected to save more than the one that begins so."""
    count = len(probabilities)
    length = best_length(probabilities, [True] * count, price)
    best, first = 0.0, 0
    for cuts in itertools.product([False, True], repeat=count):  # where each step ends; one character is typed
        worth, start, sure, steps = 0.0, 0, 1.0, [at + 1 for at in range(count) if cuts[at]]
        for end in steps:
            right = math.prod(probabilities[start:end])
            worth += sure * benefit(end - start, right, price) if end - start >= SHORTEST else 0.0
            start, sure = end, sure * right
        if worth > best + 1e-9:
            best, first = worth, steps[0] if steps[0] >= SHORTEST else 0
    if best > 1e-6 and first != length:  # another way may be as good
        assert _value(probabilities, length, price) == pytest.approx(best)


@pytest.mark.parametrize(
    ("probabilities", "price", "settled"),
    [
        ([0.99] * 4 + [0.3], 1.0, True),  # it ends before the doubtful, however sure the rest is
        ([0.3], 1.0, True),  # one key settles it, so nothing is shown now
        ([0.7], 1.0, False),  # it may be shown, if what follows is sure
        ([0.99] * 4, 1.0, False),
        ([0.99] * 4 + [0.3], 0.0, False),  # asked for, all that pays is shown
    ],
)
def test_is_settled(probabilities: list[float], price: float, *, settled: bool) -> None:
    """How much is shown is known as soon as nothing that may come after changes it."""
    assert is_settled(probabilities, [True] * len(probabilities), price) == settled


def test_is_settled_whatever_comes() -> None:
    """What is cut when it is settled is what is cut of all of the text, but for hardly any."""
    chance, price, asked, others = random.Random(7), 1.0, 0, 0
    for _ in range(2000):  # characters as of real text: most are nearly sure
        text = [chance.choice([1.0, 0.99, 0.95, chance.random()]) for _ in range(24)]
        may_end = [True] * len(text)
        doubtful = (at for at in range(1, len(text)) if text[at - 1] <= SURE)
        settled = next((at for at in doubtful if is_settled(text[:at], may_end[:at], price)), None)
        if settled:
            asked += 1
            others += best_length(text[:settled], may_end[:settled], price) != best_length(text, may_end, price)
    assert asked > 1500
    assert others < asked / 100


def _value(probabilities: list[float], length: int, price: float) -> float:
    """Return what is saved by showing this much (0: typing one character), and then as is best."""
    if not probabilities:
        return 0.0
    rest = probabilities[max(length, 1) :]
    after = _value(rest, best_length(rest, [True] * len(rest), price), price)
    sure = math.prod(probabilities[: max(length, 1)])
    return (benefit(length, sure, price) if length else 0.0) + sure * after


def test_benefit() -> None:
    """What is right saves all but the effort of accepting it, what is wrong costs its price."""
    assert benefit(10, 1.0, 4.0) == 10 - EFFORT
    assert benefit(10, 0.0, 4.0) == -4.0


def test_price_of() -> None:
    """The more eager, the cheaper a wrong suggestion."""
    assert [price_of(eagerness) for eagerness in (0.0, 0.5, 1.0)] == [8.0, 1.0, 0.125]
    prices = [price_of(eagerness / 10) for eagerness in range(11)]
    assert prices == sorted(prices, reverse=True)
