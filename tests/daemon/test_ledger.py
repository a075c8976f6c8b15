"""Counts by day and type of file: bounded, and unharmed by clocks."""

from datetime import date, timedelta
from typing import Any

import pytest

from charwise_daemon.ledger import BEYOND, Ledger


class Days:
    """A clock that shows days."""

    def __init__(self, day: str = "2025-03-01") -> None:
        self.day = day

    def __call__(self) -> str:
        return self.day


def test_by_day_and_type() -> None:
    """Each is counted where it belongs; what is zero takes no room."""
    days = Days()
    ledger = Ledger(today=days)
    ledger.count(".py", shown=2, accepted=1)
    ledger.count(".md", shown=1)
    days.day = "2025-03-02"
    ledger.count(".py", shown=1)
    assert ledger.state()["counts"] == {
        "2025-03-01": {".py": {"shown": 2, "accepted": 1}, ".md": {"shown": 1}},
        "2025-03-02": {".py": {"shown": 1}},
    }


def test_clock_goes_back() -> None:
    """Then it counts on the day that it shows, and nothing that was counted is lost."""
    days = Days()
    ledger = Ledger(today=days)
    for days.day in ("2025-03-02", "2025-03-01", "2025-03-02", "1970-01-01"):
        ledger.count(".py", shown=1)
    assert {day: of[".py"]["shown"] for day, of in ledger.state()["counts"].items()} == {
        "1970-01-01": 1,
        "2025-03-01": 1,
        "2025-03-02": 2,
    }


def test_bounded_days() -> None:
    """The newest 400 days are kept; one day in another century costs one of them, and is dropped in its turn."""
    days = Days()
    ledger = Ledger(today=days)
    first = date(2025, 1, 1)
    for days.day in ("2199-12-31", "1970-01-01", *(str(first + timedelta(number)) for number in range(500))):
        ledger.count(".py", shown=1)
        ledger.score("/project", {"mix": (10, 20.0)})
    for kept in (ledger.state()["counts"], ledger.state()["scores"]):
        assert len(kept) == 400
        assert str(first + timedelta(499)) in kept
        assert str(first + timedelta(101)) in kept
        assert "1970-01-01" not in kept


def test_many_types() -> None:
    """A day tells forty types apart; the others are counted together, and none is lost."""
    ledger = Ledger(today=Days())
    for number in range(1000):
        ledger.count(f".{number}", shown=1)
    (of,) = ledger.state()["counts"].values()
    assert len(of) == 41
    assert of[BEYOND] == {"shown": 960}


def test_scores_add_up() -> None:
    """Characters and bits of each source are summed."""
    ledger = Ledger(today=Days())
    ledger.score("/project", {"mix": (10, 20.0)})
    ledger.score("/project", {"mix": (30, 40.0), "lstm": (30, 60.0)})
    assert ledger.state()["scores"]["2025-03-01"]["/project"] == {
        "mix": {"characters": 40, "bits": 60.0},
        "lstm": {"characters": 30, "bits": 60.0},
    }


def test_restore() -> None:
    """What was kept is there again, and goes on."""
    ledger, again = Ledger(today=Days()), Ledger(today=Days())
    ledger.count(".py", shown=2)
    ledger.score("/project", {"mix": (10, 20.0)})
    again.restore(ledger.state())
    again.count(".py", shown=1)
    assert again.state()["counts"] == {"2025-03-01": {".py": {"shown": 3}}}
    assert again.state()["scores"] == ledger.state()["scores"]


@pytest.mark.parametrize(
    "counts",
    [
        None,
        [],
        {"yesterday": {}},
        {"2025-03-01": 1},
        {"2025-03-01": {".py": {"shown": "many"}}},
        {"2025-03-01": {".py": {"shown": -1}}},
        {"2025-03-01": {".py": {"loved": 1}}},
    ],
)
def test_restore_something_else(counts: Any) -> None:
    """What is no ledger is refused, and what was counted stays."""
    ledger = Ledger(today=Days())
    ledger.count(".py", shown=1)
    before = ledger.state()
    with pytest.raises(ValueError, match=r"."):
        ledger.restore({"counts": counts, "scores": {}})
    assert ledger.state() == before
