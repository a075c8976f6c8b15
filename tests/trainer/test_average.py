"""The mean of the weights: what it is, and that the model gets its own ones back."""

from contextlib import suppress

import pytest
import torch

from charwise_trainer.average import SHARE, WAY, Average
from charwise_trainer.model import CharLSTM
from tests.trainer.small import TINY


def model_at(value: float) -> CharLSTM:
    model = CharLSTM(TINY)
    put(model, value)
    return model


@torch.no_grad()
def put(model: CharLSTM, value: float) -> None:
    for parameter in model.parameters():
        parameter.fill_(value)


def mean_of(model: CharLSTM, average: Average) -> float:
    with average.in_place():
        return model.head.bias[0].item()


def test_average_follows_at_first() -> None:
    """The first steps are too different from each other to be averaged: the mean is the last of them."""
    model = model_at(0.0)
    average = Average(model)
    for value in (1.0, 2.0, 3.0):
        put(model, value)
        average.update()
        assert mean_of(model, average) == value


def test_average_reaches_back_over_its_share() -> None:
    """Of weights that grow by one at each step, the mean is about a share of the steps behind, however many."""
    model = model_at(0.0)
    average = Average(model)
    for step in range(1, 1001):
        put(model, float(step))
        average.update()
        if step in {100, 1000}:
            assert step - mean_of(model, average) == pytest.approx(SHARE * step, rel=0.3)


def test_average_in_place_and_back() -> None:
    """The model has the mean for a while, and goes on learning from where it was, whatever happens meanwhile."""
    model = model_at(1.0)
    average = Average(model)
    put(model, 5.0)
    with suppress(RuntimeError), average.in_place():
        assert model.embedding.weight[0, 0].item() == 1.0
        raise RuntimeError
    assert model.embedding.weight[0, 0].item() == 5.0


def test_average_restart() -> None:
    """Begun anew, it knows nothing of what was before."""
    model = model_at(1.0)
    average = Average(model)
    for _ in range(100):
        average.update()
    put(model, 7.0)
    average.restart()
    assert mean_of(model, average) == 7.0


def test_average_stays_near_its_anchor() -> None:
    """What is served lies between where the run began and where it has come, also after it had to begin anew."""
    model = model_at(2.0)
    average = Average(model)
    average.anchor()
    put(model, 6.0)
    for _ in range(100):
        average.update()
    assert mean_of(model, average) == pytest.approx(2 + WAY * 4)
    average.restart()
    assert mean_of(model, average) == pytest.approx(2 + WAY * 4)
    assert model.head.bias[0].item() == 6.0
