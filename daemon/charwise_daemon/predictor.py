"""LSTM and memories mixed by the gate into one distribution over the next character.

A Position is everything known at one place of a text: the LSTM's state, the memories' matches and the mix. It is a
value: stepping returns a new one, so a search can go back to any of them. Knows no documents and no sockets.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Engine, State, softmax
from charwise_daemon.lookup import Match
from charwise_daemon.memory import Memory
from charwise_daemon.shard import MAX_ORDER

Floats = NDArray[np.float64]

# Sources, in the order of the gate's outputs.
SOURCES = ("lstm", "corpus", "documents")
# What a source that is absent says.
_ABSENT: Floats = np.zeros(256)


class Gate:
    """The small network that weighs LSTM and memories: standardised features, one tanh layer, a softmax.

    Args:
        arrays: as charwise_trainer.gate.fit returns them: mean and scale (F,), w1 (H, F), b1 (H,), w2 (K, H), b2 (K,).
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        mean, scale, w1, b1, w2, b2 = (arrays[k].astype(np.float64) for k in ("mean", "scale", "w1", "b1", "w2", "b2"))
        self._w1: Floats = w1 / scale  # standardising folded into the first layer
        self._b1: Floats = b1 - self._w1 @ mean
        self._w2, self._b2 = w2, b2

    def weigh(self, features: Floats) -> Floats:
        """Return the weight of each source, (..., F) -> (..., K)."""
        return softmax(np.tanh(features @ self._w1.T + self._b1) @ self._w2.T + self._b2)


def features_of(distributions: Floats, corpus: Match, documents: Match) -> Floats:
    """Return what the gate looks at, (3, 256) -> (12,): entropies (bits), maxima, and how much each memory found."""
    features = np.empty(12)
    features[:3] = _entropies(distributions)
    features[3:6] = distributions.max(1)
    for at, each in ((6, corpus), (9, documents)):
        features[at : at + 3] = math.log1p(each.order), math.log1p(each.count), each.order / MAX_ORDER
    return features


def _entropies(distributions: Floats) -> Floats:
    """Return the bits of each distribution, (K, 256) -> (K,)."""
    entropies: Floats = -np.einsum("kc,kc->k", distributions, np.log2(distributions + 1e-12))
    return entropies


@dataclass(frozen=True, slots=True)
class Position:
    """What is known at one place of a text."""

    state: State | None  # the LSTM's, None where there is no LSTM yet
    corpus: Match
    documents: Match
    distributions: Floats  # (3, 256) by source; a source that is absent has zeros
    features: Floats  # (12,)
    probabilities: Floats  # (256,) mixed


class Predictor:
    """One workspace's sources; the memory of the open documents comes with each text.

    Args:
        engine: the LSTM, or None before its first checkpoint.
        gate: the fitted gate, or None before the first training ended: then sources are weighed by their certainty.
        corpus: the memory of the workspace's files.
    """

    def __init__(self, engine: Engine | None, gate: Gate | None, corpus: Memory) -> None:
        self.engine, self._gate, self.corpus = engine, gate if engine else None, corpus

    def __repr__(self) -> str:
        return f"Predictor({self.engine}, {self.corpus}, {'fitted' if self._gate else 'fixed'} gate)"

    def at(self, state: State | None, context: bytes, documents: Memory) -> Position:
        """Return the position after `context`; `state` is the LSTM's there."""
        lstm = self.engine.probabilities(state) if self.engine and state is not None else _ABSENT
        return self._position(state, lstm, self.corpus.match(context), documents.match(context))

    def step(self, position: Position, character: int, documents: Memory) -> Position:
        """Return the position after one more character."""
        state, lstm = position.state, _ABSENT
        if self.engine and state is not None:
            state, lstm = self.engine.advance(state, character)
        corpus = self.corpus.advance(position.corpus, character)
        return self._position(state, lstm, corpus, documents.advance(position.documents, character))

    def _position(self, state: State | None, lstm: Floats, corpus: Match, documents: Match) -> Position:
        distributions = np.empty((len(SOURCES), 256))
        distributions[:] = lstm, corpus.probabilities, documents.probabilities
        features = features_of(distributions, corpus, documents)
        weights = self._gate.weigh(features) if self._gate and state is not None else certainty_weights(distributions)
        return Position(state, corpus, documents, distributions, features, weights @ distributions)


def certainty_weights(distributions: Floats) -> Floats:
    """Return the weights of the fixed gate, (K, 256) -> (K,): a source counts by the inverse square of its entropy.

    Absent sources (zeros) get nothing. What is sure is usually right; the square lets one certain source win against
    two vague ones.
    """
    present = distributions.sum(1) > 0.5
    weights = np.where(present, 1 / (_entropies(distributions) + 0.1) ** 2, 0.0)
    shares: Floats = weights / weights.sum()
    return shares
