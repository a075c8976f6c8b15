"""How long a suggestion is, by the probabilities of its characters alone."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.benefit import EFFORT, SHORTEST, benefit, best_length, confident, price_of


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
