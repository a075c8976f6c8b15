"""The gate: the small network that mixes the LSTM and the memories, and goes on learning while the user types.

It mixes twice. Linearly first, where each source is believed with a weight: one that knows, and others that guess. Then
geometrically (Mattern 2013; logistic mixing in PAQ, Mahoney 2005): the sources and that mixture, each to a power of its
own, are multiplied, so that what several of them expect for reasons of their own is surer than any of them says. Over
the linear one alone, sharpened, this saves four bits in a hundred.

Every character that is typed says which source had foreseen it, so each is a free label: the output layers take one
gradient step. Deterministic: the same characters in the same order give the same gate. Knows no sources.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import kernel as kernels
from charwise_daemon.engine import softmax
from charwise_daemon.kernel_gate import mix_of

Floats = NDArray[np.float64]

# Steps of the weights and of the powers. On five projects 0.005 to 0.05 and 0.0002 to 0.0005 are the same within three
# thousandths; nothing learned costs one in a hundred. No step is cut, not that of a character nobody expected either:
# those are what keeps powers from rising, and cutting them costs bits.
_RATE, _RATE_OF_POWERS = 0.02, 0.0005
# Probabilities whose logarithm is looked at are no less, in a source and in the linear mixture.
LEAST = 1e-6
# What is added to a source's score that is to count for nothing.
NEVER = -50.0
# What a gate learns while one types; the other arrays stay as they were fitted.
_LEARNED = ("w2", "b2", "w3", "b3")


class Gate:
    """Standardised features, one tanh layer; a softmax over the sources, and powers of these and of their mixture.

    Args:
        arrays: of charwise_trainer.gate_file: mean and scale (F,), w1 (H, F), b1 (H,), w2 (K, H), b2 (K,), w3 (K + 1,
            H), b3 (K + 1,).
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.float32]]) -> None:
        self._arrays = arrays
        mean, scale, w1, b1 = (arrays[key].astype(np.float64) for key in ("mean", "scale", "w1", "b1"))
        self._w1: Floats = np.ascontiguousarray((w1 / scale).T)  # (F, H), standardising folded in
        self._b1: Floats = b1 - mean @ self._w1
        # Changed in place only: the kernel knows where they lie.
        self._w2, self._b2, self._w3, self._b3 = (np.array(arrays[key], np.float64, order="C") for key in _LEARNED)
        counts = np.append(self._b2 > NEVER / 2, True)[:, None]
        self._counts: Floats = counts.astype(np.float64)  # (K + 1, 1): 1 where a factor takes part
        self.learned = 0  # characters
        network = self._w1, self._b1, self._w2, self._b2, self._w3, self._b3, self._counts
        self.kernel = mix_of(kernels.chosen().kernel, network)

    def __repr__(self) -> str:
        return f"Gate({len(self._b2)} sources, {self.learned:,} characters learned)"

    @property
    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The gate as it is now, as it is stored."""
        return {**self._arrays, **{key: array.astype(np.float32) for key, array in self._now().items()}}

    def mix(self, features: Floats, distributions: Floats) -> Floats:
        """Return the distribution of the next character, (256,), from those of the sources, (K, 256)."""
        if self.kernel:
            return self.kernel.mix(features, distributions)
        inner = self._inner(features)
        factors = self._factors(self._weigh(inner) @ distributions, distributions)
        return softmax((self._w3 @ inner + self._b3) @ factors)

    def learn(self, features: Floats, distributions: Floats, character: int) -> None:
        """Take one gradient step for a character that was typed.

        Args:
            features: (F,) before it.
            distributions: (K, 256) what each source gave every character.
            character: the one that was typed.
        """
        inner = self._inner(features)
        weights = self._weigh(inner)
        linear = weights @ distributions
        factors, powers = self._factors(linear, distributions), self._w3 @ inner + self._b3
        wrong = -softmax(powers @ factors)  # (256,): what each score should move by
        wrong[character] += 1
        to_powers = _RATE_OF_POWERS * (factors @ wrong)
        to_sources = distributions @ (wrong * powers[-1] / (linear + LEAST))
        to_weights = _RATE * weights * (to_sources - weights @ to_sources)
        self._w2 += np.outer(to_weights, inner)
        self._b2 += to_weights
        self._w3 += np.outer(to_powers, inner)
        self._b3 += to_powers
        self.learned += 1

    def without(self, sources: Sequence[int]) -> "Gate":
        """Return the same gate, but that these sources, by their places, count for nothing."""
        arrays = self.arrays
        for place in sources:
            arrays["w2"][place], arrays["b2"][place] = 0.0, NEVER
        return Gate(arrays)

    # --- what outlives the daemon ---------------------------------------------------------------------
    def state(self) -> Any:
        """Return what was learned, as JSON can hold it."""
        return {"learned": self.learned, **{key: array.tolist() for key, array in self._now().items()}}

    def restore(self, state: Any) -> None:
        """Take back what was learned; raises ValueError where it does not fit, and changes nothing then."""
        try:
            arrays = {key: np.array(state[key], np.float64) for key in _LEARNED}
            learned = int(state["learned"])
        except (TypeError, KeyError) as error:
            raise ValueError("it is no gate's state") from error
        if any(arrays[key].shape != array.shape for key, array in self._now().items()):
            raise ValueError("it is another gate's state")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise ValueError("it has numbers that are not finite")
        for key, array in self._now().items():
            array[:] = arrays[key]
        self.learned = learned

    # --- inside ---------------------------------------------------------------------------------------
    def _weigh(self, inner: Floats) -> Floats:
        """Return the weight of each source, (..., H) -> (..., K)."""
        return softmax(inner @ self._w2.T + self._b2)

    def _factors(self, linear: Floats, distributions: Floats) -> Floats:
        """Return the logarithms of what is multiplied, (K + 1, 256): the sources and, last, their linear mixture.

        What is absent is the same for all characters, so that it changes nothing.
        """
        factors = np.empty((len(distributions) + 1, distributions.shape[1]))
        factors[:-1], factors[-1] = distributions, linear
        np.log(np.add(factors, LEAST, factors), factors)
        factors *= self._counts
        return factors

    def _inner(self, features: Floats) -> Floats:
        inner: Floats = np.tanh(features @ self._w1 + self._b1)
        return inner

    def _now(self) -> dict[str, Floats]:
        return {"w2": self._w2, "b2": self._b2, "w3": self._w3, "b3": self._b3}
