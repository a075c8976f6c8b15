"""What a model is held to while it learns something new."""

import numpy as np
import pytest
import torch

from charwise_trainer.batches import Lanes, Window
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.learner import Learner
from charwise_trainer.mixture import Mixture
from charwise_trainer.model import CharLSTM
from charwise_trainer.teacher import Teacher

OLD = [b"the quick brown fox jumps over the lazy dog\n" * 20 for _ in range(4)]
NEW = [b"pack my box with five dozen liquor jugs\n" * 4]


def windows(lanes: Lanes) -> list[Window]:
    rngs = iter(np.random.default_rng(seed) for seed in range(100))
    return list(Mixture(NEW, lanes, 8, 30).windows(rngs))


def learned(lanes: Lanes) -> Learner:
    learner = Learner(ModelConfig(layers=1, width=24, embedding=8, dropout=0.2), TrainConfig(threads=1), 8, "fp32")
    for epoch in range(40):
        for window in lanes.epoch(np.random.default_rng(epoch), 8):
            learner.step(window, 1e-2)
    return learner


def loss(model: CharLSTM, texts: list[bytes]) -> float:
    """Return the nats per character of these texts."""
    [window] = Lanes(texts, 1, max(map(len, texts)) * len(texts)).epoch(np.random.default_rng(0), 1)
    x, y = torch.from_numpy(window.x), torch.from_numpy(window.y)
    with torch.no_grad():
        logits, _ = model.eval()(x, model.initial_state(1))
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()).item()


def test_held_to_the_old_it_learns_the_new() -> None:
    """Beside a teacher the new text is learned as well, and less of the old is lost than beside its text alone."""
    lanes = Lanes(OLD, 8, 16)
    lost, gained = [], []
    for is_held in (True, False):
        learner = learned(lanes)
        old, new = loss(learner.model, OLD[:1]), loss(learner.model, NEW)
        if is_held:
            learner.hold()
        learner.forget(len(windows(lanes)[0].starts))
        for window in windows(lanes):
            learner.step(window, 1e-2)
        lost.append(loss(learner.model, OLD[:1]) - old)
        gained.append(new - loss(learner.model, NEW))
    assert lost[0] < lost[1]
    assert min(gained) > 0.5


def test_teacher_at_first_has_nothing_to_say() -> None:
    """The model as it was is what it is held to: no divergence, whatever lanes begin anew, and no gradient."""
    torch.manual_seed(0)
    model = CharLSTM(ModelConfig(layers=2, width=16, embedding=8, dropout=0.5)).eval()
    teacher, state = Teacher(model), model.initial_state(3)
    for starts in ([True, True, True], [False, True, False], [False, False, False]):
        x, y, cut = torch.randint(256, (7, 3)), torch.randint(256, (7, 3)), torch.tensor(starts)
        logits, state = model(x, model.cut(state, cut))
        found = teacher.loss(logits, x, y, cut)
        assert found.item() == pytest.approx(0.0, abs=1e-4)
    found.backward()
    assert all(part.grad is None or part.grad.abs().max() < 1e-4 for part in model.parameters())


def test_teacher_leaves_padding_out() -> None:
    """Where nothing is to be predicted it says nothing."""
    model = CharLSTM(ModelConfig(layers=1, width=16, embedding=8))
    x, starts = torch.randint(256, (7, 3)), torch.ones(3, dtype=torch.bool)
    silent = torch.full((7, 3), -100)
    assert Teacher(model).loss(torch.randn(7, 3, 256), x, silent, starts).item() == 0.0
