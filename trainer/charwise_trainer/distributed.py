"""Several processes that train one model together, as `torchrun` starts them: who this one is, and how they agree.

Each runs the same loop and reads its part of the lanes; DistributedDataParallel averages the gradients. So that all
take the same way through the loop, whatever it turns on is either a sum that all have, or comes from the first process:
it alone reads and writes the model's folder, and its clock counts. A process alone speaks to nobody: each function is
then what its first line says and nothing else.

A process that is lost ends the others: the next time that they speak, torch raises a RuntimeError. Knows nothing of
text, of models or of files.
"""

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from charwise_trainer.batches import Part
from charwise_trainer.errors import ConfigError, TrainerError

PATIENCE = timedelta(minutes=10)
"""Of those who wait for one that still runs: reading a large folder takes the first that long, a step never."""

T = TypeVar("T")


def part() -> Part:
    """Return which process this is, of how many."""
    if not distributed.is_initialized():
        return Part()
    return Part(distributed.get_rank(), distributed.get_world_size())


def is_first() -> bool:
    """Whether this is the process that writes and tells: the first, or the only one."""
    return part().number == 0


@contextmanager
def together(device: str = "auto") -> Iterator[None]:
    """Meet the other processes that torchrun started, if any; raises ConfigError where one has no GPU of its own."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    use_cuda = device in {"auto", "cuda"} and torch.cuda.is_available()
    if use_cuda:
        torch.cuda.set_device(_own_gpu())
    # Numbers to agree on are the CPU's in any case, gradients are where the model is.
    distributed.init_process_group("cpu:gloo,cuda:nccl" if use_cuda else "gloo", timeout=PATIENCE)
    yield
    distributed.destroy_process_group()  # not after an error: a peer that is gone could be waited for
    atexit.register(_leave)


def _leave() -> None:
    """End at once, with nothing left to do: now and then gloo aborts while its threads are taken down at the exit."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def shared(model: nn.Module) -> nn.Module:
    """Return the module itself; among several processes, one that averages gradients, from the first's weights on."""
    if part().of == 1:
        return model
    return nn.parallel.DistributedDataParallel(model)


def first(act: Callable[[], T]) -> T:
    """Act; among several processes the first does, and all return what it returns, or raise its TrainerError."""
    if part().of == 1:
        return act()
    outcome: list[Any] = [None, None]
    if is_first():
        try:
            outcome[0] = act()
        except TrainerError as error:
            outcome[1] = error
    distributed.broadcast_object_list(outcome, src=0)
    if outcome[1] is not None:
        raise outcome[1]
    found: T = outcome[0]
    return found


def each(act: Callable[[], T]) -> T:
    """Act, as every process does; where it is a TrainerError for any of them, all raise it."""
    if part().of == 1:
        return act()
    outcome, error = None, None
    try:
        outcome = act()
    except TrainerError as failure:
        error = failure
    errors: list[TrainerError | None] = [None] * part().of
    distributed.all_gather_object(errors, error)
    for failed in errors:
        if failed is not None:
            raise failed
    found: Any = outcome
    return found  # type: ignore[no-any-return]


@contextmanager
def held_by_first(context: AbstractContextManager[None]) -> Iterator[None]:
    """Be in the context; among several processes the first is, for all."""
    with ExitStack() as stack:
        first(lambda: stack.enter_context(context))
        yield


def of_first(number: float) -> float:
    """Return the number; among several processes, that of the first."""
    if part().of == 1:
        return number
    tensor = torch.tensor(number, dtype=torch.float64)
    distributed.broadcast(tensor, src=0)
    return tensor.item()


def total(number: float) -> float:
    """Return the number; among several processes, the sum of all."""
    return float(totals(np.array(number))) if part().of > 1 else number


def totals(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers; among several processes, each one's sum over all."""
    if part().of == 1:
        return numbers
    tensor = torch.tensor(numbers, dtype=torch.float64)
    distributed.all_reduce(tensor)
    sums: NDArray[np.float64] = tensor.numpy()
    return sums


def any_of(ask: Callable[[], bool]) -> Callable[[], bool]:
    """Return the question; among several processes, one that is answered with yes if any of them says so."""
    return lambda: total(ask()) > 0


def _own_gpu() -> int:
    number, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= there:
        raise ConfigError(
            f"process {number} of this machine has no GPU of its own, of which there are {there}: "
            f"start no more than {there} processes here (--nproc-per-node), or use --device cpu"
        )
    return number
