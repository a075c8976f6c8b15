"""LSTM and memories mixed by the gate into one distribution over the next character.

A Position is everything known at one place of a text: the LSTM's state, the memories' matches and the mix. It is a
value: stepping returns a new one, so a search can go back to any of them. Knows no documents and no sockets.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Engine, State, softmax
from charwise_daemon.memory import MAX_ORDER, Match, Memory, Prediction

Floats = NDArray[np.float64]

# Sources, in the order of the gate's outputs.
SOURCES = ("lstm", "corpus", "documents")


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


def features_of(distributions: Floats, corpus: Prediction, documents: Prediction) -> Floats:
    """Return what the gate looks at, (3, 256) -> (12,): entropies (bits), maxima, and how much each memory found."""
    entropies = -(distributions * np.log2(distributions + 1e-12)).sum(1)
    found = [
        x for each in (corpus, documents) for x in (np.log1p(each.order), np.log1p(each.count), each.order / MAX_ORDER)
    ]
    return np.concatenate([entropies, distributions.max(1), found])


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
        return self._position(state, self.corpus.match(context), documents, documents.match(context))

    def step(self, position: Position, character: int, documents: Memory) -> Position:
        """Return the position after one more character."""
        state = None if self.engine is None or position.state is None else self.engine.step(position.state, character)
        corpus, match = (
            self.corpus.advance(position.corpus, character),
            documents.advance(position.documents, character),
        )
        return self._position(state, corpus, documents, match)

    def _position(self, state: State | None, corpus: Match, documents: Memory, match: Match) -> Position:
        from_corpus, from_documents = self.corpus.predict(corpus), documents.predict(match)
        lstm = np.zeros(256) if self.engine is None or state is None else self.engine.probabilities(state)
        distributions = np.stack([lstm, from_corpus.probabilities, from_documents.probabilities])
        features = features_of(distributions, from_corpus, from_documents)
        weights = self._gate.weigh(features) if self._gate and state is not None else certainty_weights(distributions)
        return Position(state, corpus, match, distributions, features, weights @ distributions)


def certainty_weights(distributions: Floats) -> Floats:
    """Return the weights of the fixed gate, (K, 256) -> (K,): a source counts by the inverse square of its entropy.

    Absent sources (zeros) get nothing. What is sure is usually right; the square lets one certain source win against
    two vague ones.
    """
    present = distributions.sum(1) > 0.5
    entropies = -(distributions * np.log2(distributions + 1e-12)).sum(1)
    weights = np.where(present, 1 / (entropies + 0.1) ** 2, 0.0)
    shares: Floats = weights / weights.sum()
    return shares
