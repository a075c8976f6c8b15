"""Dynamic evaluation (Krause et al. 2018): a model that learns with all its weights from what it has just read.

The reference for what adapting can gain. After each segment the gradient, scaled by what is usual for each weight in
the training text, moves the weights, and a decay pulls them back to what was trained. Needs torch and milliseconds per
character: no daemon could do it at a keystroke.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.model import CharLSTM, State, detach

# Segments of training text whose gradients say what is usual.
_STATISTICS = 300


@dataclass(frozen=True)
class Adapting:
    """How a model adapts; a rate of 0: not at all."""

    rate: float = 0.0
    decay: float = 0.0
    segment: int = 20  # characters between two steps

    def __str__(self) -> str:
        return f"segments of {self.segment}, rate {self.rate:g}, decay {self.decay:g}"


class Dynamic:
    """A trained model, and how large the gradient of each of its weights usually is."""

    def __init__(self, model: CharLSTM, training: bytes, segment: int = 20) -> None:
        self._model = model.eval()
        self._usual = list(self._roots(training, segment))

    def distributions(self, context: bytes, text: bytes, how: Adapting) -> NDArray[np.float32]:
        """Return what is foreseen before each character of a text, (n, 256), which is then learned from.

        The context is read before, but not learned from.
        """
        model = copy.deepcopy(self._model)
        weights, trained = list(model.parameters()), [each.detach() for each in self._model.parameters()]
        # What decays: the more, the larger its gradients usually are, but never past what was trained.
        mean = float(torch.cat([each.flatten() for each in self._usual]).mean())
        pulls = [torch.clamp(how.decay * each / mean, max=1.0) for each in self._usual]
        state = self._read(model, context[:-1])
        ids, found = torch.tensor(list(context[-1:] + text)), list[NDArray[np.float32]]()
        for begin in range(0, len(text), how.segment):
            piece = ids[begin : begin + how.segment + 1]
            with torch.set_grad_enabled(how.rate > 0):
                logits, after = model(piece[:-1, None], state)
            found.append(torch.softmax(logits[:, 0].detach(), 1).numpy())
            state = detach(after)
            if how.rate:
                model.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(logits[:, 0], piece[1:]).backward()  # type: ignore[no-untyped-call]
                self._move(weights, trained, pulls, how.rate)
        return np.concatenate(found)

    @torch.no_grad()
    def _move(
        self, weights: list[torch.nn.Parameter], trained: list[torch.Tensor], pulls: list[torch.Tensor], rate: float
    ) -> None:
        for weight, start, usual, pull in zip(weights, trained, self._usual, pulls, strict=True):
            assert weight.grad is not None, "every weight takes part"
            weight.add_(pull * (start - weight) - rate * weight.grad / (usual + 1e-8 + 0.05 * usual.mean()))

    def _roots(self, training: bytes, segment: int) -> Iterator[torch.Tensor]:
        """Yield the root mean square of each weight's gradient, on segments all over the training text."""
        weights = list(self._model.parameters())
        squares = [torch.zeros_like(each) for each in weights]
        spread = np.linspace(0, len(training) - 10 * segment - 1, _STATISTICS).astype(int)
        for begin in spread:
            ids = torch.tensor(list(training[begin : begin + 10 * segment + 1]))
            state = self._read(self._model, training[begin : begin + 9 * segment])
            logits, _ = self._model(ids[-segment - 1 : -1, None], state)
            self._model.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(logits[:, 0], ids[-segment:]).backward()  # type: ignore[no-untyped-call]
            for square, weight in zip(squares, weights, strict=True):
                assert weight.grad is not None, "every weight takes part"
                square.add_(weight.grad**2)
        self._model.zero_grad(set_to_none=True)
        yield from (torch.sqrt(square / _STATISTICS) for square in squares)

    @staticmethod
    @torch.no_grad()
    def _read(model: CharLSTM, text: bytes) -> State:
        if not text:
            return model.initial_state(1)
        return detach(model(torch.tensor(list(text))[:, None], model.initial_state(1))[1])
