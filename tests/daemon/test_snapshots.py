"""States along a document: wherever one comes from, the state is that of reading the text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from charwise_daemon.engine import Engine
from charwise_daemon.snapshots import WINDOW, Snapshots

_HEADER = b"\x02a.py\n"
_TEXT = b"def f(x):\n    return x\n\n" * 60


def _engine(seed: int = 0) -> Engine:
    """Return a small engine; what its weights are does not matter to where its states come from."""
    chance, width = np.random.default_rng(seed), 8

    def weights(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return chance.normal(0, 0.5, shape).astype(np.float32)

    model = {"layers": 1, "width": width, "cell": "lstm"}
    return Engine(
        model,
        {
            "embedding.weight": weights(256, 4),
            "rnn.weight_ih_l0": weights(4 * width, 4),
            "rnn.weight_hh_l0": weights(4 * width, width),
            "rnn.bias_ih_l0": weights(4 * width),
            "rnn.bias_hh_l0": weights(4 * width),
            "head.weight": weights(256, width),
            "head.bias": weights(256),
        },
    )


_ENGINE = _engine()


def test_read_from_the_start() -> None:
    """Near the start of a document the state is that of reading header and text."""
    *_, state = Snapshots(_HEADER).read(_ENGINE, _TEXT, 100)
    assert_allclose(state, _ENGINE.read(_ENGINE.start(), _HEADER + _TEXT[:100]))


def test_read_costs_a_bounded_number_of_steps() -> None:
    """A jump reads no more than the window, from a line's start; typing on reads what was typed."""
    snapshots, counted = Snapshots(_HEADER), 0
    for _ in snapshots.read(_ENGINE, _TEXT, len(_TEXT)):
        counted += 1
    assert counted < WINDOW / 16
    assert len(list(snapshots.read(_ENGINE, _TEXT + b"x", len(_TEXT) + 1))) == 2


@settings(deadline=None)
@given(data=st.data())
def test_read_after_edits(data: st.DataObject) -> None:
    """After any edits the state at a place equals that of a reader who went the same way for the first time."""
    snapshots, text = Snapshots(_HEADER), _TEXT[:WINDOW]
    for _ in range(6):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + data.draw(st.sampled_from([b"", b"x", b"caf\xc3\xa9", b"\n\n"])) + text[start + 1 :]
        snapshots.cut(start)
        offset = data.draw(st.integers(0, min(len(text), WINDOW)))
        *_, state = snapshots.read(_ENGINE, text, offset)
        assert_allclose(state, _ENGINE.read(_ENGINE.start(), _HEADER + text[:offset]), rtol=1e-6)


def test_read_with_another_engine() -> None:
    """After a new checkpoint was swapped in, no state of the old one is used."""
    snapshots, other = Snapshots(_HEADER), _engine(1)
    list(snapshots.read(_ENGINE, _TEXT, 100))
    *_, state = snapshots.read(other, _TEXT, 100)
    assert_allclose(state, other.read(other.start(), _HEADER + _TEXT[:100]))


@pytest.mark.parametrize("offset", [0, 1, 31, 32, 33])
def test_read_edges(offset: int) -> None:
    """The first characters and the places where states are kept are like any other."""
    snapshots = Snapshots(_HEADER)
    for _ in range(2):
        *_, state = snapshots.read(_ENGINE, _TEXT, offset)
        assert_allclose(state, _ENGINE.read(_ENGINE.start(), _HEADER + _TEXT[:offset]))
