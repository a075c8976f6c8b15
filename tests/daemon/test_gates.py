"""Gates: as they are stored, as they learn, and as they come back."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from charwise_daemon import defaults
from charwise_daemon.gate import Gate
from charwise_daemon.gates import Gates
from charwise_daemon.predictor import FEATURES, SOURCES, first_gate
from charwise_trainer.gate_file import gate_weights, load_gate, save_gate

_CHANCE = np.random.default_rng(0)
_FEATURES = _CHANCE.normal(size=(500, FEATURES))
_CHARACTERS = _CHANCE.integers(0, 256, 500)
_DISTRIBUTIONS = _CHANCE.dirichlet(np.full(256, 0.1), (500, len(SOURCES)))
for _at, _character in enumerate(_CHARACTERS):  # one source is better than the others
    _DISTRIBUTIONS[_at, 2] /= 2
    _DISTRIBUTIONS[_at, 2, _character] += 0.5
_TYPED = list(zip(_FEATURES, _DISTRIBUTIONS, _CHARACTERS.tolist(), strict=True))


def _bits(gate: Gate) -> float:
    return float(np.mean([-np.log2(gate.mix(features, each)[character]) for features, each, character in _TYPED]))


def _taught(gate: Gate) -> Gate:
    for features, distributions, character in _TYPED:
        gate.learn(features, distributions, character)
    return gate


@pytest.mark.parametrize("name", ["gate", "gate-memories"])
def test_gate_is_that_of_the_file(name: str, tmp_path: Path) -> None:
    """The daemon's gate gives the weights that the stored arrays say, before and after it has learned."""
    gate = _taught(Gate(defaults.gate(name)))
    save_gate(tmp_path, gate.arrays)
    stored = load_gate(tmp_path)
    assert stored
    assert_allclose(gate.weigh(_FEATURES), gate_weights(stored, _FEATURES), atol=1e-5)


def test_before_an_lstm_it_counts_for_nothing() -> None:
    """The default gate without an LSTM gives the memories everything."""
    assert (first_gate(has_lstm=False).weigh(_FEATURES)[:, 0] < 1e-9).all()


def test_learning_pays() -> None:
    """A gate that has learned which source is right gives what was typed more probability."""
    gate = first_gate(has_lstm=True)
    before = _bits(gate)
    assert _bits(_taught(gate)) < before - 0.05
    assert gate.learned == 500


def test_mixed_is_a_distribution() -> None:
    """However sure the sources are, the mix sums to one and no character that one of them expects is impossible."""
    gate = _taught(first_gate(has_lstm=True))
    sure = np.zeros((len(SOURCES), 256))
    sure[:, 65] = 1.0
    for features, distributions in ((_FEATURES[0], sure), *zip(_FEATURES, _DISTRIBUTIONS, strict=True)):
        mixed = gate.mix(features, distributions)
        assert mixed.sum() == pytest.approx(1, abs=1e-5)
        assert (mixed >= 0).all()


def test_learning_sharpens() -> None:
    """Where the likeliest character comes more often than was said, it is given more."""
    gate, even = first_gate(has_lstm=True), np.full((len(SOURCES), 256), 0.4 / 255)
    even[:, 65] = 0.6
    before = gate.mix(_FEATURES[0], even)[65]
    for _ in range(500):
        gate.learn(_FEATURES[0], even, 65)
    assert gate.mix(_FEATURES[0], even)[65] > before + 0.03


def test_learning_is_deterministic() -> None:
    """The same characters in the same order give the same gate."""
    one, other = (_taught(first_gate(has_lstm=True)) for _ in range(2))
    assert_array_equal(one.weigh(_FEATURES), other.weigh(_FEATURES))


def test_what_nobody_foresaw_teaches_nothing() -> None:
    """A character that no source held possible leaves the gate as it is, and finite."""
    gate = first_gate(has_lstm=True)
    before = gate.weigh(_FEATURES)
    gate.learn(_FEATURES[0], np.zeros((len(SOURCES), 256)), 65)
    assert_array_equal(gate.weigh(_FEATURES), before)


def test_without_sources() -> None:
    """A source that is left out counts for nothing, and learning does not bring it back."""
    gate = _taught(first_gate(has_lstm=True).without([2]))
    assert (gate.weigh(_FEATURES)[:, 2] < 1e-9).all()


def test_each_type_of_file_has_its_own() -> None:
    """What is typed in one type of file does not change the gate of another."""
    gates = Gates()
    _taught(gates.of(".py"))
    assert gates.of(".tex").learned == 0
    assert gates.of(".py").learned == 500


def test_gates_survive() -> None:
    """What was learned comes back, through JSON, the same to the last bit."""
    gates = Gates()
    gates.begin_with(None, has_lstm=True)
    _taught(gates.of(".py"))
    state = json.loads(json.dumps(gates.state()))
    later = Gates()
    later.restore(state)  # when the daemon starts, before the model is there
    later.begin_with(None, has_lstm=True)
    assert_array_equal(later.of(".py").weigh(_FEATURES), gates.of(".py").weigh(_FEATURES))


def test_another_gate_begins_anew() -> None:
    """A gate that was fitted anew takes the place of what was learned beside the one before; that can come back."""
    gates, fitted = Gates(), _taught(first_gate(has_lstm=True)).arrays
    _taught(gates.of(".py"))
    gates.begin_with(fitted, has_lstm=True)
    assert gates.of(".py").learned == 0
    gates.begin_with(None, has_lstm=False)
    assert gates.of(".py").learned == 500


@pytest.mark.parametrize("state", [None, [], {"x": 1}, "origin"])
def test_damaged_state_is_refused(state: object) -> None:
    """Something else is no state of gates: an error, and nothing has changed."""
    gates = Gates()
    _taught(gates.of(".py"))
    if state == "origin":
        state = {origin: {".py": {"w2": [1], "b2": [], "sharp": [1, 0], "learned": 3}} for origin in gates.state()}
    with pytest.raises(ValueError, match="it "):
        gates.restore(state)
    assert gates.of(".py").learned == 500


def test_many_types_of_file() -> None:
    """Types beyond the most that are kept are served too, by a gate that is not kept."""
    gates = Gates()
    for number in range(40):
        _taught(gates.of(f".x{number}"))
    assert len(next(iter(gates.state().values()))) == 32
