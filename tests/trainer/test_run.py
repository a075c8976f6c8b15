"""Runs that continue others, that leave the rails, that find the disk full."""

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from charwise_trainer import checkpoint, run
from charwise_trainer.batches import Window
from charwise_trainer.config import ModelConfig
from charwise_trainer.errors import CheckpointError, ConfigError, DivergenceError, StorageError
from charwise_trainer.events import Evaluated, Finished, Progress, Recovered, Saved, Started, Warned
from charwise_trainer.holdout import split
from charwise_trainer.judge import Costs
from charwise_trainer.learner import Learner
from charwise_trainer.train import train
from tests.trainer.small import TINY, corpus_file, of, python_files, short, stop_after
from tests.trainer.test_storage import files_limited_to

FILES = python_files()


# --- continued --------------------------------------------------------------------------------------------------------
def test_train_continues_a_finished_model(tmp_path: Path) -> None:
    """A second run counts on, begins where the first ended, at a lower rate."""
    first = list(train(FILES, tmp_path, short(epochs=1)))
    second = list(train(FILES, tmp_path, short(epochs=1, model=None)))
    before, started = of(Finished, first)[0], second[0]
    assert isinstance(started, Started)
    assert started.resumed_from == before.step
    assert started.model == TINY
    assert started.rate == pytest.approx(run.CONTINUED * 1e-2)
    after = of(Finished, second)[0]
    assert after.step == 2 * before.step
    assert of(Progress, second)[0].loss < 0.7 * of(Progress, first)[0].loss
    assert after.bpc is not None
    assert before.bpc is not None
    assert after.bpc < before.bpc
    meta = checkpoint.load(after.path).meta
    assert meta.characters == 2 * meta.corpus_characters
    assert meta.epochs == 2


def test_train_keeps_the_better_model(tmp_path: Path) -> None:
    """A continued run that only does harm is stored as the last one; the best one stays, and is what Finished names."""
    first = of(Finished, list(train(FILES, tmp_path, short(epochs=1))))[0]
    digits = [corpus_file(f"{i}.txt", b"0123456789" * 400) for i in range(10)]
    with pytest.MonkeyPatch.context() as patch:  # what is held out stays, what is learned is nothing like it
        patch.setattr("charwise_trainer.material.split", lambda files, **_: (files, split(FILES)[1]))
        second = list(train(digits, tmp_path, short(epochs=3)))
    finished = of(Finished, second)[0]
    assert not of(Evaluated, second)[-1].best
    assert finished.path == first.path
    assert finished.bpc == pytest.approx(first.bpc)
    last = checkpoint.last(tmp_path)
    assert last is not None
    assert checkpoint.load(last).meta.step == finished.step > first.step


def test_train_refuses_another_size(tmp_path: Path) -> None:
    """A model of another size is not continued, and the message says what to do."""
    list(train(FILES, tmp_path, short(epochs=0.05)))
    with pytest.raises(ConfigError, match="a 1x32 lstm, a 2x32 lstm was asked for: leave the size out"):
        next(train(FILES, tmp_path, short(model=ModelConfig(layers=2, width=32, embedding=16))))
    dropping = ModelConfig(layers=1, width=32, embedding=16, dropout=0.1)  # dropout is no size
    assert isinstance(next(train(FILES, tmp_path, short(model=dropping))), Started)


def test_train_continues_from_another_checkpoint(tmp_path: Path) -> None:
    """Where the last checkpoint is broken the best one is continued, with a warning that names the broken file."""
    list(train(FILES, tmp_path, short(epochs=0.1)))
    with pytest.MonkeyPatch.context() as patch:  # the second one is worse, and interrupted: best and last differ
        patch.setattr(run.Run, "_measure", _measures(9.0))
        list(train(FILES, tmp_path, short(epochs=0.1), stop_after(3)))
    best, last = checkpoint.best(tmp_path), checkpoint.last(tmp_path)
    assert best is not None
    assert last is not None
    assert best != last
    (last / "weights.safetensors").write_bytes(b"gone")
    events = list(train(FILES, tmp_path, short(epochs=0.1)))
    messages = [warned.message for warned in of(Warned, events)]
    assert any(str(last) in message and f"continuing from {best.name}" in message for message in messages)
    assert of(Started, events)[0].resumed_from == checkpoint.load(best).meta.step


def _measures(*values: float) -> Callable[[run.Run], Costs]:
    rest = iter(values)
    return lambda self: np.full(len(self.judge.pieces), next(rest))


def test_train_goes_on_without_a_broken_optimizer(tmp_path: Path) -> None:
    """Weights are enough to go on; that the optimizer's part was lost is said."""
    finished = of(Finished, list(train(FILES, tmp_path, short(epochs=0.1))))[0]
    (finished.path / "optimizer.safetensors").write_bytes(b"gone")
    events = list(train(FILES, tmp_path, short(epochs=0.1)))
    assert any("optimizer" in warned.message for warned in of(Warned, events))
    assert of(Started, events)[0].resumed_from == finished.step


def test_train_refuses_when_nothing_stored_can_be_read(tmp_path: Path) -> None:
    """It does not overwrite a model that it cannot read."""
    finished = of(Finished, list(train(FILES, tmp_path, short(epochs=0.1))))[0]
    (finished.path / "meta.json").write_text("{}")
    with pytest.raises(CheckpointError, match=r"meta\.json"):
        next(train(FILES, tmp_path, short()))


# --- off the rails ----------------------------------------------------------------------------------------------------
def poisoned_at(*steps: int) -> Callable[[Learner, Window, float], float]:
    """Return a step that spoils the weights before it learns, the first times that these steps are reached."""
    real, taken = Learner.step, itertools.count(1)

    def step(self: Learner, window: Window, rate: float) -> float:
        if next(taken) in steps:
            with torch.no_grad():
                self.model.head.weight.fill_(torch.nan)
        return real(self, window, rate)

    return step


def test_train_recovers_from_poisoned_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When weights become NaN it goes back to the last good ones at half the rate, and ends with a good model."""
    monkeypatch.setattr(Learner, "step", poisoned_at(40, 60))
    events = list(train(FILES, tmp_path, short()))
    recovered = of(Recovered, events)
    assert [each.rate for each in recovered] == [5e-3, 2.5e-3]
    assert "nan" in recovered[0].why
    finished = of(Finished, events)[0]
    assert not finished.interrupted
    assert finished.bpc is not None
    assert finished.bpc < 6
    assert checkpoint.load(finished.path).meta.rate_scale == 0.25


def test_train_gives_up_on_a_hopeless_rate(tmp_path: Path) -> None:
    """A rate that tears the weights apart however often it is halved ends in an error; nothing bad is stored."""
    with pytest.raises(DivergenceError, match="lower rate"):
        list(train(FILES, tmp_path, short(rate=1e6, warm_up=1)))
    assert checkpoint.last(tmp_path) is None


def test_train_gives_up_and_keeps_the_last_good_model(tmp_path: Path) -> None:
    """When a continued model diverges, the checkpoint it came from is still there and can be continued."""
    finished = of(Finished, list(train(FILES, tmp_path, short())))[0]
    with pytest.raises(DivergenceError):
        list(train(FILES, tmp_path, short(rate=1e6, warm_up=1)))
    assert checkpoint.best(tmp_path) == checkpoint.last(tmp_path) == finished.path
    assert list(train(FILES, tmp_path, short(epochs=0.05)))


def test_train_never_stores_exploded_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that exploded in the very last step are found at the evaluation, and are not what is stored."""
    real = Learner.step

    def step(self: Learner, window: Window, rate: float) -> float:
        loss = real(self, window, rate)
        if int(self.memory()["step.head.bias"]) >= 20:
            with torch.no_grad():
                self.model.head.weight.mul_(1e6)
            self.average.restart()  # the mean with them, as if they had been like that for long
        return loss

    monkeypatch.setattr(Learner, "step", step)
    events = list(train(FILES, tmp_path, short(), stop_after(20)))
    assert "bits per character" in of(Recovered, events)[0].why
    finished = of(Finished, events)[0]
    assert finished.bpc is not None
    assert finished.bpc < 9


def test_train_closed_on_poisoned_weights_stores_good_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when it is closed between a leap and its discovery, what is stored can be loaded."""
    real = Learner.step

    def step(self: Learner, window: Window, rate: float) -> float:
        loss = real(self, window, rate)
        with torch.no_grad():
            self.model.head.weight.fill_(torch.inf)
        return loss

    monkeypatch.setattr(Learner, "step", step)
    events = train(FILES, tmp_path, short())
    assert next(event for event in events if isinstance(event, Progress)).step == 1
    events.close()
    last = checkpoint.last(tmp_path)
    assert last is not None
    assert checkpoint.load(last).meta.step == 1


# --- full disk --------------------------------------------------------------------------------------------------------
def test_train_survives_a_disk_that_is_full_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint that could not be stored is a warning; when there is room again, all that was learned is stored."""
    monkeypatch.setattr(run, "COST_SHARE", 1e9)  # evaluate and store at every step
    events = train(FILES, tmp_path, short(epochs=0.05, evaluate_every=1e-9))
    first = next(event for event in events if isinstance(event, Saved))
    with files_limited_to(20_000):
        warned = next(event for event in events if isinstance(event, Warned))
    assert "File too large" in warned.message
    last = checkpoint.last(tmp_path)
    assert last is not None
    assert checkpoint.load(last).meta.step == first.step
    finished = of(Finished, list(events))[0]
    assert checkpoint.load(finished.path).meta.step > first.step


def test_train_ends_with_an_error_on_a_full_disk(tmp_path: Path) -> None:
    """What cannot be stored in the end is an error; the checkpoint stored before is whole."""
    before = of(Finished, list(train(FILES, tmp_path, short(epochs=0.05))))[0]
    with files_limited_to(20_000), pytest.raises(StorageError, match="before is whole"):
        list(train(FILES, tmp_path, short(epochs=0.05)))
    assert checkpoint.load(before.path).meta.step == before.step
