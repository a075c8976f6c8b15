"""Fits the predictor's gate: the small network that weighs the LSTM and the memories at each character.

Knows nothing of where features and probabilities come from; only their numbers count. The design: standardised
features, one tanh layer, a softmax over the sources; the mixture's bits per character are minimised.
"""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.errors import TrainerError
from charwise_trainer.gate_file import gate_weights, load_gate, save_gate

__all__ = ["fit", "gate_weights", "load_gate", "save_gate"]

HIDDEN = 24
"""Units: the prototype's; the features are about a dozen."""
STEPS = 300
RATE = 1e-2
WEIGHT_DECAY = 1e-4
PATIENCE = 60
"""Steps without gain on the held-out fifth after which fitting ends."""
FEWEST_ROWS = 100
"""With fewer, a network of some hundred numbers says nothing that a constant mixture does not."""
LEAST = 1e-9
"""A probability is taken as no less: a source that was absent or wrong costs 30 bits, not infinitely many."""
MIXTURE_STEPS = 100
"""Of expectation maximisation: it is concave, and has long come to rest."""


def fit(
    features: NDArray[Any],
    probabilities: NDArray[Any],
    groups: NDArray[Any] | None = None,
    hidden: int = HIDDEN,
    seed: int = 0,
) -> dict[str, NDArray[np.float32]]:
    """Return the gate's arrays (gate_file names them), the same ones for the same input.

    `features` (n, F) describe n characters; `probabilities` (n, K) are what each source gave to the one that came.
    `groups` (n,) keeps what belongs together (a file) on one side of the held-out fifth. There the gate is never
    worse than the best constant mixture. Raises TrainerError for arrays that do not fit each other.
    """
    x, p = _checked(features, probabilities)
    if len(x) == 0:
        return _constant(x, np.full(p.shape[1], 1 / p.shape[1]), hidden)
    held_out = is_held_out(len(x), groups)
    if len(x) < FEWEST_ROWS or held_out.all() or not held_out.any():
        return _constant(x, _best_mixture(p), hidden)
    gate = _constant(x[~held_out], _best_mixture(p[~held_out]), hidden, seed)
    return _descend(gate, x, p, held_out)


def _checked(features: NDArray[Any], probabilities: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, p = np.asarray(features, np.float64), np.asarray(probabilities, np.float64)
    if x.ndim != 2 or p.ndim != 2 or len(x) != len(p) or p.shape[1] == 0:
        raise TrainerError(f"features {x.shape} and probabilities {p.shape} do not fit: give a row each per character")
    if not (np.isfinite(x).all() and np.isfinite(p).all()):
        raise TrainerError("features or probabilities of the gate are not finite: it cannot be fitted to them")
    return x, np.maximum(p, LEAST)


def is_held_out(rows: int, groups: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Return which rows are held out: every fifth group, or every fifth stretch of a twentieth without groups."""
    numbers = np.arange(rows) * 20 // rows if groups is None else np.unique(groups, return_inverse=True)[1]
    picked: NDArray[np.bool_] = numbers % 5 == 4
    return picked


def _best_mixture(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the constant weights (K,) that give the text most probability, by expectation maximisation."""
    weights = np.full(p.shape[1], 1 / p.shape[1])
    for _ in range(MIXTURE_STEPS):
        share = weights * p  # (n, K)
        weights = (share / share.sum(1, keepdims=True)).mean(0)
    return weights


def _constant(
    x: NDArray[np.float64], mixture: NDArray[np.float64], hidden: int, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Return a gate that gives the same weights everywhere; its hidden layer is ready to learn from there."""
    width = x.shape[1]
    spread = x.std(0) if len(x) else np.ones(width)
    rng = np.random.default_rng(seed)
    gate = {
        "mean": x.mean(0) if len(x) else np.zeros(width),
        "scale": np.where(spread > 1e-6, spread, 1.0),  # a constant feature stays 0
        "w1": rng.uniform(-1, 1, (hidden, width)) / math.sqrt(max(width, 1)),
        "b1": np.zeros(hidden),
        "w2": np.zeros((len(mixture), hidden)),
        "b2": np.log(np.maximum(mixture, LEAST)),
    }
    return {key: array.astype(np.float32) for key, array in gate.items()}


def _descend(
    gate: dict[str, NDArray[np.float32]],
    x: NDArray[np.float64],
    p: NDArray[np.float64],
    held_out: NDArray[np.bool_],
) -> dict[str, NDArray[np.float32]]:
    """Improve the gate by Adam on all rows not held out; return the one that was best on those that are."""
    z = torch.tensor((x - gate["mean"]) / gate["scale"], dtype=torch.float32)
    chances, aside = torch.tensor(p, dtype=torch.float32), torch.tensor(held_out)
    layers = {key: torch.tensor(gate[key], requires_grad=True) for key in ("w1", "b1", "w2", "b2")}
    optimizer = torch.optim.Adam(layers.values(), lr=RATE, weight_decay=WEIGHT_DECAY)
    best, best_bits, since = gate, math.inf, 0
    for _ in range(STEPS):
        bits = _bits(layers, z, chances)  # (n,)
        measured = bits[aside].mean().item()
        since += 1
        if measured < best_bits:
            found = {key: tensor.detach().numpy().copy() for key, tensor in layers.items()}
            best, best_bits, since = gate | found, measured, 0
        if since > PATIENCE:
            break
        optimizer.zero_grad()
        bits[~aside].mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return best


def _bits(layers: dict[str, torch.Tensor], z: torch.Tensor, chances: torch.Tensor) -> torch.Tensor:
    """Return what each character costs the mixture (n,)."""
    hidden = torch.tanh(z @ layers["w1"].T + layers["b1"])
    weights = torch.softmax(hidden @ layers["w2"].T + layers["b2"], dim=1)  # (n, K)
    return -(weights * chances).sum(1).log2()
