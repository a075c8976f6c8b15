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
        self._turn = 0  # in which direction weights are read, see kernel_lstm.h
        self._kept: list[Any] = [self._table]
        below, across = zip(*(self._packed_layer(layer) for layer in range(self.layers)), strict=True)
        matrices = ((Matrix * self.layers)(*each) for each in (below, across))
        head = self._pack(self._head, self._head_bias, _scales(self._head))
        self.structure = LSTM(self._table.ctypes.data, *matrices, head, self.layers, self.width)
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
        self._turn ^= 1
        where = states, text, length, batch, after, scores, shares
        if self._run(byref(self.structure), self._path, self._turn, *where):
            raise MemoryError("no memory for a step of the LSTM")

    def _packed_layer(self, layer: int) -> tuple[Matrix, Matrix]:
        """Return a layer's input weights, none of the first, and its recurrent ones with the biases of both."""
        below, across = self._inputs[layer], self._recurrent[layer]
        input_bias, recurrent_bias = self._biases[layer]
        if not layer:
            return Matrix(), self._pack(across, recurrent_bias, _scales(across))
        scales = _scales(np.hstack([below, across]))
        bias = input_bias + recurrent_bias
        return self._pack(below, bias, scales), self._pack(across, bias, scales)

    def _pack(self, weights: Array, bias: Array, scales: Array) -> Matrix:
        rows, columns = (-(-size // _TILE) * _TILE for size in weights.shape)
        whole = np.zeros((rows, columns), np.int8)
        whole[: weights.shape[0], : weights.shape[1]] = np.rint(weights / scales[:, None])
        tiles = whole.reshape(rows // _TILE, _TILE, columns // 4, 4).transpose(0, 2, 1, 3)
        parts = (
            np.ascontiguousarray(tiles),
            *(np.pad(each, (0, rows - len(each))).astype(np.float32) for each in (scales / _LARGEST, bias)),
            (128 * whole.sum(1, dtype=np.int32)).astype(np.int32),
        )
        self._kept += parts
        return Matrix(*(part.ctypes.data for part in parts), rows, columns)


def _scales(weights: Array) -> Array:
    """Return what the largest of each row is made 127 with, (rows,)."""
    scales: Array = np.maximum(np.abs(weights).max(1), 1e-30) / _LARGEST
    return scales
