"""What the LSTM's last layer learns from each character that is typed: its scores follow the user between trainings.

A correction of the output weights, zero at first, moved by one step of gradient descent per typed character and
forgotten slowly (dynamic evaluation, Krause et al. 2018, of one layer only). It needs no torch and microseconds, where
adapting all weights takes milliseconds. Knows no engine, documents or files: hidden states and distributions come in.

    >>> adaptation, h, guess = Adaptation(4), np.ones(4, np.float32), np.full(256, 1 / 256)
    >>> adaptation.learn(h, adaptation.probabilities(h, guess), ord("x"))
    >>> int(adaptation.probabilities(h, guess).argmax()) == ord("x")
    True
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Array

Floats = NDArray[np.float64]

_CHARACTERS = 256

RATE, FORGET = 0.003, 2e-4
"""The step, and the share that is forgotten with each character. The LSTM alone, bits per character of later hunks of
two tuning projects, 15,000 typed characters each, in order: requests 1.524 without, 1.376 with (4e-3, 3e-4), 1.380
(3e-3, 2e-4), 1.396 (2e-3, 2e-4); ripgrep 1.583, 1.409, 1.416, 1.430. Tinyshakespeare before its validation text, nats:
1.651, 1.470, 1.448, 1.444. With nothing forgotten, in steps by each unit's own square, 1.451 where 3e-4 gave 1.427."""

# Hidden units are alike in much, so that plain steps go far along what they share and hardly along the rest. A step is
# therefore divided by their second moments (Amari's natural gradient, of the hidden side alone), as seen while typing:
# by each unit's own at first, by all of them, which are found anew after so many characters, times a power of two while
# that is below the most. So much of its own is added to each unit's: with 256 characters seen there are not enough.
# 12,000 characters of tinyshakespeare cost 1.725 nats without adapting, 1.596 by each unit's own, 1.549 by all; 15,000
# of requests 1.524 bits, 1.392, 1.368.
_BLOCK, _MOST_BLOCKS, _OWN = 256, 4, 1.0
# As if so many characters with squares of so much had been seen already.
_SEEN, _SQUARE, _LEAST_SQUARE = 100, 0.06, 1e-3
# Characters whose score would move less than this share of a step are left alone: a fifth of the time, no bits.
_SMALL = 1e-3
# The scale, which forgets for all weights at once, is worked into them before it gets too small to divide by.
_SMALLEST_SCALE = 1e-3


class Adaptation:
    """A correction of one model's output weights, (256, width); deterministic, and bounded by `limit`.

    Args:
        width: of the hidden state.
        rate: of a step, for hidden units as large as usual.
        forget: share of the correction that each step forgets.
        limit: nats by which a score is moved at most.
    """

    def __init__(self, width: int, rate: float = RATE, forget: float = FORGET, limit: float = 12.0) -> None:
        self.width, self.limit, self._rate, self._forget = width, limit, rate, forget
        # These three are changed in place only: the kernel knows where they lie.
        self.weights = np.zeros((_CHARACTERS, width), np.float32)
        self.touched = np.zeros(_CHARACTERS, np.uint8)  # 0 where a row of the weights is of zeros
        self.scale = np.ones(1)  # of the weights
        self._squares, self._seen = np.full(width, _SEEN * _SQUARE, np.float32), _SEEN
        self._block, self._in_block, self._blocks = np.empty((_BLOCK, width), np.float32), 0, 0
        self._moments = np.zeros((width, width), np.float32)  # sums of products of hidden units
        self._whitening: Array | None = None  # (width, width): what makes a step of a hidden state

    def __repr__(self) -> str:
        return f"Adaptation({self.width} units, {self._seen - _SEEN:,} characters)"

    def probabilities(self, h: Array, probabilities: Floats) -> Floats:
        """Return the distribution over the next character, (256,), corrected.

        Args:
            h: the hidden state of the top layer, (width,).
            probabilities: the model's own distribution, (256,).
        """
        moved = self.weights @ h
        moved *= self.scale[0]
        np.clip(moved, -self.limit, self.limit, out=moved)
        shares: Floats = probabilities * np.exp(moved)
        shares /= shares.sum()
        return shares

    def learn(self, h: Array, probabilities: Floats, character: int) -> None:
        """Learn that this character was typed where `probabilities` (256,), corrected ones, had been foreseen."""
        step = self._step(h)
        wrong = probabilities.astype(np.float32)
        wrong[character] -= 1
        rows = np.flatnonzero(np.abs(wrong) > _SMALL)
        self.scale *= 1 - self._forget
        self.weights[rows] -= (wrong[rows] * np.float32(self._rate / self.scale[0]))[:, None] * step
        self.touched[rows] = 1
        if self.scale[0] < _SMALLEST_SCALE:
            self._settle()

    def _step(self, h: Array) -> Array:
        """Take a hidden state in; return the direction of a step along it, (width,)."""
        self._squares += h * h
        self._seen += 1
        self._block[self._in_block] = h
        self._in_block += 1
        if self._in_block == _BLOCK:
            self._end_block()
        if self._whitening is None:
            alone: Array = h / (self._squares / np.float32(self._seen) + np.float32(_LEAST_SQUARE))
            return alone
        together: Array = self._whitening @ h
        return together

    def _end_block(self) -> None:
        self._moments += self._block.T @ self._block
        self._in_block, self._blocks = 0, self._blocks + 1
        if self._blocks % _MOST_BLOCKS and self._blocks not in (1, 2):
            return
        moments = self._moments / np.float32(self._blocks * _BLOCK)
        scale = np.reciprocal(np.sqrt(np.diag(moments) + np.float32(_LEAST_SQUARE)))
        alike = moments * scale * scale[:, None]  # (width, width), the diagonal is about 1
        inverse = np.linalg.inv(alike + np.float32(_OWN) * np.eye(self.width, dtype=np.float32))
        inverse *= self.width / float((inverse * alike).sum())  # as far on the average as by each unit's own
        self._whitening = (inverse * scale * scale[:, None]).astype(np.float32, copy=False)

    def state(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of what was learned, as plain arrays by name; the second moments are soon found again."""
        self._settle()
        seen = np.array([self._seen], np.float32)
        return {"weights": self.weights.copy(), "squares": self._squares.copy(), "seen": seen}

    def restore(self, arrays: Mapping[str, NDArray[np.float32]]) -> bool:
        """Take what `state` gave; return False, and take nothing, where it is not of such a model or is broken."""
        shapes = {"weights": (_CHARACTERS, self.width), "squares": (self.width,), "seen": (1,)}
        if {name: array.shape for name, array in arrays.items()} != shapes:
            return False
        if not all(np.isfinite(array).all() for array in arrays.values()):
            return False
        self.weights[:], self._squares = arrays["weights"], arrays["squares"].astype(np.float32)
        self.touched[:], self.scale[:] = self.weights.any(1), 1.0
        self._seen = max(int(arrays["seen"][0]), _SEEN)
        return True

    def _settle(self) -> None:
        self.weights *= np.float32(self.scale[0])
        self.scale[:] = 1.0
