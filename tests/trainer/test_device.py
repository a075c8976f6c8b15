"""Devices and precisions: tried, not assumed."""

import math
import time
from typing import Any

import pytest
import torch

from charwise_trainer import device
from charwise_trainer.device import can_compute, computing_time, pick_device, pick_precision
from charwise_trainer.errors import ConfigError
from charwise_trainer.model import CharLSTM
from tests.trainer.small import TINY


def test_pick_device() -> None:
    """The CPU is always there; what is not there, or no device at all, is refused."""
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type in {"cuda", "mps", "cpu"}
    with pytest.raises(ConfigError, match="'tpu', which is no device"):
        pick_device("tpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_pick_device_that_is_not_there() -> None:
    """A missing GPU is said to be missing."""
    with pytest.raises(ConfigError, match="finds none on this machine"):
        pick_device("cuda")


def test_pick_precision_learns_nothing() -> None:
    """The trial changes no weight, leaves no gradient, and ends in one of the two."""
    torch.manual_seed(0)
    model = CharLSTM(TINY)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert pick_precision(model, 4) in {"bf16", "fp32"}
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_computing_time() -> None:
    """On a CPU time in which others compute does not count; what another device does is timed by the clock."""
    assert computing_time(torch.device("cpu")) is time.thread_time
    assert computing_time(torch.device("cuda")) is time.perf_counter


@pytest.mark.parametrize(("seconds", "picked"), [((2.0, 1.0), "bf16"), ((1.0, 2.0), "fp32"), ((1.0, 1.0), "fp32")])
def test_pick_precision_by_time(monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float], picked: str) -> None:
    """Only what is faster is taken."""
    taken = dict(zip(("fp32", "bf16"), seconds, strict=True))
    monkeypatch.setattr(device, "_trial", lambda _model, _ids, precision: taken[precision])
    assert pick_precision(CharLSTM(TINY), 4) == picked


def failing(_model: Any, _ids: Any, precision: str) -> float:
    if precision == "bf16":
        raise RuntimeError("not implemented for 'BFloat16'")
    return 1.0


def not_finite(_model: Any, _ids: Any, precision: str) -> float:
    return math.nan if precision == "bf16" else 1.0


@pytest.mark.parametrize("broken", [failing, not_finite])
def test_pick_precision_falls_back(monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    """A machine whose bfloat16 fails, or computes nonsense, trains in float32, however fast the nonsense came."""
    monkeypatch.setattr(device, "_forward_and_back", broken)
    assert pick_precision(CharLSTM(TINY), 4) == "fp32"
    assert not can_compute(CharLSTM(TINY), "bf16")
    assert can_compute(CharLSTM(TINY), "fp32")
