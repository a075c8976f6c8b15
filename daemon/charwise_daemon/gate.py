"""The gate: the small network that weighs the LSTM and the memories, and goes on learning while the user types.

What it weighs is mixed linearly, and then sharpened: sources that agree are more often right than any of them by
itself, which a mean cannot say. So the likeliest character's odds are raised to a power (Platt 1999), and the others
share the rest as before.

Every character that is typed says which source had foreseen it, so each is a free label: the output layer takes one
gradient step. Deterministic: the same characters in the same order give the same gate. Knows no sources.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import softmax

Floats = NDArray[np.float64]

# A gradient step's size. From 0.005 to 0.04 the bits per character of two projects were the same within a thousandth;
# none costs one in a hundred.
RATE = 0.02
# The same of the sharpening, whose two numbers each character moves.
_SHARP_RATE = 0.002
# Odds are looked at no further than this from certainty.
_CERTAIN = 1e-6
# So little that a source counts for nothing.
_NEVER = -50.0


class Gate:
    """Standardised features, one tanh layer, a softmax over the sources.

    Args:
        arrays: of charwise_trainer.gate_file: mean and scale (F,), w1 (H, F), b1 (H,), w2 (K, H), b2 (K,), sharp (2,).
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        self._arrays = arrays
        mean, scale, w1, b1, w2, b2 = (arrays[k].astype(np.float64) for k in ("mean", "scale", "w1", "b1", "w2", "b2"))
        self._w1: Floats = w1 / scale  # standardising folded into the first layer
        self._b1: Floats = b1 - self._w1 @ mean
        self._w2, self._b2 = w2, b2
        self._sharp = arrays["sharp"].astype(np.float64)  # the power of the odds, and the logarithm of their factor
        self.learned = 0  # characters

    def __repr__(self) -> str:
        return f"Gate({len(self._b2)} sources, {self.learned:,} characters learned)"

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The gate as it is now, as it is stored."""
        learned = {"w2": self._w2, "b2": self._b2, "sharp": self._sharp}
        return {**self._arrays, **{key: array.astype(np.float32) for key, array in learned.items()}}

    def weigh(self, features: Floats) -> Floats:
        """Return the weight of each source, (..., F) -> (..., K)."""
        return softmax(self._inner(features) @ self._w2.T + self._b2)

    def mix(self, features: Floats, distributions: Floats) -> Floats:
        """Return the distribution of the next character, (256,), from those of the sources, (K, 256)."""
        mixed = self.weigh(features) @ distributions
        mixed /= mixed.sum()  # an absent source, whose distribution is zeros, may have had a little weight
        favourite = mixed.argmax()
        likely = _uncertain(mixed[favourite])
        sharper = self._sharpened(_odds(likely))
        mixed *= (1 - sharper) / (1 - likely)
        mixed[favourite] = sharper
        return mixed

    def learn(self, features: Floats, distributions: Floats, character: int) -> None:
        """Take one gradient step for a character that was typed.

        Args:
            features: (F,) before it.
            distributions: (K, 256) what each source gave every character.
            character: the one that was typed.
        """
        inner = self._inner(features)
        weights = softmax(inner @ self._w2.T + self._b2)
        mixed = weights @ distributions
        if mixed[character] <= 0:
            return  # nobody had foreseen it, so nobody was better
        step = RATE * (weights * distributions[:, character] / mixed[character] - weights)
        self._w2, self._b2 = self._w2 + np.outer(step, inner), self._b2 + step
        favourite = mixed.argmax()
        odds = _odds(_uncertain(mixed[favourite]))
        error = float(favourite == character) - self._sharpened(odds)
        self._sharp = self._sharp + _SHARP_RATE * error * np.array((odds, 1.0))
        self.learned += 1

    def without(self, sources: Sequence[int]) -> "Gate":
        """Return the same gate, but that these sources, by their places, count for nothing."""
        w2, b2 = self._w2.astype(np.float32), self._b2.astype(np.float32)
        w2[list(sources)], b2[list(sources)] = 0.0, _NEVER
        return Gate({**self._arrays, "w2": w2, "b2": b2})

    # --- what outlives the daemon ---------------------------------------------------------------------
    def state(self) -> Any:
        """Return what was learned, as JSON can hold it."""
        learned = {"w2": self._w2, "b2": self._b2, "sharp": self._sharp}
        return {"learned": self.learned, **{key: array.tolist() for key, array in learned.items()}}

    def restore(self, state: Any) -> None:
        """Take back what was learned; raises ValueError where it does not fit, and changes nothing then."""
        try:
            w2, b2, sharp = (np.array(state[key], np.float64) for key in ("w2", "b2", "sharp"))
            learned = int(state["learned"])
        except (TypeError, KeyError) as error:
            raise ValueError("it is no gate's state") from error
        if (w2.shape, b2.shape, sharp.shape) != (self._w2.shape, self._b2.shape, self._sharp.shape):
            raise ValueError("it is another gate's state")
        if not np.isfinite([*w2.flat, *b2, *sharp]).all():
            raise ValueError("it has numbers that are not finite")
        self._w2, self._b2, self._sharp, self.learned = w2, b2, sharp, learned

    def _sharpened(self, odds: float) -> float:
        """Return the probability that the likeliest character is given, whose odds (their logarithm) were these."""
        return float(1 / (1 + math.exp(-(self._sharp[0] * odds + self._sharp[1]))))

    def _inner(self, features: Floats) -> Floats:
        inner: Floats = np.tanh(features @ self._w1.T + self._b1)
        return inner


def _uncertain(probability: float) -> float:
    return min(max(probability, _CERTAIN), 1 - _CERTAIN)


def _odds(probability: float) -> float:
    return math.log(probability / (1 - probability))
