"""One step of learning, and that its state survives being stored."""

from collections.abc import Iterator
from itertools import islice
from typing import get_args

import numpy as np
import pytest
import torch

from charwise_trainer.batches import Lanes, Window
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.corpus import encode
from charwise_trainer.device import Precision, can_compute
from charwise_trainer.errors import CheckpointError
from charwise_trainer.learner import Learner
from charwise_trainer.model import CharLSTM
from tests.trainer.small import TINY, python_files

LANES = 8
DROPPING = ModelConfig(layers=2, width=16, embedding=8, dropout=0.3)


def windows() -> Iterator[Window]:
    lanes = Lanes([encode(file) for file in python_files()], LANES, 32)
    return lanes.epoch(np.random.default_rng(0))


def learner(model: ModelConfig = TINY, **changes: object) -> Learner:
    made = Learner(model, TrainConfig(**changes), LANES)  # type: ignore[arg-type]
    made.precision = "fp32"  # whichever was faster: here the numbers must not depend on it
    return made


def test_step_learns() -> None:
    """The loss falls from that of a guess to well below it."""
    pupil = learner()
    losses = [pupil.step(window, 1e-2) for window in islice(windows(), 100)]
    assert losses[0] == pytest.approx(np.log(256), rel=0.05)
    assert np.mean(losses[-10:]) < 0.7 * losses[0]


def test_step_carries_the_state_and_cuts_it() -> None:
    """After a step the lanes hold a state; a window whose lanes all begin anew does not see it."""
    first, second = islice(windows(), 2)
    pupil = learner()
    assert all(part.abs().max() == 0 for part in pupil.state)
    pupil.step(first, 0.0)
    assert all(part.abs().max() > 0 for part in pupil.state)
    carried = pupil.step(second, 0.0)
    begun = Window(second.x, second.y, np.ones_like(second.starts), second.characters)
    assert pupil.step(begun, 0.0) != carried
    fresh = learner()
    assert fresh.step(begun, 0.0) == pupil.step(begun, 0.0)


@pytest.mark.parametrize("model", [TINY, DROPPING, ModelConfig(layers=1, width=16, embedding=8, cell="gru")])
def test_arrays_round_trip_to_the_last_bit(model: ModelConfig) -> None:
    """2n steps are n steps, stored, taken by a new learner, and n more: weights, moments and dropout masks agree."""
    steps = list(islice(windows(), 20))
    through = learner(model)
    for window in steps:
        through.step(window, 1e-2)
    before = learner(model)
    for window in steps[:10]:
        before.step(window, 1e-2)
    weights, memory, state = before.weights(), before.memory(), before.state
    after = learner(model, seed=99)
    after.set_weights(weights)
    after.set_memory(memory)
    after.state = state
    for window in steps[10:]:
        after.step(window, 1e-2)
    for one, other in ((through.weights(), after.weights()), (through.memory(), after.memory())):
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_arrays_are_copies() -> None:
    """What was taken out does not change when learning goes on."""
    pupil, (first, second) = learner(), islice(windows(), 2)
    pupil.step(first, 1e-2)
    weights, memory = pupil.weights(), pupil.memory()
    kept = {name: array.copy() for name, array in (weights | memory).items()}
    pupil.step(second, 1e-2)
    assert all(np.array_equal(array, kept[name]) for name, array in (weights | memory).items())
    assert not np.array_equal(pupil.weights()["head.bias"], weights["head.bias"])


def test_memory_before_the_first_step() -> None:
    """There are no moments yet; taking that back empties the optimizer."""
    pupil = learner()
    empty = pupil.memory()
    assert list(empty) == ["rng.cpu"]
    pupil.step(next(windows()), 1e-2)
    pupil.set_memory(empty)
    assert list(pupil.memory()) == ["rng.cpu"]


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("exp_avg.head.bias", np.zeros(3, np.float32)),
        ("exp_avg_sq.head.bias", None),
        ("step.head.bias", np.zeros((2, 2), np.float32)),
        ("rng.cpu", np.zeros(10, np.uint8)),
    ],
)
def test_set_memory_refuses_what_does_not_fit(name: str, array: np.ndarray | None) -> None:
    """Moments of another model are refused, and nothing of them is taken."""
    pupil = learner()
    pupil.step(next(windows()), 1e-2)
    before = pupil.memory()
    broken = {key: value for key, value in before.items() if key != name}
    with pytest.raises(CheckpointError):
        pupil.set_memory(broken if array is None else broken | {name: array})
    after = pupil.memory()
    assert all(np.array_equal(after[key], before[key]) for key in before)


def test_step_refuses_to_poison_the_weights() -> None:
    """A gradient that is not finite changes nothing but says so."""
    pupil = learner()
    with torch.no_grad():
        pupil.model.embedding.weight[:] = torch.nan
    before = pupil.weights()
    assert not np.isfinite(pupil.step(next(windows()), 1e-2))
    after = pupil.weights()
    assert all(np.array_equal(after[name], before[name], equal_nan=True) for name in before)


def test_forget() -> None:
    """All lanes begin from the zero state again."""
    pupil = learner()
    pupil.step(next(windows()), 1e-2)
    pupil.forget()
    assert all(part.abs().max() == 0 for part in pupil.state)
    assert pupil.state[0].shape == (1, LANES, 32)


@pytest.mark.skipif(
    not can_compute(CharLSTM(TINY), "bf16"), reason="torch has no bfloat16 LSTM for this processor: float32 is picked"
)
def test_bfloat16_learns_as_well() -> None:
    """Where bfloat16 is used, the loss falls as it does in float32."""
    losses: dict[str, float] = {}
    for precision in get_args(Precision):
        pupil = learner()
        pupil.precision = precision
        losses[precision] = float(np.mean([pupil.step(window, 1e-2) for window in islice(windows(), 60)][-10:]))
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.03)
