"""Fitting the gate: it learns when to trust whom, and never loses to the best constant mixture."""

import numpy as np
import pytest

from charwise_trainer.errors import TrainerError
from charwise_trainer.gate import _best_mixture, fit, gate_weights

LSTM, MEMORY = 0, 1


def situations(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return features and probabilities where the first feature says which of two sources is right."""
    rng = np.random.default_rng(seed)
    matched = rng.random(rows) < 0.4
    features = np.stack([np.where(matched, 12.0, 2.0) + rng.normal(0, 1, rows), rng.normal(0, 5, rows)], 1)
    right, wrong = rng.uniform(0.6, 0.95, rows), rng.uniform(0.01, 0.1, rows)
    probabilities = np.where(matched[:, None], np.stack([wrong, right], 1), np.stack([right, wrong], 1))
    return features, probabilities


def bits(weights: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log2((weights * probabilities).sum(1)).mean())


def test_fit_learns_whom_to_trust() -> None:
    """On text it was not fitted on, it comes close to always trusting the right source."""
    gate = fit(*situations(3000))
    features, probabilities = situations(2000, seed=1)
    weights = gate_weights(gate, features)
    constant = _best_mixture(probabilities)
    assert bits(weights, probabilities) < 0.6 * bits(constant[None], probabilities)
    assert weights[features[:, 0] > 10, MEMORY].mean() > 0.9
    assert weights[features[:, 0] < 4, LSTM].mean() > 0.9


def test_fit_returns_what_the_engine_reads() -> None:
    """Names, shapes and types are those of the stored gate."""
    gate = fit(*situations(500), hidden=7)
    shapes = {name: array.shape for name, array in gate.items()}
    assert shapes == {"mean": (2,), "scale": (2,), "w1": (7, 2), "b1": (7,), "w2": (2, 7), "b2": (2,)}
    assert all(array.dtype == np.float32 for array in gate.values())


def test_fit_is_deterministic() -> None:
    """The same rows and seed give the same gate; another seed another one."""
    first, again, other = (fit(*situations(500), seed=seed) for seed in (0, 0, 1))
    assert all(np.array_equal(first[key], again[key]) for key in first)
    assert not np.array_equal(first["w1"], other["w1"])


@pytest.mark.parametrize("seed", range(5))
def test_fit_is_no_worse_than_a_constant_mixture(seed: int) -> None:
    """Where the features say nothing, the gate is a constant mixture and not a memory of noise."""
    rng = np.random.default_rng(seed)
    features, probabilities = rng.normal(size=(400, 13)), rng.uniform(0.01, 1, (400, 3))
    gate = fit(features, probabilities)
    held_out = np.arange(400) * 20 // 400 % 5 == 4
    constant = _best_mixture(probabilities[~held_out])
    found = bits(gate_weights(gate, features[held_out]), probabilities[held_out])
    assert found <= bits(constant[None], probabilities[held_out]) + 1e-6


def test_fit_keeps_groups_together() -> None:
    """With groups, the held-out fifth is whole groups: what is true of one file only is not learned."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 100)
    file_number = np.eye(10)[groups]  # features that name the file
    best = rng.integers(0, 2, 10)[groups]
    probabilities = np.where(best[:, None] == np.arange(2), 0.9, 0.05)
    gate = fit(file_number, probabilities, groups=groups)
    held_out = groups % 5 == 4
    constant = _best_mixture(probabilities[~held_out])
    found = bits(gate_weights(gate, file_number[held_out]), probabilities[held_out])
    assert found <= bits(constant[None], probabilities[held_out]) + 1e-6


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_fit_of_few_rows_is_the_best_mixture(rows: int) -> None:
    """Too little to learn from gives constant weights, by what worked so far."""
    features, probabilities = situations(rows)
    weights = gate_weights(fit(features, probabilities), situations(20, seed=2)[0])
    np.testing.assert_allclose(weights, np.tile(_best_mixture(probabilities), (20, 1)), atol=1e-5)


def test_fit_of_nothing_is_even() -> None:
    """Without a row every source weighs the same."""
    weights = gate_weights(fit(np.zeros((0, 4)), np.zeros((0, 3))), np.ones((2, 4)))
    np.testing.assert_allclose(weights, 1 / 3, atol=1e-6)


def test_fit_with_an_absent_source() -> None:
    """A source that never gave anything gets next to no weight, and nothing becomes infinite."""
    features, probabilities = situations(1000)
    probabilities = np.column_stack([probabilities, np.zeros(1000)])
    weights = gate_weights(fit(features, probabilities), features)
    assert weights[:, 2].max() < 0.05
    assert np.isfinite(weights).all()


def test_fit_with_a_constant_feature() -> None:
    """A feature that never changes does no harm."""
    features, probabilities = situations(500)
    features[:, 1] = 3.0
    assert all(np.isfinite(array).all() for array in fit(features, probabilities).values())


@pytest.mark.parametrize(
    ("features", "probabilities"),
    [
        (np.zeros((3, 2)), np.zeros((4, 2))),
        (np.zeros(3), np.zeros((3, 2))),
        (np.zeros((3, 2)), np.zeros((3, 0))),
        (np.full((3, 2), np.nan), np.ones((3, 2))),
    ],
)
def test_fit_refuses(features: np.ndarray, probabilities: np.ndarray) -> None:
    """Arrays that do not fit each other are refused with their shapes."""
    with pytest.raises(TrainerError, match="fit"):
        fit(features, probabilities)
