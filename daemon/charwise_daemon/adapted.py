"""A model's adaptation as it outlives the daemon, and checkpoints: a later one of the same model begins with it.

What was typed is learned by the next training too, once it is saved; then the gate finds out what the correction is
still worth, and it is forgotten slowly anyway.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.adaptation import Adaptation

Arrays = Mapping[str, NDArray[np.float32]]


class Adapted:
    """The adaptation of the model that is served, None before there is one."""

    def __init__(self) -> None:
        self.adaptation: Adaptation | None = None
        self._known: Arrays = {}  # what was kept, until there is a model

    def __repr__(self) -> str:
        return f"Adapted({self.adaptation})"

    def begin_with(self, width: int) -> None:
        """Serve a model of this width: with what was learned beside it, if that is of such a model."""
        if self.adaptation is None or self.adaptation.width != width:
            self.adaptation = Adaptation(width)
            self.adaptation.restore(self._known)

    def state(self) -> Any:
        """Return what was learned, as JSON can hold it: numbers of 16 bits, which is as good."""
        arrays = self.adaptation.state() if self.adaptation else self._known
        return {name: [list(array.shape), _packed(array)] for name, array in arrays.items()}

    def restore(self, state: Any) -> None:
        """Take back what was learned.

        Raises:
            ValueError: it is something else; nothing is changed then.
        """
        try:
            self._known = {str(name): _unpacked(data).reshape(shape) for name, (shape, data) in state.items()}
        except (AttributeError, TypeError, ValueError, binascii.Error) as error:
            raise ValueError("it is no adaptation") from error
        if self.adaptation:
            self.adaptation.restore(self._known)


def _packed(array: NDArray[np.float32]) -> str:
    return base64.b64encode(array.astype("<f2").tobytes()).decode()


def _unpacked(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
