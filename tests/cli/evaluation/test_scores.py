"""Figures from scores, by hand."""

import numpy as np
import pytest

from charwise.evaluation import scores
from charwise.evaluation.figures import rounded
from charwise.evaluation.replay import DEFAULT_PRICE, PRICES, Score
from charwise.evaluation.typist import Typing


def _score(keys: list[int], shown: list[int], accepted: list[int], characters: int = 100, kind: str = ".py") -> Score:
    """Return a score of these keys, suggestions and accepted ones, by price; the last counts for all that follow."""
    typings = []
    for number in range(len(PRICES)):
        at = min(number, len(keys) - 1)
        seen = [(0.75, other < accepted[at]) for other in range(shown[at])]
        typings.append(Typing(characters, keys[at], seen))
    lines, times = [(True, 1.0), (False, 0.5)], [1.0, 2.0, 9.0]
    return Score(kind, 120, bits=240.0, source_bits={"lstm": 360.0}, typings=typings, lines=lines, milliseconds=times)


def test_summary() -> None:
    """Sums over hunks, not averages of them."""
    found = scores.summary([_score([50], [10], [8]), _score([90], [30], [4], characters=300)])
    assert (found["hunks"], found["characters"], found["bpc"]) == (2, 400, 2.0)
    assert found["saved"] == pytest.approx(1 - 140 / 400)
    assert found["precision"] == pytest.approx(12 / 40)
    assert found["shown_per_100"] == pytest.approx(10)
    assert (found["exact"], found["similarity"], found["milliseconds"]) == (0.5, 0.75, 2.0)
    low, high = found["intervals"]["saved"]
    assert low < found["saved"] < high
    assert len(found["curve"]) == len(PRICES)
    assert scores.by_source([_score([50], [10], [8])]) == {"lstm": 3.0}


@pytest.mark.parametrize(
    ("keys", "shown", "accepted", "saved"),
    [
        ([40, 60], [10, 10], [5, 7], 0.5),  # half way from a precision of 0.5 to one of 0.7
        ([40, 60], [10, 10], [6, 7], 0.6),  # it is reached at once
        ([40, 30], [10, 10], [8, 9], 0.7),  # the most, where all are precise enough
        ([40, 60], [10, 10], [1, 2], None),  # never
        ([100], [0], [0], None),  # nothing shown
        ([40, 50, 60], [10, 10, 10], [8, 4, 8], 0.6),  # a curve need not rise
    ],
)
def test_saved_at_target(keys: list[int], shown: list[int], accepted: list[int], saved: float | None) -> None:
    """What is saved at a precision of 0.6 lies on the lines between the points of the curve."""
    found = scores.summary([_score(keys, shown, accepted)])["saved_at_target"]
    assert found == (saved if saved is None else pytest.approx(saved))


def test_gain() -> None:
    """One variant is compared with another on the same resamples: equal ones differ by nothing in each."""
    some = [_score([40 + n, 60], [10, 10], [5, 7]) for n in range(5)]
    better = [_score([30 + n, 50], [10, 10], [5, 7]) for n in range(5)]
    assert scores.gain(some, some) == {"gain": 0.0, "interval": [0.0, 0.0]}
    found = scores.gain(better, some)
    assert found["gain"] == pytest.approx(0.1)
    assert found["interval"] == pytest.approx([0.1, 0.1])


def test_kinds_and_reliability() -> None:
    """The commonest type of file comes first; what was foreseen with 0.75 is in one bin."""
    found = [_score([50], [4], [3], kind=kind) for kind in (".md", ".py", ".py")]
    assert list(scores.by_kind(found)) == [".py", ".md"]
    assert scores.reliability(found) == [{"from": 0.7, "shown": 12, "predicted": 0.75, "right": 0.75}]
    assert DEFAULT_PRICE in PRICES


def test_rounded() -> None:
    """Figures are printed to the digits that mean something, whatever they are in."""
    assert rounded({"a": [1 / 3, {"b": 2 / 3}], "c": "d", "n": None}) == {
        "a": [0.33333, {"b": 0.66667}],
        "c": "d",
        "n": None,
    }
    assert isinstance(rounded({"a": float(np.float64(0.5))})["a"], float)
