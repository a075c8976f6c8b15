"""An LSTM really trained for a moment, for tests of what is built on one."""

import os
from pathlib import Path

import pytest

from charwise_daemon.engine import Engine, engine_of
from charwise_trainer import checkpoint
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.corpus import discover
from charwise_trainer.train import train
from tests.conftest import make_project


@pytest.fixture(scope="session")
def lstm(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A small LSTM that has read some real code, on the kernel where there is one."""
    stored = train_tiny(tmp_path_factory.mktemp("lstm"), ModelConfig(layers=2, width=32, embedding=16), 1)
    return engine_of(stored.meta.model, stored.weights)


@pytest.fixture
def rights(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Not for root, who may read everything."""
    path = tmp_path_factory.mktemp("rights") / "closed"
    path.touch(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def train_tiny(folder: Path, model: ModelConfig, epochs: float, files: int = 3) -> Checkpoint:
    """Return a model that was really trained, on a few files of real code."""
    config = TrainConfig(epochs=epochs, model=model, lanes=16, window=64, threads=1)
    for _ in train(discover(make_project(folder / "project")).files[:files], folder / "model", config):
        pass
    path = checkpoint.best(folder / "model")
    assert path
    return checkpoint.load(path)
