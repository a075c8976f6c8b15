"""The mean of a model's weights over the last part of its training: what is served while the rate is still high.

At a high rate weights swing around what they tend to; their mean lies nearer to it. Knows nothing of how they are
learned.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from charwise_trainer.model import CharLSTM

SHARE = 0.1
"""Of the steps taken so far, about, that the mean reaches back over: short runs and long ones need no other number."""


class Average:
    """The mean of the weights of a model that is being trained, from its first step on or since `restart`."""

    def __init__(self, model: CharLSTM) -> None:
        self._parameters = list(model.parameters())
        self._means = [parameter.detach().clone() for parameter in self._parameters]
        self._taken = 0

    def __repr__(self) -> str:
        return f"<Average over {self._taken} steps>"

    def restart(self) -> None:
        """Begin anew at the model's weights."""
        self._taken = 0
        self._mix(1.0)

    def update(self) -> None:
        """Take in the weights after one more step."""
        self._taken += 1
        self._mix(min(1.0, 1 / (SHARE * self._taken)))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the mean as its weights for a while."""
        own = [parameter.data for parameter in self._parameters]
        try:
            for parameter, mean in zip(self._parameters, self._means, strict=True):
                parameter.data = mean
            yield
        finally:
            for parameter, weights in zip(self._parameters, own, strict=True):
                parameter.data = weights

    @torch.no_grad()
    def _mix(self, share: float) -> None:
        for mean, parameter in zip(self._means, self._parameters, strict=True):
            mean.lerp_(parameter, share)
