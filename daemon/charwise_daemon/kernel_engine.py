"""LSTM steps in C with int8 weights: the interface of engine.py, a sixth of its time.

A row of weights is stored as int8 with one scale; h, which lies between -1 and 1, as int8 of h * 127. On trained models
this moves the probabilities by less than a hundredth and costs about 0.001 bits per character; tests/daemon/
test_kernel.py holds the bounds.
"""

from collections.abc import Mapping
from ctypes import byref
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Array, Engine, State
from charwise_daemon.kernel import LSTM, MOST_BATCH, Kernel, Matrix

# Rows and columns are padded to whole tiles.
_TILE = 16
_LARGEST = 127.0


class KernelEngine(Engine):
    """The steps of one stored LSTM, on a path of the kernel; arguments and errors as of Engine."""

    def __init__(self, kernel: Kernel, model: Mapping[str, Any], weights: Mapping[str, Array]) -> None:
        super().__init__(model, weights)
        self._run, self._path, self._name = kernel.library.charwise_lstm, kernel.number, kernel.path
        self._kept: list[Any] = [self._table]
        layers = (Matrix * self.layers)(*(self._packed_layer(layer) for layer in range(self.layers)))
        head = self._pack(self._head, self._head_bias)
        self.structure = LSTM(self._table.ctypes.data, layers, head, self.layers, self.width)
        self._inputs, self._recurrent = [], []  # packed: the float ones would only take room

    def __repr__(self) -> str:
        return f"Engine({self.cell} {self.layers}x{self.width}, {self._name})"

    def step(self, state: State, character: int) -> State:
        """Return the state after one more character."""
        return self.read(state, bytes((character,)))

    def read(self, state: State, text: bytes | bytearray) -> State:
        """Return the state after this text."""
        if not text:
            return state
        after = np.empty_like(state)
        self._call(state.ctypes.data, bytes(text), len(text), 1, after.ctypes.data, None)
        return after

    def logits(self, state: State) -> Array:
        """Return the scores of the next character, (256,)."""
        scores = np.empty(256, np.float32)
        self._call(state.ctypes.data, b"", 0, 1, None, scores.ctypes.data)
        return scores

    def advance(self, state: State, character: int) -> tuple[State, NDArray[np.float64]]:
        """Return the state after one more character, and the distribution over the next."""
        after, scores, shares = np.empty_like(state), np.empty(256, np.float32), np.empty(256)
        where = after.ctypes.data, scores.ctypes.data, shares.ctypes.data
        self._call(state.ctypes.data, bytes((character,)), 1, 1, *where)
        return after, shares

    def step_batch(self, states: NDArray[np.float32], characters: bytes) -> tuple[NDArray[np.float32], Array]:
        """Return states after one more character each, and the scores of the next.

        Args:
            states: (n, layers, 2, width), n of 1 to 8.
            characters: n of them.
        """
        if not len(states) == len(characters) <= MOST_BATCH:
            raise ValueError(f"{len(states)} states, {len(characters)} characters; give 1 to {MOST_BATCH} of each")
        after, scores = np.empty_like(states), np.empty((len(states), 256), np.float32)
        self._call(states.ctypes.data, characters, 1, len(states), after.ctypes.data, scores.ctypes.data)
        return after, scores

    def _call(
        self,
        states: int,
        text: bytes,
        length: int,
        batch: int,
        after: int | None,
        scores: int | None,
        shares: int | None = None,
    ) -> None:
        """Run charwise_lstm; states, after, scores and shares are addresses."""
        if self._run(byref(self.structure), self._path, states, text, length, batch, after, scores, shares):
            raise MemoryError("no memory for a step of the LSTM")

    def _packed_layer(self, layer: int) -> Matrix:
        """Return a layer's weights as one matrix: what comes from below beside what comes from before."""
        below, across = self._inputs[layer], self._recurrent[layer]
        weights = np.hstack([below, across]) if layer else across
        input_bias, recurrent_bias = self._biases[layer]
        return self._pack(weights, input_bias + recurrent_bias if layer else recurrent_bias)

    def _pack(self, weights: Array, bias: Array) -> Matrix:
        rows, columns = (-(-size // _TILE) * _TILE for size in weights.shape)
        padded = np.zeros((rows, columns), np.float32)
        padded[: weights.shape[0], : weights.shape[1]] = weights
        scales = np.maximum(np.abs(padded).max(1), 1e-30) / _LARGEST  # (rows,)
        whole = np.rint(padded / scales[:, None]).astype(np.int8)
        tiles = whole.reshape(rows // _TILE, _TILE, columns // 4, 4).transpose(0, 2, 1, 3)
        parts = (
            np.ascontiguousarray(tiles),
            (scales / _LARGEST).astype(np.float32),
            np.pad(bias, (0, rows - len(bias))).astype(np.float32),
            (128 * whole.sum(1, dtype=np.int32)).astype(np.int32),
        )
        self._kept += parts
        return Matrix(*(part.ctypes.data for part in parts), rows, columns)
