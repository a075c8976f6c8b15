"""States along a document: wherever one comes from, the state is that of whoever reads the text for the first time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from charwise_daemon.engine import Engine, State
from charwise_daemon.snapshots import GRID, Snapshots

_HEADER = b"\x02a.py\n"
_TEXT = b"def f(x):\n    return x\n\n" * 60
_SMALL = 32  # so that a short text has many cells


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


class _Counting:
    """An engine that counts its steps."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self.steps = engine, 0

    def start(self) -> State:
        return self._engine.start()

    def read(self, state: State, text: bytes) -> State:
        self.steps += len(text)
        return self._engine.read(state, text)

    def since(self, steps: Iterator[Any]) -> int:
        """Return how many steps it takes to run these to their end."""
        before = self.steps
        for _ in steps:
            pass
        return self.steps - before


_ENGINE: Any = _Counting(_engine())


def _last(states: Iterator[State]) -> State:
    *_, state = states
    return state


# --- what the state is -----------------------------------------------------------------------------
def test_read_from_the_start() -> None:
    """In the first two cells the state is that of reading header and text."""
    for offset in (0, 1, 31, 32, 33, GRID, 2 * GRID - 1):
        state = _last(Snapshots(_HEADER).read(_ENGINE, _TEXT, offset))
        assert_array_equal(state, _ENGINE.read(_ENGINE.start(), _HEADER + _TEXT[:offset]))


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        (b"x" * 39 + b"\n" + b"y" * 60, 40),  # the first line that starts in the cell's first half
        (b"x" * 31 + b"\n" + b"y" * 68, 32),
        (b"x" * 47 + b"\n" + b"y" * 52, 32),  # one that starts later is too late
        (b"x" * 100, 32),
        (b"x" * 31 + "ä".encode() + b"y" * 67, 33),  # never inside a code point
        (b"x" * 31 + "🙂".encode() + b"y" * 65, 35),
        (b"x" * 32 + b"\x80" * 68, 32),  # unless there is nothing else
    ],
)
def test_read_from_a_lines_start(text: bytes, begin: int) -> None:
    """Further on it is that of reading on from the cell before, where a line starts, or else a code point."""
    state = _last(Snapshots(_HEADER, _SMALL).read(_ENGINE, text, 2 * _SMALL + 5))
    assert_array_equal(state, _ENGINE.read(_ENGINE.start(), _HEADER + text[begin : 2 * _SMALL + 5]))


def test_read_after_a_lanes_start_moved() -> None:
    """A line that begins nearer to a cell's start than any before moves the start of its lane."""
    snapshots, text, grid = Snapshots(_HEADER, 128), b"x" * 900, 128
    list(snapshots.read(_ENGINE, text, 3 * grid + 5))
    text = text[:300] + b"\n" + text[300:]
    snapshots.cut(300)
    state = _last(snapshots.read(_ENGINE, text, 3 * grid + 5))
    assert_array_equal(state, _ENGINE.read(_ENGINE.start(), _HEADER + text[301 : 3 * grid + 5]))


_pieces = st.sampled_from([b"", b"x", b"caf\xc3\xa9", b"\n", b"    return x\n", "🙂".encode() * 3, b"z" * 40])
# Beside the places where states are kept and cells begin, more often than anywhere.
_places = st.integers(0, 900) | st.builds(lambda at, by: max(0, 32 * at + by), st.integers(0, 28), st.integers(-2, 2))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_read_after_edits(lstm: Engine, data: st.DataObject) -> None:
    """After any insertions, deletions, undone ones and jumps, the state is exactly that of a fresh reader."""
    grid = data.draw(st.sampled_from([_SMALL, 128]))
    engine: Any = _Counting(lstm)
    snapshots, undone = Snapshots(_HEADER, grid), list[bytes]()
    text = data.draw(st.sampled_from([_TEXT[:300], _TEXT[:900], b"x" * 900]))
    for _ in range(data.draw(st.integers(1, 10))):
        match data.draw(st.sampled_from(["edit", "edit", "undo", "jump", "type"])):
            case "edit":
                undone.append(text)
                start = min(len(text), data.draw(_places))
                end = min(len(text), start + data.draw(st.sampled_from([0, 0, 1, 5, 50])))
                text = text[:start] + data.draw(_pieces) + text[end:]
                snapshots.cut(start)
            case "undo" if undone:
                start = next((i for i, (a, b) in enumerate(zip(text, undone[-1], strict=False)) if a != b), 0)
                text = undone.pop()
                snapshots.cut(start)
            case "type":
                offset = min(len(text), data.draw(_places))
                for place in range(offset, offset + data.draw(st.integers(1, 40))):
                    text = text[:place] + b"t" + text[place:]
                    snapshots.cut(place)
                    list(snapshots.read(engine, text, place + 1))
                    list(snapshots.ahead(engine, text, place + 1))
        for _ in range(2):
            offset, before = min(len(text), data.draw(_places)), engine.steps
            state = _last(snapshots.read(engine, text, offset))
            assert engine.steps - before <= 2 * grid + len(_HEADER)
            assert_array_equal(state, _last(Snapshots(_HEADER, grid).read(engine, text, offset)))
        if data.draw(st.booleans()):
            assert engine.since(snapshots.ahead(engine, text, offset)) <= 3 * grid // 2
        assert len(snapshots._along) <= 96
        assert len(snapshots._asked) <= 32


# --- what it costs ---------------------------------------------------------------------------------
def test_read_costs_a_bounded_number_of_steps() -> None:
    """A jump costs two cells at most, typing on a step, and so does typing again what was deleted."""
    snapshots, text, offset = Snapshots(_HEADER), _TEXT, 1000
    jump = _ENGINE.since(snapshots.read(_ENGINE, text, offset))
    assert GRID // 2 < jump <= 2 * GRID + len(_HEADER)
    for place in (offset, offset + 1):
        text = text[:place] + b"x" + text[place:]
        snapshots.cut(place)
        assert _ENGINE.since(snapshots.read(_ENGINE, text, place + 1)) == 1
    snapshots.cut(offset)
    assert _ENGINE.since(snapshots.read(_ENGINE, _TEXT, offset)) == 0
    assert _ENGINE.since(snapshots.read(_ENGINE, _TEXT, offset - 1)) < 32


def test_ahead_makes_the_next_cell_free() -> None:
    """Who types on through many cells, with the next one read ahead off the path, pays one step each on it."""
    snapshots, text = Snapshots(_HEADER), _TEXT
    list(snapshots.read(_ENGINE, text, 3 * GRID))
    for place in range(3 * GRID, 6 * GRID):
        text = text[:place] + b"x" + text[place:]
        snapshots.cut(place)
        assert _ENGINE.since(snapshots.read(_ENGINE, text, place + 1)) == 1
        assert _ENGINE.since(snapshots.ahead(_ENGINE, text, place + 1)) <= GRID // 2 + 1


def test_read_yields_often() -> None:
    """Reading can be stopped every few characters, and goes on from where it was stopped."""
    snapshots, taken = Snapshots(_HEADER), list[int]()
    before = _ENGINE.steps + len(_HEADER)
    for _ in snapshots.read(_ENGINE, _TEXT, 400):
        taken.append(_ENGINE.steps - before)
        before = _ENGINE.steps
    assert max(taken) <= 8
    assert sum(taken) == 400
    stopped = Snapshots(_HEADER)
    for _ in zip(range(20), stopped.read(_ENGINE, _TEXT, 400), strict=False):
        pass
    assert _ENGINE.since(stopped.read(_ENGINE, _TEXT, 400)) < 300


# --- engines and copies ------------------------------------------------------------------------------
def test_read_with_another_engine() -> None:
    """After a new checkpoint was swapped in, no state of the old one is used."""
    snapshots, other = Snapshots(_HEADER), _engine(1)
    list(snapshots.read(_ENGINE, _TEXT, 100))
    state = _last(snapshots.read(other, _TEXT, 100))
    assert_array_equal(state, other.read(other.start(), _HEADER + _TEXT[:100]))


def test_copy() -> None:
    """A copy has what was read, and what becomes of either does not touch the other."""
    snapshots = Snapshots(_HEADER)
    list(snapshots.read(_ENGINE, _TEXT, 400))
    copy = snapshots.copy()
    snapshots.clear()
    assert _ENGINE.since(copy.read(_ENGINE, _TEXT, 400)) == 0
    assert _ENGINE.since(snapshots.read(_ENGINE, _TEXT, 400)) == 400
