"""Windows and lanes: every character once, documents whole, nothing predicted across them."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charwise_trainer.batches import IGNORE, Lanes, Part, Window, Windows

texts_of_any_kind = st.lists(st.binary(min_size=0, max_size=40), min_size=1, max_size=12)


def read_back(windows: list[Window]) -> list[tuple[bytes, bytes]]:
    """Return what each stretch from a document's or lane's start holds, (x, y), lane by lane."""
    stretches: list[tuple[bytearray, bytearray]] = []
    for lane in range(windows[0].x.shape[1]):
        for window in windows:
            if window.starts[lane]:
                stretches.append((bytearray(), bytearray()))
            wanted = window.y[:, lane] != IGNORE
            if wanted.any():
                stretches[-1][0].extend(window.x[wanted, lane].tolist())
                stretches[-1][1].extend(window.y[wanted, lane].tolist())
    return [(bytes(x), bytes(y)) for x, y in stretches]


def test_lanes_hold_every_document_from_start_to_end() -> None:
    """Each document is read whole, from its window's start, and each character is predicted from the one before."""
    texts = [b"\x02a.py\nimport os\n\x03", b"\x02b\nx\x03", b"\x02c.md\n" + b"# title\n" * 9 + b"\x03"]
    lanes = Lanes(texts, lanes=1, window=8)
    found = read_back(list(lanes.epoch(np.random.default_rng(0))))
    assert sorted(found) == sorted((text[:-1], text[1:]) for text in texts)


@given(texts=texts_of_any_kind, lanes=st.integers(1, 9), window=st.integers(1, 12), seed=st.integers(0, 9))
@settings(max_examples=200)
def test_epoch_predicts_every_character_once(texts: list[bytes], lanes: int, window: int, seed: int) -> None:
    """Whatever the texts, an epoch asks for each character that follows another in its text, exactly once."""
    material = Lanes(texts, lanes, window)
    windows = list(material.epoch(np.random.default_rng(seed)))
    pairs = [pair for w in windows for pair in zip(w.x[w.y != IGNORE], w.y[w.y != IGNORE], strict=True)]
    assert sorted(pairs) == sorted(pair for text in texts for pair in pairwise(text))
    assert len(windows) == len(material)
    assert material.characters == len(pairs) == sum(window.characters for window in windows)


@given(texts=texts_of_any_kind, lanes=st.integers(1, 9), window=st.integers(1, 12))
@settings(max_examples=200)
def test_lanes_read_on_where_they_ended(texts: list[bytes], lanes: int, window: int) -> None:
    """All stretches joined, lane after lane, are all texts joined: a lane goes on with what comes next."""
    found = read_back(windows) if (windows := list(Lanes(texts, lanes, window).epoch(np.random.default_rng(1)))) else []
    order = np.random.default_rng(1).permutation(len(texts))
    assert b"".join(x for x, _ in found) == b"".join(texts[i][:-1] for i in order)
    assert b"".join(y for _, y in found) == b"".join(texts[i][1:] for i in order)


def test_lanes_are_never_empty() -> None:
    """A small corpus gets fewer lanes than asked for, each of a few windows."""
    lanes = Lanes([bytes(100)] * 10, lanes=64, window=10)
    assert lanes.lanes == 25
    for window in lanes.epoch(np.random.default_rng(0)):
        assert (window.y != IGNORE).any(axis=0).all()


def test_lanes_of_one_short_text() -> None:
    """A text shorter than a window is one lane of one window."""
    [window] = Lanes([b"\x02a\nb\x03"], lanes=64, window=128).epoch(np.random.default_rng(0))
    assert window.x.shape == window.y.shape == (128, 1)
    assert window.starts.tolist() == [True]
    assert window.characters == 4


def test_epochs_differ_by_the_generator_alone() -> None:
    """Another seed shuffles the texts otherwise; the same one gives the same epoch."""
    lanes = Lanes([bytes([i]) * 20 for i in range(50)], lanes=4, window=5)
    first, again, other = (
        np.concatenate([w.x for w in lanes.epoch(np.random.default_rng(seed))]) for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_first_windows_of_an_epoch_start_afresh() -> None:
    """A lane that begins inside a document does not read on from the last epoch's state."""
    first, second, *_ = Lanes([bytes(100)], lanes=4, window=5).epoch(np.random.default_rng(0))
    assert first.starts.all()
    assert not second.starts.any()


def test_windows_skip_is_read_but_not_predicted() -> None:
    """The first characters of a text, however many windows they fill, are in x but not in y."""
    windows = Windows([b"0123456789", b"ab"], window=4, skip=[6, 1])
    taken = windows.take(np.arange(windows.count))
    assert [bytes(column[column != IGNORE].astype(np.uint8)) for column in taken.y.T] == [b"", b"678", b"9", b"b"]
    assert bytes(taken.x[:, 0].astype(np.uint8)) == b"0123"
    assert windows.characters == 5


@pytest.mark.parametrize("length", [7, 8, 9, 10])
def test_windows_at_the_edge(length: int) -> None:
    """Texts around a window's length fill as many windows as they need, and no more."""
    windows = Windows([bytes(range(length))], window=8)
    assert windows.count == (1 if length <= 9 else 2)
    assert windows.characters == length - 1


def test_lanes_of_a_large_corpus_stay_one_byte_a_character() -> None:
    """Laying out 20 MB costs the text once more and little else."""
    texts = [bytes(20_000)] * 1000
    tracemalloc.start()
    lanes = Lanes(texts, 64, 128)
    next(lanes.epoch(np.random.default_rng(0)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 20_000_000


@given(texts=texts_of_any_kind, lanes=st.integers(1, 9), of=st.integers(1, 4), seed=st.integers(0, 9))
@settings(max_examples=100)
def test_parts_side_by_side_are_the_lanes(texts: list[bytes], lanes: int, of: int, seed: int) -> None:
    """What several processes read, lane beside lane, is what one reads, and each knows how much all read."""
    one = Lanes(texts, lanes, 4, Part(0, 1))
    parts = [Lanes(texts, lanes, 4, Part(number, of)) for number in range(of)]
    assert parts[0].lanes % of == 0
    whole = one.epoch(np.random.default_rng(seed), parts[0].lanes)
    for window, *shares in zip(whole, *(each.epoch(np.random.default_rng(seed)) for each in parts), strict=True):
        assert (np.concatenate([share.x for share in shares], 1) == window.x).all()
        assert (np.concatenate([share.y for share in shares], 1) == window.y).all()
        assert (np.concatenate([share.starts for share in shares]) == window.starts).all()
        assert {share.characters for share in shares} == {window.characters}
    assert all((each.read == one.read).all() for each in parts)
