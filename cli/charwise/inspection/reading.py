"""A model reads a text: what it expects at each character, and the cells of its neurons after it. Draws nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Engine
from charwise_trainer.corpus import encode_header

# Guesses that are kept for each character.
GUESSES = 5


@dataclass(frozen=True)
class Reading:
    """A text of n characters (bytes) as a model read it."""

    text: bytes
    bits: NDArray[np.float32]  # (n,) surprise: what each character cost
    guesses: NDArray[np.uint8]  # (n, GUESSES) the likeliest characters there, before it was read, the likeliest first
    shares: NDArray[np.float32]  # (n, GUESSES) their probabilities
    cells: NDArray[np.float32]  # (layers * width, n) tanh of the cell after each character, -1 to 1

    @property
    def bpc(self) -> float:
        """Bits per character."""
        return float(self.bits.mean()) if len(self.bits) else 0.0


def read(engine: Engine, name: str, text: bytes) -> Reading:
    """Return how a model reads a text that it knows by this name.

    The cell is c of an LSTM, as in Karpathy, Johnson and Fei-Fei 2015; of the other kinds it is h, which is bounded.
    """
    count = len(text)
    bits, cells = np.empty(count, np.float32), np.empty((engine.layers * engine.width, count), np.float32)
    guesses, shares = np.empty((count, GUESSES), np.uint8), np.empty((count, GUESSES), np.float32)
    state = engine.read(engine.start(), encode_header(name))
    expected = engine.probabilities(state)
    for at, character in enumerate(text):
        guesses[at] = np.argsort(-expected, kind="stable")[:GUESSES]
        shares[at] = expected[guesses[at]]
        bits[at] = -np.log2(max(expected[character], 1e-12))
        state, expected = engine.advance(state, character)
        cells[:, at] = np.tanh(state[:, -1]).reshape(-1) if engine.cell == "lstm" else state[:, 0].reshape(-1)
    return Reading(text, bits, guesses, shares, cells)
