"""LSTM, GRU and RNN steps on numpy: one character, one step, no torch.

The embedding and the first layer's input weights are folded into one table, so the first layer costs half. Gates that
are sigmoids are computed with the same tanh as the others, sigmoid(z) = (1 + tanh(z / 2)) / 2, their rows halved once
at load. Knows no documents. The reference is charwise_trainer.sample; a test holds the two together. An LSTM is stepped
by kernel_engine.py where it can be: `engine_of` decides.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import kernel as kernels
from charwise_daemon.errors import ModelError

Array = NDArray[np.float32]
State = NDArray[np.float32]  # (layers, 2, width): h and c; of GRU and RNN (layers, 1, width). Never written to again.

_PARTS = {"lstm": 2, "gru": 1, "rnn": 1}


class Engine:
    """The steps of one stored model.

    Args:
        model: the model's configuration, as meta.json has it: layers, width, cell.
        weights: the arrays of weights.safetensors, float32, with the names of CharLSTM's state_dict.

    Raises:
        ModelError: a weight is missing, or the cell is not one that charwise knows.
    """

    def __init__(self, model: Mapping[str, Any], weights: Mapping[str, Array]) -> None:
        self.layers, self.width, self.cell = int(model["layers"]), int(model["width"]), str(model["cell"])
        if self.cell not in _PARTS:
            raise ModelError(f"the cell {self.cell!r} is not known here; update charwise")
        try:
            self._load(weights)
        except KeyError as error:
            raise ModelError(f"the weight {error} is missing; the model cannot be used, train it again") from error

    def __repr__(self) -> str:
        return f"Engine({self.cell} {self.layers}x{self.width}, numpy)"

    def start(self) -> State:
        """Return the state before any character."""
        return np.zeros((self.layers, _PARTS[self.cell], self.width), np.float32)

    def step(self, state: State, character: int) -> State:
        """Return the state after one more character."""
        after, x = np.empty_like(state), None
        cell: Callable[[int, State, State, int, Array | None], Array] = getattr(self, f"_{self.cell}")
        for layer in range(self.layers):
            x = cell(layer, state, after, character, x)
        return after

    def read(self, state: State, text: bytes | bytearray) -> State:
        """Return the state after this text."""
        for character in text:
            state = self.step(state, character)
        return state

    def logits(self, state: State) -> Array:
        """Return the scores of the next character, (256,)."""
        scores: Array = self._head @ state[-1, 0] + self._head_bias
        return scores

    def probabilities(self, state: State) -> NDArray[np.float64]:
        """Return the distribution over the next character, (256,)."""
        return softmax(self.logits(state).astype(np.float64))

    def advance(self, state: State, character: int) -> tuple[State, NDArray[np.float64]]:
        """Return the state after one more character, and the distribution over the next."""
        after = self.step(state, character)
        return after, self.probabilities(after)

    def _load(self, weights: Mapping[str, Array]) -> None:
        halves = self._halves()  # (gates * width,)
        self._inputs, self._recurrent, self._biases = list[Array](), list[Array](), list[tuple[Array, Array]]()
        for layer in range(self.layers):
            w, u = weights[f"rnn.weight_ih_l{layer}"], weights[f"rnn.weight_hh_l{layer}"]
            self._inputs.append(np.ascontiguousarray(w * halves[:, None]))
            self._recurrent.append(np.ascontiguousarray(u * halves[:, None]))
            self._biases.append((weights[f"rnn.bias_ih_l{layer}"] * halves, weights[f"rnn.bias_hh_l{layer}"] * halves))
        table = weights["embedding.weight"] @ self._inputs[0].T + self._biases[0][0]
        self._table: Array = np.ascontiguousarray(table)  # (256, gates * width)
        self._inputs[0] = np.zeros((0, 0), np.float32)  # its work is in the table now
        self._head, self._head_bias = weights["head.weight"], weights["head.bias"]

    def _halves(self) -> Array:
        """Return what each gate's rows are scaled by: a half for sigmoids, in torch's order of gates."""
        scales = {"lstm": (0.5, 0.5, 1.0, 0.5), "gru": (0.5, 0.5, 1.0), "rnn": (1.0,)}[self.cell]
        return np.repeat(np.asarray(scales, np.float32), self.width)

    def _input(self, layer: int, character: int, x: Array | None) -> Array:
        """Return what a layer gets from below, its input bias included, (gates * width,)."""
        if x is None:
            row: Array = self._table[character]
            return row
        below: Array = self._inputs[layer] @ x + self._biases[layer][0]
        return below

    def _lstm(self, layer: int, state: State, after: State, character: int, x: Array | None) -> Array:
        width = self.width
        z = self._recurrent[layer] @ state[layer, 0]  # (4 * width,): i, f, g, o
        z += self._input(layer, character, x)
        z += self._biases[layer][1]
        np.tanh(z, z)
        i, f, g, o = z[:width], z[width : 2 * width], z[2 * width : 3 * width], z[3 * width :]
        h, c = after[layer]
        c[:] = 0.5 * ((1 + f) * state[layer, 1] + (1 + i) * g)
        np.tanh(c, h)
        h *= 0.5 * (1 + o)
        return h  # type: ignore[no-any-return]  # a row of `after`

    def _gru(self, layer: int, state: State, after: State, character: int, x: Array | None) -> Array:
        width, h = self.width, state[layer, 0]
        below = self._input(layer, character, x)  # (3 * width,): r, z, n
        across = self._recurrent[layer] @ h + self._biases[layer][1]
        gates = 0.5 * (1 + np.tanh(below[: 2 * width] + across[: 2 * width]))
        r, z = gates[:width], gates[width:]
        n = np.tanh(below[2 * width :] + r * across[2 * width :])
        after[layer, 0] = n + z * (h - n)
        return after[layer, 0]  # type: ignore[no-any-return]  # as above

    def _rnn(self, layer: int, state: State, after: State, character: int, x: Array | None) -> Array:
        across = self._recurrent[layer] @ state[layer, 0] + self._biases[layer][1]
        np.tanh(self._input(layer, character, x) + across, after[layer, 0])
        return after[layer, 0]  # type: ignore[no-any-return]  # as above


def engine_of(model: Mapping[str, Any], weights: Mapping[str, Array], kernel: str | None = None) -> Engine:
    """Return what steps a stored model: the kernel for LSTMs where there is one, else numpy.

    Args:
        model: as of Engine.
        weights: as of Engine.
        kernel: auto, numpy or a path of the kernel; None for what the environment says.

    Raises:
        ModelError: as Engine does.
        SettingsError: the kernel that is asked for cannot be used here.
    """
    from charwise_daemon.kernel_engine import KernelEngine  # noqa: PLC0415 - it is an Engine itself

    choice = kernels.choose(kernel) if kernel else kernels.chosen()
    if choice.kernel is None or model["cell"] != "lstm":
        return Engine(model, weights)
    return KernelEngine(choice.kernel, model, weights)


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distribution of these scores over the last axis."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(-1, keepdims=True)
    return shares
