"""What the last layer learns from typing, on an LSTM that was really trained for a moment."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from charwise_daemon.adaptation import Adaptation
from charwise_daemon.engine import Engine

# Code that the LSTM has not read, of which much comes twice.
_TEXT = inspect.getsource(Path.relative_to).encode()[:800]
_UNIFORM = np.full(256, 1 / 256)


def type_out(engine: Engine, adaptation: Adaptation, text: bytes) -> float:
    """Type a text as the daemon does; return the bits per character."""
    state, bits = engine.start(), 0.0
    for character in text:
        h = state[-1, 0]
        shares = adaptation.probabilities(h, engine.probabilities(state))
        adaptation.learn(h, shares, character)
        bits -= np.log2(shares[character])
        state = engine.step(state, character)
    return bits / len(text)


def test_begins_as_the_model(lstm: Engine) -> None:
    """Before anything was typed the model's own distribution comes out."""
    state = lstm.read(lstm.start(), _TEXT[:50])
    given = lstm.probabilities(state)
    assert_allclose(Adaptation(lstm.width).probabilities(state[-1, 0], given), given, rtol=1e-12)


def test_learns_what_is_typed(lstm: Engine) -> None:
    """A text costs less than it does the model alone, and much less when it is typed again."""
    adaptation = Adaptation(lstm.width)
    static = type_out(lstm, Adaptation(lstm.width, rate=0.0), _TEXT)
    first = type_out(lstm, adaptation, _TEXT)
    assert type_out(lstm, adaptation, _TEXT) < first - 0.3
    assert first < static - 0.3


def test_units_learn_alike() -> None:
    """A hidden unit that is always small teaches nearly as much as one that is always large."""
    moved = list[float]()
    for size in (0.2, 0.8):
        adaptation, h = Adaptation(1), np.array([size], np.float32)
        for _ in range(3000):
            adaptation.learn(h, _UNIFORM, ord("x"))
        moved.append(float(np.log(256 * adaptation.probabilities(h, _UNIFORM)[ord("x")])))
    assert moved[1] > moved[0] > 0.5 * moved[1] > 1.0


def test_units_that_go_together() -> None:
    """Once it is known which units go together, one that does not teaches as much as all of those.

    Fifteen units are all the same, the sixteenth says what comes.
    """
    chance, told = np.random.default_rng(0), list[float]()
    adaptation = Adaptation(16)
    for _ in range(2048):
        h = np.full(16, 0.5, np.float32)
        h[15] = 0.25 * chance.choice((-1, 1))
        shares = adaptation.probabilities(h, _UNIFORM)
        character = ord("x") if h[15] > 0 else ord("y")
        told.append(-np.log2(shares[character]))
        adaptation.learn(h, shares, character)
    assert np.mean(told[1792:]) < 0.18  # 0.24 by each unit's own square alone


def test_forgets() -> None:
    """What is not typed again is forgotten: the model's own distribution comes back."""
    one, other = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    adaptation, seen = Adaptation(2, rate=0.3, forget=0.01), list[float]()
    for _ in range(100):
        adaptation.learn(one, adaptation.probabilities(one, _UNIFORM), ord("x"))
    for _ in range(3):
        seen.append(float(adaptation.probabilities(one, _UNIFORM)[ord("x")]))
        for _ in range(200):
            adaptation.learn(other, adaptation.probabilities(other, _UNIFORM), ord("y"))
    assert seen[0] > 0.5
    assert seen[0] > 4 * seen[1] > 4 * seen[2]
    assert seen[2] == pytest.approx(1 / 256, rel=0.2)


@pytest.mark.parametrize("rate", [1e-3, 1.0, 1e3])
def test_stays_a_distribution(lstm: Engine, rate: float) -> None:
    """At any rate, however long, no character becomes impossible or certain: scores are moved so far at most."""
    adaptation = Adaptation(lstm.width, rate=rate, limit=5.0)
    type_out(lstm, adaptation, _TEXT)
    state = lstm.read(lstm.start(), _TEXT)
    given = lstm.probabilities(state)
    shares = adaptation.probabilities(state[-1, 0], given)
    assert shares.sum() == pytest.approx(1.0)
    assert (np.abs(np.log(shares / given)) <= 10.0 + 1e-6).all()


def test_forgetting_alone_keeps_the_scale(lstm: Engine) -> None:
    """However small the scale gets that forgets for all weights, the same comes out as if worked in each time."""
    lazy, eager = (Adaptation(lstm.width, forget=0.05) for _ in range(2))
    state = lstm.start()
    for character in _TEXT[:400]:
        h, given = state[-1, 0], lstm.probabilities(state)
        shares = lazy.probabilities(h, given)
        assert_allclose(shares, eager.probabilities(h, given), rtol=1e-3)
        lazy.learn(h, shares, character)
        eager.learn(h, shares, character)
        eager.state()  # works it in
        state = lstm.step(state, character)


def test_deterministic(lstm: Engine) -> None:
    """The same typing leaves the same behind."""
    states = list[dict[str, np.ndarray]]()
    for _ in range(2):
        adaptation = Adaptation(lstm.width)
        type_out(lstm, adaptation, _TEXT[:200])
        states.append(adaptation.state())
    for name, array in states[0].items():
        assert_array_equal(array, states[1][name])


def test_restored_goes_on(lstm: Engine) -> None:
    """A correction that was stored foresees what it did, and goes on learning."""
    adaptation, other = Adaptation(lstm.width), Adaptation(lstm.width)
    type_out(lstm, adaptation, _TEXT)
    assert other.restore(adaptation.state())
    assert repr(other) == repr(adaptation) == f"Adaptation({lstm.width} units, {len(_TEXT)} characters)"
    state = lstm.read(lstm.start(), _TEXT[:300])
    h, given = state[-1, 0], lstm.probabilities(state)
    assert_array_equal(other.probabilities(h, given), adaptation.probabilities(h, given))
    assert type_out(lstm, other, _TEXT) == pytest.approx(type_out(lstm, adaptation, _TEXT), rel=0.1)


def test_state_is_a_copy(lstm: Engine) -> None:
    """What is stored does not change when more is typed."""
    adaptation = Adaptation(lstm.width)
    type_out(lstm, adaptation, _TEXT[:50])
    stored = adaptation.state()
    before = stored["weights"].copy()
    type_out(lstm, adaptation, _TEXT[:50])
    assert_array_equal(stored["weights"], before)


def test_restore_refuses() -> None:
    """What is of another model, broken or incomplete is not taken, and what was there stays."""
    adaptation = Adaptation(4)
    adaptation.learn(np.ones(4, np.float32), _UNIFORM, 7)
    before = adaptation.probabilities(np.ones(4, np.float32), _UNIFORM)
    fine = Adaptation(4).state()
    broken = fine | {"weights": np.full((256, 4), np.nan, np.float32)}
    for each in (Adaptation(8).state(), {}, {"weights": fine["weights"]}, fine | {"more": fine["seen"]}, broken):
        assert not adaptation.restore(each)
    assert_array_equal(adaptation.probabilities(np.ones(4, np.float32), _UNIFORM), before)
