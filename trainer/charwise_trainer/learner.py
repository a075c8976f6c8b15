"""Everything that one training step changes: weights, optimizer, the lanes' state; and its form as plain arrays.

Knows nothing of files, budgets or evaluation. The arrays are what a checkpoint stores and what a recovery goes back
to: one mechanism for both.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.average import Average
from charwise_trainer.batches import Window
from charwise_trainer.checkpoint import Arrays
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.device import Precision, autocast, can_compute, pick_device, pick_precision
from charwise_trainer.distributed import first, part, shared, total
from charwise_trainer.errors import CheckpointError
from charwise_trainer.model import CharLSTM, State, detach
from charwise_trainer.teacher import Teacher

MOMENTS = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps for each parameter."""
RNG = "rng.cpu"
RNG_CUDA = "rng.cuda"


class Learner:
    """A model being trained on one device."""

    def __init__(self, model: ModelConfig, config: TrainConfig, lanes: int, precision: Precision | None = None) -> None:
        torch.manual_seed(config.seed)
        self.device = pick_device(config.device)
        self.model = CharLSTM(model).to(self.device)
        self.clip = config.clip
        self.optimizer = _adamw(self.model, config)
        self.average = Average(self.model)
        self.teacher: Teacher | None = None
        is_known = precision is not None and can_compute(self.model, precision)
        self.precision = precision if precision and is_known else first(lambda: pick_precision(self.model, lanes))
        self.state: State = self.model.initial_state(lanes)
        self._read = shared(self.model)  # after the trials: its hooks take part in every backward pass
        torch.manual_seed(config.seed + part().number)  # the trials drew dropout masks, and each process has its own

    def __repr__(self) -> str:
        return f"<Learner of {self.model!r} on {self.device.type}, {self.precision}>"

    def step(self, window: Window, rate: float) -> float:
        """Learn from one window; return its loss (nats per character), NaN or infinity where nothing was learned."""
        x, y, starts = (torch.from_numpy(part).to(self.device) for part in (window.x, window.y, window.starts))
        # forward: through the window only; what came before is a given
        with autocast(self.device, self.precision):
            logits, state = self._read(x, self.model.cut(self.state, starts))  # (T, B, 256)
        self.state = detach(state)
        nats = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), y.flatten(), reduction="none").view_as(y)
        wanted = nats.sum()
        if self.teacher:  # what is replayed is held to what was said of it before
            new = y.shape[1] - window.replayed
            wanted = nats[:, :new].sum() + self.teacher.loss(logits[:, new:], x[:, new:], y[:, new:], starts[new:])
        # backward: a window that is mostly padding weighs as little as it holds
        self.optimizer.zero_grad(set_to_none=True)
        (wanted / y.numel()).backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.clip).item()
        # update, unless it would poison the weights
        if not math.isfinite(norm):
            return norm
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.average.update()
        return total(nats.sum().item()) / max(window.characters, 1)

    def hold(self) -> None:
        """Hold what is replayed from now on to what the weights say of it now; without the noise of dropout."""
        self.teacher = Teacher(self.model)
        self.model.drop_nothing()

    def forget(self, lanes: int | None = None) -> None:
        """Begin every lane from the zero state, of which there may be others from now on."""
        self.state = self.model.initial_state(lanes or self.state[0].shape[1])
        if self.teacher:
            self.teacher.forget()

    # --- as arrays ----------------------------------------------------------------------------------------------------
    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the weights by name."""
        return {name: _array(tensor) for name, tensor in self.model.state_dict().items()}

    def memory(self) -> dict[str, NDArray[np.generic]]:
        """Return a copy of what training needs beside the weights: the optimizer's moments, the random state."""
        arrays: dict[str, NDArray[np.generic]] = {RNG: torch.get_rng_state().numpy()}
        if self.device.type == "cuda":
            arrays[RNG_CUDA] = torch.cuda.get_rng_state(self.device).numpy()
        for name, parameter in self.model.named_parameters():
            for moment, tensor in self.optimizer.state.get(parameter, {}).items():
                arrays[f"{moment}.{name}"] = _array(tensor)
        return arrays

    def set_weights(self, weights: Arrays) -> None:
        """Take these weights, whose names and shapes fit the model."""
        self.model.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
        self.average.restart()

    def set_memory(self, arrays: Arrays) -> None:
        """Take what `memory` gave; raises CheckpointError where it does not fit the model, and takes nothing then."""
        moments = {
            number: {moment: _tensor(arrays, f"{moment}.{name}", parameter) for moment in MOMENTS}
            for number, (name, parameter) in enumerate(self.model.named_parameters())
            if f"step.{name}" in arrays  # none before the first step
        }
        _set_rng(arrays, self.device)
        self.optimizer.load_state_dict({"state": moments, "param_groups": self.optimizer.state_dict()["param_groups"]})


def _adamw(model: CharLSTM, config: TrainConfig) -> torch.optim.AdamW:
    def build(fused: bool) -> torch.optim.AdamW:
        return torch.optim.AdamW(
            model.parameters(), lr=config.rate, betas=config.betas, weight_decay=config.weight_decay, fused=fused
        )

    try:
        return build(fused=True)
    except RuntimeError:  # a device that has no fused kernel
        return build(fused=False)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    copy: NDArray[np.float32] = tensor.detach().cpu().numpy().copy()
    return copy


def _tensor(arrays: Arrays, name: str, parameter: torch.nn.Parameter) -> torch.Tensor:
    """Return a moment as a tensor; the step is a single number, the others have the parameter's shape."""
    shape = () if name.startswith("step.") else tuple(parameter.shape)
    if name not in arrays or arrays[name].shape != shape:
        raise CheckpointError(f"the optimizer's {name} is missing or has a wrong shape")
    return torch.tensor(arrays[name], dtype=torch.float32)


def _set_rng(arrays: Arrays, device: torch.device) -> None:
    try:
        if RNG in arrays:
            torch.set_rng_state(torch.tensor(arrays[RNG]))
        if RNG_CUDA in arrays and device.type == "cuda":
            torch.cuda.set_rng_state(torch.tensor(arrays[RNG_CUDA]), device)
    except (RuntimeError, TypeError) as error:
        raise CheckpointError("the random state is of another version of torch") from error
    if others := part().number:  # the state is the first process's: each other draws a seed of its own from it
        torch.manual_seed(int(torch.randint(2**62, (others,))[-1]))
