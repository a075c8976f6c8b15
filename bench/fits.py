"""Fits the small networks that charwise begins with: escapes of the memories, and gates. Torch; knows only numbers."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.gate_file import gate_weights

Arrays = Mapping[str, NDArray[np.float32]]
Floats = NDArray[np.float64]

LEAST = 1e-9
"""A probability is taken as no less: a source that was absent or wrong costs 30 bits, not infinitely many."""
GATE_UNITS, GATE_EPOCHS, GATE_BATCH, GATE_RATE = 24, 12, 1024, 1e-2
ESCAPE_EPOCHS, ESCAPE_BATCH, ESCAPE_RATE = 12, 512, 5e-3
WEIGHT_DECAY = 1e-4
TUNING_EPOCHS, TUNING_RATE = 6, 1e-3
"""Of a gate that is there already: it stays near to that where that was right."""


def fit_escape(rows: Sequence[tuple[Floats, Floats]], units: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of an escape network.

    Args:
        rows: for each character the features (orders, F) of the orders, the shortest first, and what each gave to the
            character that came, (orders,).
        units: of the hidden layer.
        seed: of the weights to begin with.
    """
    torch.manual_seed(seed)
    longest, width = max(len(shares) for _, shares in rows), rows[0][0].shape[1]
    features, shares = torch.zeros(len(rows), longest, width), torch.zeros(len(rows), longest)
    there = torch.zeros(len(rows), longest, dtype=torch.bool)
    for at, (x, q) in enumerate(rows):
        features[at, : len(q)], shares[at, : len(q)] = torch.tensor(x), torch.tensor(q)
        there[at, : len(q)] = True
    layers = {
        "w1": torch.randn(units, width) / math.sqrt(width),
        "b1": torch.zeros(units),
        "w2": torch.randn(units) / math.sqrt(units),
        "b2": torch.zeros(1),
    }
    for layer in layers.values():
        layer.requires_grad_(requires_grad=True)
    optimizer = torch.optim.Adam(layers.values(), lr=ESCAPE_RATE, weight_decay=WEIGHT_DECAY / 10)
    steps = ESCAPE_EPOCHS * -(-len(rows) // ESCAPE_BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(ESCAPE_EPOCHS):
        for batch in torch.randperm(len(rows)).split(ESCAPE_BATCH):
            optimizer.zero_grad()
            _escape_bits(layers, features[batch], shares[batch], there[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return {key: layer.detach().numpy().astype(np.float32) for key, layer in layers.items()}


def _escape_bits(
    layers: Mapping[str, torch.Tensor], features: torch.Tensor, shares: torch.Tensor, there: torch.Tensor
) -> torch.Tensor:
    inner = torch.relu(features @ layers["w1"].T + layers["b1"])
    rests = torch.sigmoid(inner @ layers["w2"] + layers["b2"])  # (n, orders)
    mixed = torch.full((len(shares),), 1 / 256)
    for order in range(shares.shape[1]):
        longer = mixed * rests[:, order] + (1 - rests[:, order]) * shares[:, order]
        mixed = torch.where(there[:, order], longer, mixed)
    return -mixed.clamp_min(LEAST).log2().mean()


def fit_gate(
    features: Floats, chances: Floats, hits: Floats, without: Sequence[int] = (), seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of a gate, as charwise_trainer.gate_file names them.

    Args:
        features: (n, F) of n characters.
        chances: (n, K) what each source gave to the one that came.
        hits: (n, K) whether the likeliest one of each source came.
        without: sources that are not there.
        seed: of the weights to begin with.
    """
    torch.manual_seed(seed)
    spread = features.std(0)
    gate = {"mean": features.mean(0), "scale": np.where(spread > 1e-6, spread, 1.0)}
    width, sources = features.shape[1], chances.shape[1]
    x = torch.tensor((features - gate["mean"]) / gate["scale"], dtype=torch.float32)
    rows = _rows(features, chances, hits)
    out = torch.zeros(sources)
    out[list(without)] = -50.0
    layers = {
        "w1": torch.randn(GATE_UNITS, width) / math.sqrt(width),
        "b1": torch.zeros(GATE_UNITS),
        "w2": torch.zeros(sources, GATE_UNITS),
        "b2": torch.zeros(sources),
        "sharp": torch.tensor([1.0, 0.0]),
    }
    for layer in layers.values():
        layer.requires_grad_(requires_grad=True)
    optimizer = torch.optim.Adam(layers.values(), lr=GATE_RATE, weight_decay=WEIGHT_DECAY)
    _fit(layers, x, rows, out, optimizer, GATE_EPOCHS)
    gate |= {key: layer.detach().numpy() for key, layer in layers.items()}
    gate["b2"] = gate["b2"] + out.numpy()
    gate["w2"][list(without)] = 0.0
    return {key: np.ascontiguousarray(array, np.float32) for key, array in gate.items()}


def tuned_gate(
    gate: Arrays, features: Floats, chances: Floats, hits: Floats, seed: int = 0
) -> dict[str, NDArray[np.float32]]:
    """Return a gate that is fitted on from another; what it is fitted on is as fit_gate has it."""
    torch.manual_seed(seed)
    x = torch.tensor((features - gate["mean"]) / gate["scale"], dtype=torch.float32)
    rows = _rows(features, chances, hits)
    layers = {key: torch.tensor(gate[key]).requires_grad_() for key in ("w1", "b1", "w2", "b2", "sharp")}
    optimizer = torch.optim.Adam(layers.values(), lr=TUNING_RATE)
    _fit(layers, x, rows, torch.zeros(chances.shape[1]), optimizer, TUNING_EPOCHS)
    return dict(gate) | {key: np.ascontiguousarray(layer.detach().numpy()) for key, layer in layers.items()}


def _fit(
    layers: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    rows: Sequence[torch.Tensor],
    out: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    epochs: int,
) -> None:
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-len(x) // GATE_BATCH))
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(GATE_BATCH):
            optimizer.zero_grad()
            hidden = torch.tanh(x[batch] @ layers["w1"].T + layers["b1"])
            weights = torch.softmax(hidden @ layers["w2"].T + layers["b2"] + out, 1)
            cost = _bits(weights, layers["sharp"], *(each[batch] for each in rows)).mean()
            cost.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


def bits(gate: Arrays, features: Floats, chances: Floats, hits: Floats) -> float:
    """Return the bits per character of the sources mixed by a gate."""
    weights = gate_weights(gate, features)
    rows = tuple(torch.tensor(each) for each in (chances, hits, _agreement(features, chances.shape[1])))
    return float(_bits(torch.tensor(weights), torch.tensor(gate["sharp"]), *rows).mean())


def _rows(features: Floats, chances: Floats, hits: Floats) -> tuple[torch.Tensor, ...]:
    """Return what _bits reads beside the weights."""
    every = chances, hits, _agreement(features, chances.shape[1])
    return tuple(torch.tensor(each, dtype=torch.float32) for each in every)


def _agreement(features: Floats, sources: int) -> Floats:
    """Return what each source gives to the favourite of each, (n, K, K): the gate's features have its logarithm."""
    agreement: Floats = np.exp(features[:, sources : sources + sources**2]).reshape(-1, sources, sources)
    return agreement


def _bits(
    weights: torch.Tensor, sharp: torch.Tensor, chances: torch.Tensor, hits: torch.Tensor, agreement: torch.Tensor
) -> torch.Tensor:
    """Return what each character costs the mixture, sharpened as the daemon's gate does, (n,)."""
    mixed = (weights * chances).sum(1)
    likely, favourite = torch.einsum("nj,nji->ni", weights, agreement).max(1)
    likely = likely.clamp(1e-6, 1 - 1e-6)
    sharper = torch.sigmoid(sharp[0] * torch.logit(likely) + sharp[1]).clamp(1e-6, 1 - 1e-6)
    is_favourite = hits.gather(1, favourite[:, None])[:, 0] > 0
    others = mixed.clamp(max=1.0) * (1 - sharper) / (1 - likely)
    return -torch.where(is_favourite, sharper, others).clamp_min(LEAST).log2()
