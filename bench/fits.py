"""Fits the small networks that charwise begins with: escapes of the memories, and gates. Torch; knows only numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_daemon.gate import LEAST as LEAST_FACTOR
from charwise_daemon.gate import NEVER

Arrays = Mapping[str, NDArray[np.float32]]
Floats = NDArray[np.float64]

LEAST = 1e-9
"""A probability is taken as no less: a source that was absent or wrong costs 30 bits, not infinitely many."""
GATE_UNITS, GATE_EPOCHS, GATE_BATCH, GATE_RATE = 24, 8, 512, 5e-3
"""16 to 48 units and 8 to 16 epochs came to the same within three thousandths on projects that were not fitted on."""
ESCAPE_EPOCHS, ESCAPE_BATCH, ESCAPE_RATE = 12, 512, 5e-3
WEIGHT_DECAY = 1e-4


@dataclass(frozen=True)
class Rows:
    """What was known before each of n characters, and which came."""

    features: Floats  # (n, F)
    distributions: NDArray[np.float32]  # (n, K, 256) of the sources
    characters: NDArray[np.int64]  # (n,)

    def __len__(self) -> int:
        return len(self.characters)

    @classmethod
    def joined(cls, parts: Sequence["Rows"]) -> "Rows":
        """Return the rows of all parts."""
        return cls(
            np.concatenate([each.features for each in parts]),
            np.concatenate([each.distributions for each in parts]),
            np.concatenate([each.characters for each in parts]),
        )


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


def fit_gate(rows: Rows, without: Sequence[int] = (), seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of a gate, as charwise_trainer.gate_file names them.

    Args:
        rows: what it is fitted on.
        without: sources that are not there.
        seed: of the weights to begin with.
    """
    torch.manual_seed(seed)
    spread = rows.features.std(0)
    gate = {"mean": rows.features.mean(0), "scale": np.where(spread > 1e-6, spread, 1.0)}
    width, sources = rows.features.shape[1], rows.distributions.shape[1]
    layers = {
        "w1": torch.randn(GATE_UNITS, width) / math.sqrt(width),
        "b1": torch.zeros(GATE_UNITS),
        "w2": torch.zeros(sources, GATE_UNITS),
        "b2": torch.zeros(sources),
        "w3": torch.zeros(sources + 1, GATE_UNITS),
        "b3": torch.tensor([0.0] * sources + [1.0]),  # the linear mixture alone
    }
    for layer in layers.values():
        layer.requires_grad_(requires_grad=True)
    out = torch.zeros(sources)
    out[list(without)] = NEVER
    optimizer = torch.optim.Adam(layers.values(), lr=GATE_RATE, weight_decay=WEIGHT_DECAY)
    _fit(layers, _standardised(gate, rows), rows, out, optimizer, GATE_EPOCHS)
    gate |= {key: layer.detach().numpy() for key, layer in layers.items()}
    gate["b2"] = gate["b2"] + out.numpy()
    gate["w2"][list(without)] = 0.0
    return {key: np.ascontiguousarray(array, np.float32) for key, array in gate.items()}


def _fit(
    layers: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    rows: Rows,
    out: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    epochs: int,
) -> None:
    distributions, characters = torch.from_numpy(rows.distributions), torch.from_numpy(rows.characters)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * -(-len(x) // GATE_BATCH))
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(GATE_BATCH):
            optimizer.zero_grad()
            cost = _bits(layers, x[batch], distributions[batch], characters[batch], out).mean()
            cost.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()


@torch.no_grad()
def bits(gate: Arrays, rows: Rows) -> float:
    """Return the bits per character of the sources mixed by a gate, which learns nothing meanwhile."""
    layers, x = {key: torch.tensor(array) for key, array in gate.items()}, _standardised(gate, rows)
    distributions, characters = torch.from_numpy(rows.distributions), torch.from_numpy(rows.characters)
    parts = zip(*(each.split(GATE_BATCH) for each in (x, distributions, characters)), strict=True)
    return float(sum(_bits(layers, *part, torch.zeros(1)).sum() for part in parts) / len(rows))


def _standardised(gate: Arrays, rows: Rows) -> torch.Tensor:
    return torch.tensor((rows.features - gate["mean"]) / gate["scale"], dtype=torch.float32)


def _bits(
    layers: Mapping[str, torch.Tensor],
    x: torch.Tensor,
    distributions: torch.Tensor,
    characters: torch.Tensor,
    out: torch.Tensor,
) -> torch.Tensor:
    """Return what each character costs the mixture, which is the daemon's, (n,)."""
    hidden = torch.tanh(x @ layers["w1"].T + layers["b1"])
    weights = torch.softmax(hidden @ layers["w2"].T + layers["b2"] + out, 1)
    linear = torch.einsum("nk,nkc->nc", weights, distributions)
    factors = (torch.cat([distributions, linear[:, None]], 1) + LEAST_FACTOR).log()  # (n, K + 1, 256)
    powers = hidden @ layers["w3"].T + layers["b3"]
    scores = torch.einsum("nk,nkc->nc", powers, factors).log_softmax(1)
    return -scores.gather(1, characters[:, None])[:, 0] / math.log(2)
