"""Gates: as they are stored, as they learn, and as they come back."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from charwise_daemon import defaults
from charwise_daemon.features import FEATURES, SOURCES
from charwise_daemon.gate import Gate
from charwise_daemon.gates import Gates
from charwise_daemon.predictor import first_gate
from charwise_trainer.gate_file import load_gate, save_gate

_CHANCE = np.random.default_rng(0)
_FEATURES = _CHANCE.normal(size=(500, FEATURES))
_CHARACTERS = _CHANCE.integers(0, 256, 500)
_DISTRIBUTIONS = _CHANCE.dirichlet(np.full(256, 0.1), (500, len(SOURCES)))
for _at, _character in enumerate(_CHARACTERS):  # one source is better than the others
    _DISTRIBUTIONS[_at, 2] /= 2
    _DISTRIBUTIONS[_at, 2, _character] += 0.5
_TYPED = list(zip(_FEATURES, _DISTRIBUTIONS, _CHARACTERS.tolist(), strict=True))


def _mixed(gate: Gate) -> np.ndarray:
    """Return what is made of all, (500, 256)."""
    return np.array([gate.mix(features, each) for features, each, _ in _TYPED])


def _bits(gate: Gate) -> float:
    return float(-np.log2(_mixed(gate)[np.arange(500), _CHARACTERS]).mean())


def _taught(gate: Gate) -> Gate:
    for features, distributions, character in _TYPED:
        gate.learn(features, distributions, character)
    return gate


@pytest.mark.parametrize("name", ["gate", "gate-memories"])
def test_gate_is_that_of_the_file(name: str, tmp_path: Path) -> None:
    """A gate that was stored, after it has learned, mixes as before; and as its arrays say."""
    gate = _taught(Gate(defaults.gate(name)))
    save_gate(tmp_path, gate.arrays)
    stored = load_gate(tmp_path)
    assert stored
    assert_allclose(_mixed(Gate(stored)), _mixed(gate), atol=1e-4)
    assert_allclose(_mixed(gate), [_by_the_book(stored, *each[:2]) for each in _TYPED], atol=1e-4)


def _by_the_book(arrays: dict[str, np.ndarray], features: np.ndarray, distributions: np.ndarray) -> np.ndarray:
    """Return the mixture as gate_file.py describes the arrays, (256,)."""
    hidden = np.tanh(arrays["w1"] @ ((features - arrays["mean"]) / arrays["scale"]) + arrays["b1"])
    weights = np.exp(arrays["w2"] @ hidden + arrays["b2"])
    linear = weights / weights.sum() @ distributions
    powers = arrays["w3"] @ hidden + arrays["b3"]
    counted = [*(arrays["b2"] > -25), True]
    factors = zip([*distributions, linear], powers, counted, strict=True)
    scores = sum(power * np.log(factor + 1e-6) for factor, power, counts in factors if counts)
    return np.exp(scores) / np.exp(scores).sum()


def test_before_an_lstm_it_counts_for_nothing() -> None:
    """The default gate without an LSTM mixes the memories alone."""
    other = _DISTRIBUTIONS[0].copy()
    other[0] = np.roll(other[0], 7)
    gate = first_gate(has_lstm=False)
    assert_array_equal(gate.mix(_FEATURES[0], other), gate.mix(_FEATURES[0], _DISTRIBUTIONS[0]))


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
    assert_array_equal(_mixed(one), _mixed(other))


def test_where_no_source_is_nothing_is_learned() -> None:
    """Without any source all characters are alike, and what comes leaves the gate as it is."""
    gate, nothing = first_gate(has_lstm=True), np.zeros((len(SOURCES), 256))
    before = _mixed(gate)
    gate.learn(_FEATURES[0], nothing, 65)
    assert_allclose(_mixed(gate), before)
    assert_allclose(gate.mix(_FEATURES[0], nothing), 1 / 256)


def test_surprises_do_no_lasting_harm() -> None:
    """However often what every source held impossible comes, the gate stays finite, and soon mixes as well again."""
    gate, sure = _taught(first_gate(has_lstm=True)), np.zeros((len(SOURCES), 256))
    before = _bits(gate)
    sure[:, 66] = 1.0
    for _ in range(1000):
        gate.learn(_FEATURES[0], sure, 65)
    assert all(np.isfinite(array).all() for array in gate.arrays.values())
    for _ in range(3):
        _taught(gate)
    assert _bits(gate) < before + 0.05


def test_a_step_is_the_gradient() -> None:
    """One step moves weights and powers along the derivative of the logarithm of what was typed."""
    gate, features, distributions = first_gate(has_lstm=True), 0.1 * _FEATURES[3], _DISTRIBUTIONS[3]
    character = int(distributions[1].argmax())
    before = gate.arrays
    gate.learn(features, distributions, character)
    for key, rate in (("b2", 0.02), ("b3", 0.0005)):
        for place in range(len(before[key])):
            nudged = {**before, key: before[key].copy()}
            nudged[key][place] += 1e-3
            one, other = (Gate(each).mix(features, distributions)[character] for each in (before, nudged))
            expected = rate * np.log(other / one) / 1e-3
            assert gate.arrays[key][place] - before[key][place] == pytest.approx(expected, abs=2e-4 * rate / 0.0005)


def test_without_sources() -> None:
    """A source that is left out counts for nothing, and learning does not bring it back."""
    gate, other = _taught(first_gate(has_lstm=True).without([2])), _DISTRIBUTIONS[0].copy()
    other[2] = np.roll(other[2], 7)
    assert_array_equal(gate.mix(_FEATURES[0], other), gate.mix(_FEATURES[0], _DISTRIBUTIONS[0]))


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
    assert_array_equal(_mixed(later.of(".py")), _mixed(gates.of(".py")))


def test_a_training_takes_nothing_away() -> None:
    """A model that was trained again goes on with the gates that typing has made."""
    gates = Gates()
    gates.begin_with(None, has_lstm=True)
    _taught(gates.of(".py"))
    gates.begin_with(None, has_lstm=True)
    assert gates.of(".py").learned == 500


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
        state = {origin: {".py": {"w2": [1], "b2": [], "w3": [1], "b3": [0], "learned": 3}} for origin in gates.state()}
    with pytest.raises(ValueError, match="it "):
        gates.restore(state)
    assert gates.of(".py").learned == 500


def test_many_types_of_file() -> None:
    """Types beyond the most that are kept are served too, by a gate that is not kept."""
    gates = Gates()
    for number in range(40):
        _taught(gates.of(f".x{number}"))
    assert len(next(iter(gates.state().values()))) == 32
