"""Feedback moves the price of a distraction, type by type, within bounds, and the same way each time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.feedback import HIGHEST, LOWEST, Feedback

_ENDS = st.lists(st.tuples(st.sampled_from([".py", ".md", ""]), st.floats(0, 1), st.floats(0, 1)), max_size=300)


def test_as_promised() -> None:
    """Where as many are right as was promised, the price stays."""
    feedback = Feedback()
    for number in range(200):
        feedback.note(".py", 0.5, float(number % 2))
    assert feedback.factor(".py") == pytest.approx(1.0, abs=0.05)


def test_turns_back() -> None:
    """Fifty that are taken outweigh fifty that were not: old experience fades."""
    feedback = Feedback()
    for share in (0.0, 1.0):
        for _ in range(50):
            feedback.note(".py", 0.6, share)
    assert feedback.factor(".py") < 1.0


@given(_ENDS)
def test_bounded_and_deterministic(ends: list[tuple[str, float, float]]) -> None:
    """Whatever happens, the factor stays in its bounds; the same again gives the same, through a restart or not."""
    one, other = Feedback(), Feedback()
    for end in ends:
        one.note(*end)
        other.note(*end)
        restarted = Feedback()
        restarted.restore(other.state())
        other = restarted
    assert one.factors() == other.factors()
    assert all(LOWEST <= factor <= HIGHEST for factor in one.factors().values())


def test_many_types() -> None:
    """So many types are remembered, the latest."""
    feedback = Feedback()
    for number in range(1000):
        feedback.note(f".{number}", 0.6, 0.0)
    assert len(feedback.state()) == 100
    assert feedback.factor(".999") > 1.0
    assert feedback.factor(".0") == 1.0


@pytest.mark.parametrize("state", [None, [], {".py": 1}, {".py": [1]}, {".py": [float("nan"), 1]}, {".py": [-1, 1]}])
def test_restore_something_else(state: Any) -> None:
    """What is no experience is refused, and what was there stays."""
    feedback = Feedback()
    feedback.note(".py", 0.6, 0.0)
    before = feedback.factors()
    with pytest.raises(ValueError, match="not"):
        feedback.restore(state)
    assert feedback.factors() == before
