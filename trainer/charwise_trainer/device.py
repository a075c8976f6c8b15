"""Where to compute and in which precision: CUDA, then MPS, then the CPU; bfloat16 where it proves faster.

Knows nothing of text or of files.
"""

import math
import time
from collections.abc import Callable
from typing import Literal

import torch

from charwise_trainer.errors import ConfigError
from charwise_trainer.model import CharLSTM

Precision = Literal["bf16", "fp32"]

TRIAL_WINDOW = 32
"""Time steps of a trial: a quarter of a training window shows the ratio just as well in a quarter of the time."""
TRIAL_SECONDS = 1.5
"""For repeating trials: the shortest counts, which another process's busy moment does not touch."""
FEWEST_TRIALS, MOST_TRIALS = 2, 10


def pick_device(name: str = "auto") -> torch.device:
    """Return the device asked for, the fastest there is for "auto"; raises ConfigError where it is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if name not in there:
        raise ConfigError(f"device is {name!r}, which is no device: use auto, cuda, mps or cpu")
    if not there[name]:
        raise ConfigError(f"device is {name!r}, but torch finds none on this machine: use auto")
    return torch.device(name)


def pick_precision(model: CharLSTM, lanes: int) -> Precision:
    """Time a few steps of the real model both ways; bfloat16 only if it is faster, and finite."""
    device = model.head.weight.device
    ids = torch.randint(256, (TRIAL_WINDOW, lanes), device=device, generator=torch.Generator(device).manual_seed(0))
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    seconds = dict.fromkeys(precisions, math.inf)
    for precision in precisions:  # the first steps compile kernels
        _trial(model, ids, precision)
    now = computing_time(device)
    end = now() + TRIAL_SECONDS
    for trial in range(MOST_TRIALS):
        for precision in precisions:
            seconds[precision] = min(seconds[precision], _trial(model, ids, precision))
        if trial + 1 >= FEWEST_TRIALS and now() > end:
            break
    return "bf16" if seconds["bf16"] < seconds["fp32"] else "fp32"


def can_compute(model: CharLSTM, precision: Precision) -> bool:
    """Whether the model's device can learn in this precision: on some processors torch has no LSTM in bfloat16."""
    ids = torch.zeros(2, 1, dtype=torch.long, device=model.head.weight.device)
    return math.isfinite(_trial(model, ids, precision))


def computing_time(device: torch.device) -> Callable[[], float]:
    """Return a clock (of seconds) that stands still while this process is stopped, rests, or waits for a processor.

    On a CPU the main thread takes part in all that is computed: its own time is that of the work. What another device
    does cannot be seen from here, and all time counts.
    """
    return time.thread_time if device.type == "cpu" else time.perf_counter


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the context in which the forward pass runs."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def _trial(model: CharLSTM, ids: torch.Tensor, precision: Precision) -> float:
    """Return the seconds of one step without its update, infinity where it fails or is not finite."""
    now = computing_time(ids.device)
    begin = now()
    try:
        loss = _forward_and_back(model, ids, precision)
    except RuntimeError:  # a device or a kernel that has no bfloat16
        return math.inf
    finally:
        model.zero_grad(set_to_none=True)
    return now() - begin if math.isfinite(loss) else math.inf


def _forward_and_back(model: CharLSTM, ids: torch.Tensor, precision: Precision) -> float:
    with autocast(ids.device, precision):
        logits, _ = model(ids, model.initial_state(ids.shape[1]))
    loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), ids.flatten())
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    return loss.item() + norm.item()
