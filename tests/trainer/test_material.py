"""What a run reads: by whether its model begins empty, begins from another, or goes on after a change."""

from dataclasses import replace
from pathlib import Path

import pytest

from charwise_trainer import checkpoint, portable
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import NARROW, WIDE, TrainConfig
from charwise_trainer.learned import NONE
from charwise_trainer.material import Material
from charwise_trainer.train import train
from tests.trainer.small import python_files, short

FILES = python_files()


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that has read the files."""
    folder = tmp_path_factory.mktemp("learned") / "model"
    list(train(FILES, folder, short(epochs=1)))
    return folder


def _best(folder: Path) -> Checkpoint:
    best = checkpoint.best(folder)
    assert best
    return checkpoint.load(best)


@pytest.mark.parametrize(("lanes", "wanted"), [(None, WIDE[0]), (8, 8)])
def test_begins_from_another(learned: Path, tmp_path: Path, lanes: int | None, wanted: int) -> None:
    """All of its text is new to it: all is read in wide windows, beside no replay, and no more of it is held out."""
    portable.begin_from(learned, tmp_path / "other")
    start = _best(tmp_path / "other")
    config = TrainConfig(lanes=lanes, follows_change=True)
    found, empty = Material.of(FILES, config, start, NONE), Material.of(FILES, config, None, None)
    assert found.lanes.lanes == wanted
    assert found.mixture is None
    assert not found.is_short
    assert (found.changed, found.lanes.characters) == (empty.lanes.characters,) * 2
    assert found.held_out == empty.held_out


def test_begins_empty() -> None:
    """A new model needs many steps first."""
    assert Material.of(FILES, TrainConfig(), None, None).lanes.lanes == NARROW[0]


def test_after_a_change(learned: Path) -> None:
    """What has changed is read first, beside a replay in as many lanes as a new model has."""
    start = _best(learned)
    known = start.learned()
    changed = [replace(file, data=file.data + b"\nquokka_total = 0\n") for file in FILES[:1]]
    found = Material.of([*changed, *FILES[1:]], TrainConfig(follows_change=True), start, known)
    assert found.is_short
    assert found.mixture
    assert found.lanes.lanes == NARROW[0]
    assert 0 < found.changed < 1000
