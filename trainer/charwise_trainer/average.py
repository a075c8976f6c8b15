"""The mean of a model's weights over the last part of its training, which is what is served.

At a high rate weights swing around what they tend to; their mean lies nearer to it. And a model that goes on from one
that knows much forgets some of that while it learns: between the weights that it began with and those that it has come
to lie some that know both (WiSE-FT, Wortsman et al. 2022). Knows nothing of how they are learned.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from charwise_trainer.model import CharLSTM

SHARE = 0.1
"""Of the steps taken so far, about, that the mean reaches back over: short runs and long ones need no other number."""

WAY = 0.75
"""Of the way from the weights that a run goes on from to the mean. Three minutes of a core from the base model, bits of
the LSTM mixed with the memories, at 0.5, 0.75 and 1 of it: ripgrep 0.770, 0.765, 0.768; psycopg2 0.764, 0.752, 0.749;
commander 0.996, 0.997, 1.008."""


class Average:
    """The mean of the weights of a model that is being trained, from its first step on or since `restart`."""

    def __init__(self, model: CharLSTM) -> None:
        self._parameters = list(model.parameters())
        self._means = [parameter.detach().clone() for parameter in self._parameters]
        self._anchor: list[torch.Tensor] | None = None
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

    def anchor(self) -> None:
        """Stay near to the weights that the model has now, however many steps follow."""
        self._anchor = [parameter.detach().clone() for parameter in self._parameters]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the model have the mean as its weights for a while."""
        own = [parameter.data for parameter in self._parameters]
        try:
            for parameter, mean in zip(self._parameters, self._near(), strict=True):
                parameter.data = mean
            yield
        finally:
            for parameter, weights in zip(self._parameters, own, strict=True):
                parameter.data = weights

    def _near(self) -> list[torch.Tensor]:
        if self._anchor is None:
            return self._means
        return [torch.lerp(begun, mean, WAY) for begun, mean in zip(self._anchor, self._means, strict=True)]

    @torch.no_grad()
    def _mix(self, share: float) -> None:
        for mean, parameter in zip(self._means, self._parameters, strict=True):
            mean.lerp_(parameter, share)
