"""The gates of one model, one for each type of file, each as what was typed in such files has made it.

They outlive the daemon, and trainings: of LSTMs that began alike, one is mixed as the other. Where the beginning is
another (the first LSTM, a newer base model), all begin anew; those before are kept for when that comes back.
"""

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.gate import Gate
from charwise_daemon.predictor import first_gate

Arrays = Mapping[str, NDArray[np.float32]]

# Types of file that have a gate of their own; what is typed in any other is learned by none.
_MOST_KINDS = 32
# Beginnings that are remembered: memories alone, and the model's.
_MOST_ORIGINS = 2


class Gates:
    """By the suffix of the file; each begins as the model's gate is, or where that has none as the defaults are."""

    def __init__(self) -> None:
        self._known = dict[str, dict[str, Any]]()  # by origin: states by type of file, the origin used last at the end
        self._origin, self._gates = "", dict[str, Gate]()
        self.begin_with(None, has_lstm=False)

    def __repr__(self) -> str:
        return f"Gates({self._gates})"

    def begin_with(self, fitted: Arrays | None, *, has_lstm: bool) -> None:
        """Use gates that began as `fitted`, None for the defaults: with what they have learned since, if they have."""
        first = fitted or first_gate(has_lstm=has_lstm).arrays
        origin = _digest(first)
        if origin != self._origin:
            self._known = self.state()
            self._origin, self._first, self._gates = origin, first, dict[str, Gate]()
            self._recall()

    def of(self, kind: str) -> Gate:
        """Return the gate of a type of file."""
        if kind not in self._gates:
            gate = Gate(self._first)
            if len(self._gates) >= _MOST_KINDS:
                return gate
            self._gates[kind] = gate
        return self._gates[kind]

    def for_file(self, name: str) -> Gate:
        """Return the gate of a file's type, as its suffix says that."""
        return self.of(PurePosixPath(name).suffix.lower())

    def state(self) -> dict[str, dict[str, Any]]:
        """Return what was learned, as JSON can hold it."""
        own = {kind: gate.state() for kind, gate in self._gates.items() if gate.learned}
        others = {origin: states for origin, states in self._known.items() if origin != self._origin}
        return dict([*others.items(), *([(self._origin, own)] if own else [])][-_MOST_ORIGINS:])

    def restore(self, state: Any) -> None:
        """Take back what was learned.

        Raises:
            ValueError: it is something else; nothing is changed then.
        """
        if not isinstance(state, dict) or not all(isinstance(each, dict) for each in state.values()):
            raise ValueError("it holds no gates")
        before, self._known = self._known, state
        try:
            self._recall()
        except ValueError:
            self._known = before
            raise

    def _recall(self) -> None:
        states = list(self._known.get(self._origin, {}).items())[:_MOST_KINDS]
        gates = {kind: Gate(self._first) for kind, _ in states}
        for kind, state in states:
            gates[kind].restore(state)
        self._gates = gates


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        digest.update(key.encode() + np.ascontiguousarray(arrays[key], np.float32).tobytes())
    return digest.hexdigest()[:16]
