"""What a model said before it went on: of replayed text it is to say the same again.

Learning without Forgetting (Li and Hoiem 2016) on a replay, as in Dark Experience Replay (Buzzega et al. 2020). With
the replayed text itself as the target, every step would be a noisy one away from what took minutes to find; what the
model said of it pulls only where learning something new has moved it. Knows nothing of what is new.
"""

import copy

import torch
from torch import Tensor

from charwise_trainer.batches import IGNORE
from charwise_trainer.model import CharLSTM, State

WEIGHT = 10.0
"""Of a replayed character, beside one to learn. With 3 more is learned and more forgotten, with 30 hardly anything."""


class Teacher:
    """The model as it is now, which reads along."""

    def __init__(self, model: CharLSTM) -> None:
        self._model = copy.deepcopy(model).eval().requires_grad_(False)
        self._state: State | None = None

    def __repr__(self) -> str:
        return f"<Teacher {self._model!r}>"

    def forget(self) -> None:
        """Read from the zero state again."""
        self._state = None

    def loss(self, logits: Tensor, x: Tensor, y: Tensor, starts: Tensor) -> Tensor:
        """Return the divergence of a model's logits (T, B, 256) from what was said before, summed, in weighted nats.

        The text is x (T, B), read from the zero state in lanes that start; y (T, B) says where anything is predicted.
        """
        state = self._model.initial_state(x.shape[1]) if self._state is None else self._state
        with torch.no_grad():
            said, self._state = self._model(x, self._model.cut(state, starts))
            said = said.float().log_softmax(-1)
        now = logits.float().log_softmax(-1)
        divergence = torch.nn.functional.kl_div(now, said, log_target=True, reduction="none").sum(-1)  # (T, B)
        return WEIGHT * divergence[y != IGNORE].sum()
