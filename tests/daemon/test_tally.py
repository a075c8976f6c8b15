"""What became of suggestions is counted once each, and what the user has decided on moves the price."""

import pytest

from charwise_daemon.completer import Draft
from charwise_daemon.journal import Journal
from charwise_daemon.tally import Tally

_DAY = "2025-03-01"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Counting(Tally):
    """A tally, and what it has counted of Python files."""

    def __init__(self) -> None:
        self.journal, self.clock = Journal(), Clock()
        self.journal.ledger._today = lambda: _DAY
        super().__init__(self.journal, self.clock)

    def offer(self, suggestion: int, text: str, *, is_automatic: bool = True) -> None:
        draft = Draft(text.encode(), (0.9,) * len(text.encode()), 1.0)
        self.offered({suggestion: draft}, ".py", is_automatic)

    @property
    def ledger(self) -> dict[str, int]:
        counts: dict[str, int] = self.journal.ledger.state()["counts"].get(_DAY, {}).get(".py", {})
        return counts


def _counts(tally: Tally) -> tuple[int, ...]:
    return tuple(tally.counts.values())


def test_each_is_counted_once() -> None:
    """However often a client tells it; of what was never offered nothing counts."""
    tally = Counting()
    tally.offer(1, "0123456789")
    for _ in range(2):
        tally.shown(1)
        tally.accepted(1, 4)
        tally.rejected(1)
        for unknown in (tally.shown, tally.accepted, tally.rejected, tally.otherwise):
            unknown(2)
    assert _counts(tally) == (1, 1, 4, 0)
    assert tally.ledger == {"shown": 1, "accepted": 1, "keys": 1, "characters": 4}


def test_accepted_in_parts() -> None:
    """Word by word, with or without the rest being asked for in between, all of it is one acceptance."""
    tally = Counting()
    tally.offer(1, "0123456789")
    tally.accepted(1, 4)
    tally.accepted(1, 7)  # so many of the same answer
    assert _counts(tally) == (0, 1, 7, 0)
    tally.offer(1, "789")
    tally.accepted(1)  # all of the rest
    assert _counts(tally) == (0, 1, 10, 0)
    tally.accepted(1, 99)
    assert _counts(tally) == (0, 1, 10, 0)
    assert tally.ledger == {"accepted": 1, "keys": 3, "characters": 10}


def test_accepted_characters_as_they_are_seen() -> None:
    """A character of several bytes would have been one key, so accepting it saves no more."""
    tally = Counting()
    tally.offer(1, "été")
    tally.accepted(1)
    assert tally.ledger == {"accepted": 1, "keys": 1, "characters": 3}


def test_rejected() -> None:
    """A dismissed suggestion counts once."""
    tally = Counting()
    tally.offer(1, "0123456789")
    tally.rejected(1)
    tally.rejected(1)
    assert _counts(tally) == (0, 0, 0, 1)


def test_typed_otherwise() -> None:
    """What was read and not typed counts, once; what was gone before anybody could read it is only glimpsed."""
    tally = Counting()
    for number, seconds in ((1, 0.1), (2, 1.0)):
        tally.offer(number, "0123456789")
        tally.shown(number)
        tally.clock.now += seconds
        tally.otherwise(number)
        tally.otherwise(number)
    assert tally.ledger == {"shown": 2, "glimpsed": 1, "otherwise": 1}


def test_typed_otherwise_after_a_part() -> None:
    """Of what was accepted in part, the rest was not wanted: that is no other suggestion."""
    tally = Counting()
    tally.offer(1, "0123456789")
    tally.shown(1)
    tally.accepted(1, 4)
    tally.otherwise(1)
    assert tally.ledger == {"shown": 1, "accepted": 1, "partly": 1, "keys": 1, "characters": 4}


@pytest.mark.parametrize(("end", "direction"), [("accepted", -1), ("otherwise", 1), ("rejected", 1)])
def test_decisions_move_the_price(end: str, direction: int) -> None:
    """What is taken makes a distraction cheaper, what is not makes it dearer; in other files it costs what it did."""
    tally = Counting()
    for number in range(20):
        tally.offer(number, "0123456789")
        tally.shown(number)
        tally.clock.now += 1
        getattr(tally, end)(number)
    assert (tally.factor(".py") - 1.0) * direction > 0.1
    assert tally.factor(".md") == 1.0


def test_what_decides_nothing() -> None:
    """What was not reported as shown, was asked for, was gone at once, or typed by hand, leaves the price as it is."""
    tally = Counting()
    for number in range(0, 100, 4):
        tally.offer(number, "not shown")
        tally.accepted(number)
        tally.offer(number + 1, "asked for", is_automatic=False)
        tally.offer(number + 2, "gone at once")
        tally.offer(number + 3, "typed by hand")
        for shown in range(1, 4):
            tally.shown(number + shown)
        tally.otherwise(number + 2)
        tally.clock.now += 1
        tally.rejected(number + 1)
    assert tally.factor(".py") == 1.0


def test_typed_keys() -> None:
    """One key puts in a character, a line end with indentation or a bracket with its other; a paste is none."""
    tally = Counting()
    for text in (b"a", "é".encode(), "😀".encode(), b"\n", b"\r\n    ", b"()", b" "):
        tally.typed(".py", text)
    assert tally.ledger == {"typed": 7}
    for text in (b"", b"ab", b"\n\n", b"(x)"):
        tally.typed(".py", text)
    assert tally.ledger == {"typed": 7}


def test_bounded() -> None:
    """Only the last few hundred suggestions are known."""
    tally = Counting()
    for number in range(1000):
        tally.offer(number, "01234")
    tally.shown(0)
    tally.shown(999)
    assert _counts(tally) == (1, 0, 0, 0)
    assert len(tally._lives) == 256
