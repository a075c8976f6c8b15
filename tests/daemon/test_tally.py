"""What became of suggestions is counted once each."""

from charwise_daemon.tally import Tally


def _counts(tally: Tally) -> tuple[int, ...]:
    return tuple(tally.counts.values())


def test_each_is_counted_once() -> None:
    """However often a client tells it; of what was never offered nothing counts."""
    tally = Tally()
    tally.offered(1, 10)
    for _ in range(2):
        tally.shown(1)
        tally.accepted(1, 4)
        tally.rejected(1)
        tally.shown(2)
        tally.accepted(2)
        tally.rejected(2)
    assert _counts(tally) == (1, 1, 4, 0)


def test_accepted_in_parts() -> None:
    """Word by word, with or without the rest being asked for in between, all of it is one acceptance."""
    tally = Tally()
    tally.offered(1, 10)
    tally.accepted(1, 4)
    tally.accepted(1, 7)  # so many of the same answer
    assert _counts(tally) == (0, 1, 7, 0)
    tally.offered(1, 3)
    tally.accepted(1)  # all of the rest
    assert _counts(tally) == (0, 1, 10, 0)
    tally.accepted(1, 99)
    assert _counts(tally) == (0, 1, 10, 0)


def test_rejected() -> None:
    """A dismissed suggestion counts once."""
    tally = Tally()
    tally.offered(1, 10)
    tally.rejected(1)
    tally.rejected(1)
    assert _counts(tally) == (0, 0, 0, 1)


def test_bounded() -> None:
    """Only the last few hundred suggestions are known."""
    tally = Tally()
    for number in range(1000):
        tally.offered(number, 5)
    tally.shown(0)
    tally.shown(999)
    assert _counts(tally) == (1, 0, 0, 0)
    assert len(tally._lives) == 256
