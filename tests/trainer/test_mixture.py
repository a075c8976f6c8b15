"""Changed text beside a replay: how often it is read, in which lanes, and beside how much of the rest."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from charwise_trainer.batches import IGNORE, Lanes, Window
from charwise_trainer.mixture import FEWEST_LANES, Mixture
from tests.trainer.test_batches import read_back

REST = [bytes([i]) * 300 for i in range(1, 40)]


def windows(mixture: Mixture) -> list[Window]:
    return list(mixture.windows(generators()))


def generators() -> Iterator[np.random.Generator]:
    return (np.random.default_rng(seed) for seed in range(1_000))


def predicted(windows: list[Window], lanes: slice) -> Counter[tuple[int, int]]:
    """Count the pairs of a character and what is to follow it, in some of the lanes."""
    pairs: Counter[tuple[int, int]] = Counter()
    for window in windows:
        x, y = window.x[:, lanes], window.y[:, lanes]
        pairs.update(zip(x[y != IGNORE].tolist(), y[y != IGNORE].tolist(), strict=True))
    return pairs


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("count", [1, 3, 40])
def test_changed_text_is_read_so_often(count: int, times: int) -> None:
    """Every character of the changed text is learned as often as it is to be, in lanes of its own."""
    pieces = [bytes([100 + i, 101 + i, 102 + i]) * (5 + i) for i in range(count)]
    mixture = Mixture(pieces, Lanes(REST, 32, 8), 32, times)
    read = windows(mixture)
    wanted = Counter(pair for piece in pieces for pair in pairwise(piece))
    found = predicted(read, slice(0, mixture.first))
    assert found == Counter({pair: times * n for pair, n in wanted.items()})
    assert len(read) == len(mixture)


def test_a_piece_is_read_whole() -> None:
    """A piece is in one lane from its start to its end, from the zero state."""
    pieces = [bytes(range(50)), bytes(range(100, 130)), bytes(range(200, 210))]
    mixture = Mixture(pieces, Lanes(REST, 32, 8), 32, 2)
    read = windows(mixture)
    changed = [Window(w.x[:, :3], w.y[:, :3], w.starts[:3], 0) for w in read]
    stretches = [(x, y) for x, y in read_back(changed) if x]
    assert sorted(stretches) == sorted([(piece[:-1], piece[1:]) for piece in pieces] * 2)


@pytest.mark.parametrize(("count", "first", "rest"), [(1, 1, 15), (8, 8, 8), (10, 10, 10), (100, 16, 16)])
def test_the_rest_is_at_least_half(count: int, first: int, rest: int) -> None:
    """Changed text gets half of the lanes at most; a single piece is read beside fifteen lanes of the rest."""
    assert FEWEST_LANES == 16
    mixture = Mixture([bytes(100)] * count, Lanes(REST, 32, 8), 32, 1)
    assert (mixture.first, mixture.rest) == (first, rest)
    for window in windows(mixture):
        assert window.x.shape == (8, first + rest)
        assert (window.y[:, first:] != IGNORE).any()


def test_changed_text_comes_first() -> None:
    """The mixture says with the last window that all is read, and not before; with nothing changed at once."""
    mixture = Mixture([bytes(100)] * 3, Lanes(REST, 32, 8), 32, 3)
    assert [mixture.is_read for _ in mixture.windows(generators())] == [False] * (len(mixture) - 1) + [True]
    assert Mixture([], Lanes(REST, 32, 8), 32, 3).is_read


def test_a_small_corpus_is_replayed_again() -> None:
    """Where the rest is shorter than the changed text it begins anew."""
    mixture = Mixture([bytes(5_000)], Lanes([b"0123456789"], 32, 8), 32, 1)
    assert len(windows(mixture)) == len(mixture) > 100
