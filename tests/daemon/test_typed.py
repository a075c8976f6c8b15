"""What counts as typed and is not learned from yet."""

from charwise_daemon.typed import Typed


def _typed(*edits: tuple[int, int, int]) -> tuple[int, int]:
    typed = Typed()
    for edit in edits:
        typed = typed.edited(*edit)
    return typed.start, typed.end


def test_typing_goes_on() -> None:
    """Characters typed in a row, and a suggestion accepted between them, are one stretch."""
    assert _typed((10, 10, 1), (11, 11, 1), (12, 12, 20), (32, 32, 1)) == (10, 33)


def test_elsewhere_begins_anew() -> None:
    """Typing at another place is another stretch."""
    assert _typed((10, 10, 1), (50, 50, 1)) == (50, 51)


def test_deleting_takes_back() -> None:
    """What was deleted again was not meant."""
    assert _typed((10, 10, 1), (11, 11, 1), (11, 12, 0)) == (10, 11)
    assert _typed((10, 10, 4), (5, 14, 0)) == (5, 5)


def test_pasting_is_not_typing() -> None:
    """A long insertion was typed somewhere else."""
    assert _typed((10, 10, 5), (15, 15, 1000)) == (0, 0)


def test_learned_is_done() -> None:
    """What was learned from is not in it any more, and typing goes on behind it."""
    typed = Typed().edited(10, 10, 3).after(2)
    assert (typed.start, typed.end) == (12, 13)
    assert typed.edited(13, 13, 1) == Typed(12, 14)


def test_no_more_than_some_wait() -> None:
    """Who types faster than can be learned is learned from in part: the newest."""
    typed = Typed()
    for at in range(10_000):
        typed = typed.edited(at, at, 1)
    assert 0 < len(typed) <= 256
    assert typed.end == 10_000
