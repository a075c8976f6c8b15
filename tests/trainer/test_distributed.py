"""Two real processes, which torchrun starts, beside one: they learn the same, agree on everything, and end together."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from charwise_trainer import checkpoint
from charwise_trainer.batches import Part
from charwise_trainer.checkpoint import Checkpoint, is_training, training_lock
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.corpus import discover
from charwise_trainer.distributed import any_of, first, held_by_first, of_first, part, shared, totals
from charwise_trainer.errors import ConfigError, CorpusError
from charwise_trainer.packed import pack
from charwise_trainer.train import train
from tests.trainer.small import folder_of, python_files, short, stop_after

pytestmark = pytest.mark.timeout(240)  # each launch imports torch three times

STEPS = 60
TOLERANCE = 1e-4  # of weights up to 4: measured 1e-6 after 127 steps; sums are taken in another order
OPTIONS = (
    "--layers 1 --width 32 --dropout 0 --lanes 8 --window 32 --rate 0.01 --epochs 0.5 --precision fp32 --device cpu"
)


@dataclass(frozen=True)
class Corpus:
    """A folder to learn from, and models of it that stopped after the same steps."""

    folder: Path
    one: Path  # by one process
    two: Path  # by two, of which the second was told to stop
    told: str  # that the two printed
    written: tuple[str, str]  # what each of the two wrote


def config() -> TrainConfig:
    return short(model=ModelConfig(layers=1, width=32), precision="fp32", device="cpu", warm_up=50)


def launch(source: str | Path, model: Path, **events: str) -> subprocess.CompletedProcess[str]:
    """Train with two processes; return how that ended."""
    script = Path(__file__).with_name("one_process.py")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, str(script), str(source), "--model", str(model), *OPTIONS.split()]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)} | events
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)


def last(model: Path) -> Checkpoint:
    path = checkpoint.last(model)
    assert path
    return checkpoint.load(path)


def assert_same(one: Checkpoint, two: Checkpoint) -> None:
    """Check that they are one model but for rounding, and say the same of themselves."""
    for name, weights in one.weights.items():
        np.testing.assert_allclose(two.weights[name], weights, rtol=0, atol=TOLERANCE, err_msg=name)
    for field in ("step", "characters", "corpus_characters", "epochs", "finished", "rate_scale"):
        assert getattr(one.meta, field) == getattr(two.meta, field), field
    assert two.meta.bpc == pytest.approx(one.meta.bpc, abs=TOLERANCE)
    assert two.meta.held_out == pytest.approx(one.meta.held_out, abs=TOLERANCE)
    np.testing.assert_equal(two.learned(), one.learned())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    root = tmp_path_factory.mktemp("distributed")
    folder = root / "corpus"
    folder.mkdir()
    for file in python_files():
        (folder / file.name).write_bytes(file.data)
    for _ in train(discover(folder).files, root / "one", config(), stop_after(STEPS)):
        pass
    done = launch(folder, root / "two", NOTES=str(root / "notes"), STOPS=f"1:{STEPS}")
    assert done.returncode == 0, done.stderr
    written = [(root / f"notes-{number}").read_text() for number in range(2)]
    return Corpus(folder, root / "one", root / "two", done.stdout, (written[0], written[1]))


# --- two processes ----------------------------------------------------------------------------------------------------
def test_two_learn_what_one_does(corpus: Corpus) -> None:
    """The same lanes in two processes give the same weights within tolerance, and the same measurements."""
    one, two = last(corpus.one), last(corpus.two)
    assert one.meta.step == STEPS
    assert_same(one, two)


def test_two_stop_together(corpus: Corpus) -> None:
    """When one is told to stop, both do after the same step, and store what was learned, once."""
    assert not last(corpus.two).meta.finished
    assert len(checkpoint.stored(corpus.two)) == 1
    assert not is_training(corpus.two)


def test_only_the_first_writes_and_tells(corpus: Corpus) -> None:
    """The second has opened no file of the model's folder for writing, nor printed a line."""
    assert "weights.safetensors" in corpus.written[0]
    assert not corpus.written[1]
    kinds = [each.split()[0] for each in corpus.told.splitlines()]
    assert kinds.count("started") == kinds.count("saved") == kinds.count("finished") == 1


def test_another_number_goes_on(corpus: Corpus, tmp_path: Path) -> None:
    """What one process began two go on with, and the other way round, as if the number had never changed."""
    shutil.copytree(corpus.one, tmp_path / "by-two")
    done = launch(corpus.folder, tmp_path / "by-two")
    assert done.returncode == 0, done.stderr
    assert f"resumed_from={STEPS}" in done.stdout
    for begun in ("one", "two"):
        shutil.copytree(getattr(corpus, begun), tmp_path / begun)
        for _ in train(discover(corpus.folder).files, tmp_path / begun, config()):
            pass
        assert last(tmp_path / begun).meta.finished
        assert_same(last(tmp_path / begun), last(tmp_path / "by-two"))


def test_two_map_a_packed_corpus(tmp_path: Path) -> None:
    """Two that map the same packed corpus learn what one does."""
    packed = pack(folder_of(tmp_path / "corpus"), tmp_path / "packed")
    done = launch(f"--corpus={packed.path}", tmp_path / "two", STOPS=f"1:{STEPS}")
    assert done.returncode == 0, done.stderr
    for _ in train(packed, tmp_path / "one", config(), stop_after(STEPS)):
        pass
    assert_same(last(tmp_path / "one"), last(tmp_path / "two"))


def test_two_recover_together(corpus: Corpus, tmp_path: Path) -> None:
    """NaN in one is NaN for both: they go back to the last good weights, and end well."""
    done = launch(corpus.folder, tmp_path / "model", MISLEADS="1:20")
    assert done.returncode == 0, done.stderr
    assert "recovered" in done.stdout
    assert last(tmp_path / "model").meta.rate_scale == 0.5


@pytest.mark.parametrize("number", [0, 1])
def test_one_that_dies_ends_the_other(corpus: Corpus, tmp_path: Path, number: int) -> None:
    """Nobody waits for a process that is gone, whichever it is, and what was stored before is what there is."""
    done = launch(corpus.folder, tmp_path / "model", DIES=f"{number}:20")
    assert done.returncode != 0
    assert number == 0 or done.stderr.count("charwise: a process of this training is lost") == 1
    assert checkpoint.last(tmp_path / "model") is None
    assert not is_training(tmp_path / "model")


def test_two_are_refused_as_one_is(corpus: Corpus, tmp_path: Path) -> None:
    """What the first finds wrong ends both, and is said once."""
    with training_lock(tmp_path / "model"):
        done = launch(corpus.folder, tmp_path / "model")
    assert done.returncode != 0
    assert done.stderr.count("is being trained by process") == 1


def test_two_are_told_of_one(tmp_path: Path) -> None:
    """What any of them finds wrong on its own machine ends all, and is said once."""
    done = launch(f"--corpus={tmp_path / 'nowhere'}", tmp_path / "model")
    assert done.returncode != 0
    assert done.stderr.count("is no packed corpus") == 1


# --- one process ------------------------------------------------------------------------------------------------------
def test_alone_nobody_is_asked(tmp_path: Path) -> None:
    """Without torchrun each function is what it is called with."""
    layer, numbers = torch.nn.Linear(1, 1), np.ones(3)
    assert part() == Part(0, 1)
    assert shared(layer) is layer
    assert totals(numbers) is numbers
    assert of_first(2.5) == 2.5
    assert any_of(lambda: True)()
    with held_by_first(training_lock(tmp_path)):
        assert is_training(tmp_path)
    assert not is_training(tmp_path)

    def fail() -> None:
        raise CorpusError("nothing")

    with pytest.raises(CorpusError, match="nothing"):
        first(fail)


def test_lanes_are_shared_equally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes that cannot be are refused, with numbers that can."""
    monkeypatch.setattr("charwise_trainer.train.part", lambda: Part(0, 3))
    with pytest.raises(ConfigError, match="use 6 or 9 lanes"):
        next(train(python_files(), tmp_path, config()))
