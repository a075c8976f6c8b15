"""Stored checkpoints: whole after a kill or on a full disk, refused when they are not what they say."""

import json
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from charwise_trainer import checkpoint
from charwise_trainer.config import ModelConfig
from charwise_trainer.errors import CheckpointError, StorageError
from charwise_trainer.storage import ASIDE
from tests.trainer.small import TINY, meta, random_weights
from tests.trainer.test_storage import files_limited_to

MOMENTS: dict[str, np.ndarray] = {"step.head.bias": np.array(3.0, np.float32), "rng.cpu": np.arange(8, dtype=np.uint8)}


def save(directory: Path, step: int, *, best: bool = True) -> Path:
    return checkpoint.save(directory, random_weights(seed=step), meta(step), MOMENTS, best)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# --- storing ----------------------------------------------------------------------------------------------------------
def test_save_and_load(tmp_path: Path) -> None:
    """What was stored is read back to the last bit, for its owner alone."""
    path = save(tmp_path / "model", 412)
    assert path.name == "c00000412"
    found = checkpoint.load(path)
    assert found.meta.step == 412
    assert found.meta.created
    assert found.meta.config == TINY
    for name, array in random_weights(seed=412).items():
        assert np.array_equal(found.weights[name], array)
    optimizer = found.optimizer()
    assert optimizer is not None
    assert optimizer["step.head.bias"].shape == ()
    assert np.array_equal(optimizer["rng.cpu"], MOMENTS["rng.cpu"])
    assert repr(found) == "<Checkpoint c00000412, 1x32 lstm, 3.000 bpc>"
    assert path.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in path.iterdir())


def test_nothing_stored(tmp_path: Path) -> None:
    """Where nothing was stored there is neither a best nor a last checkpoint."""
    assert checkpoint.best(tmp_path / "none") is None
    assert checkpoint.last(tmp_path / "none") is None
    assert checkpoint.stored(tmp_path / "none") == []


def test_save_keeps_best_last_and_the_best_before(tmp_path: Path) -> None:
    """Older ones go; the optimizer's part stays with the best and the last one."""
    for step, best in ((1, True), (2, True), (3, True), (4, False), (5, False)):
        save(tmp_path, step, best=best)
    assert names(tmp_path) == ["best", "c00000001", "c00000002", "c00000003", "c00000005", "good", "last", "previous"]
    assert checkpoint.best(tmp_path) == tmp_path / "c00000003"
    assert checkpoint.last(tmp_path) == tmp_path / "c00000005"
    with_optimizer = {file.parent.name for file in tmp_path.glob("*/optimizer.safetensors")}
    assert with_optimizer == {"c00000003", "c00000005"}
    assert checkpoint.load(tmp_path / "c00000005").optimizer() is not None
    assert checkpoint.load(tmp_path / "c00000002").optimizer() is None


def test_save_never_writes_into_a_stored_checkpoint(tmp_path: Path) -> None:
    """A step that is stored again gets a name of its own, and is the newer one."""
    first = save(tmp_path, 7)
    before = (first / "weights.safetensors").read_bytes()
    again = checkpoint.save(tmp_path, random_weights(seed=1), meta(7), None, best=False)
    assert again.name == "c00000007-2"
    assert (first / "weights.safetensors").read_bytes() == before
    assert checkpoint.stored(tmp_path) == [again, first]


def test_save_removes_what_the_dead_left_aside(tmp_path: Path) -> None:
    """A killed trainer's half-written checkpoint goes at the next save; a living process's stays."""
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    (tmp_path / f"{ASIDE}{dead.pid}-c00000001").mkdir()
    (tmp_path / f"{ASIDE}{dead.pid}-last").write_text("c0")
    (tmp_path / f"{ASIDE}1-c00000001").mkdir()
    save(tmp_path, 1)
    assert names(tmp_path) == [f"{ASIDE}1-c00000001", "best", "c00000001", "last"]


def test_pointer_to_nothing_is_none(tmp_path: Path) -> None:
    """A pointer file that names nothing stored, or a way out of the folder, points nowhere."""
    save(tmp_path, 1)
    for text in ("c00000009", "../c00000001", "", "\udcff"):
        (tmp_path / "best").write_text(text, errors="surrogateescape")
        assert checkpoint.best(tmp_path) is None


# --- disks and kills --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [0, 100, 5_000, 25_000])
def test_save_on_a_full_disk(tmp_path: Path, limit: int) -> None:
    """Wherever the disk is full, what stood there stays whole, nothing half-written is left, and the error says so."""
    save(tmp_path, 1)
    before = names(tmp_path)
    with files_limited_to(limit), pytest.raises(StorageError, match="stored before is whole"):
        save(tmp_path, 2)
    assert names(tmp_path) == before
    for path in (checkpoint.best(tmp_path), checkpoint.last(tmp_path)):
        assert path is not None
        assert checkpoint.load(path).meta.step == 1
    save(tmp_path, 2)  # and there is room again


def test_save_where_no_folder_can_be(tmp_path: Path) -> None:
    """A file in the folder's place is an error of ours."""
    (tmp_path / "model").write_text("")
    with pytest.raises(StorageError, match="model"):
        save(tmp_path / "model", 1)


SAVE_FOREVER = """
import sys
from pathlib import Path
import numpy as np
from charwise_trainer import checkpoint
from charwise_trainer.config import ModelConfig
directory, step, config = Path(sys.argv[1]), int(sys.argv[2]), ModelConfig(layers=1, width=64, embedding=16)
while True:
    step += 1
    weights = {name: np.full(shape, step, np.float32) for name, shape in config.shapes.items()}
    meta = checkpoint.Meta(config.to_dict(), step, step, 1.0, 2.0, False, 1000)
    checkpoint.save(directory, weights, meta, {"moment": np.full(9999, step, np.float32)}, best=step % 2 == 0)
    print(step, flush=True)
"""


def test_kill_while_saving(tmp_path: Path) -> None:
    """However often a saving process is killed, at whatever moment, best and last are whole and go on from there."""
    chance, step = random.Random(0), 1
    for _ in range(8):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVE_FOREVER, str(tmp_path), str(step)], stdout=subprocess.PIPE, text=True
        )
        assert saver.stdout
        for _ in range(chance.randint(2, 5)):
            step = int(saver.stdout.readline())
        until = time.perf_counter() + chance.random() * 0.01  # so that each save is hit at another moment
        while time.perf_counter() < until:
            pass
        saver.kill()
        saver.communicate()
        best, last = checkpoint.best(tmp_path), checkpoint.last(tmp_path)
        assert best is not None
        assert last is not None
        for path in (best, last):
            found = checkpoint.load(path)
            assert (found.weights["head.bias"] == found.meta.step).all()
        optimizer = checkpoint.load(last).optimizer()
        assert optimizer is not None
        assert (optimizer["moment"] == checkpoint.load(last).meta.step).all()
        assert checkpoint.load(last).meta.step >= step
        step = max(checkpoint.load(path).meta.step for path in checkpoint.stored(tmp_path))
    save(tmp_path, step + 1)
    assert not list(tmp_path.glob(f"{ASIDE}*"))


# --- what is refused --------------------------------------------------------------------------------------------------
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("file", "data", "why"),
    [
        ("weights.safetensors", b"", "truncated"),
        ("weights.safetensors", PNG, "no safetensors"),
        ("weights.safetensors", pickle.dumps({"embedding.weight": [1.0]}), "no safetensors"),
        ("weights.safetensors", random.Random(0).randbytes(5000), "no safetensors"),
        ("weights.safetensors", bytes(10_000_000), "10,000,000 bytes"),
        ("weights.safetensors", None, "no such file"),
        ("meta.json", b"", "not JSON"),
        ("meta.json", PNG, "not JSON"),
        ("meta.json", b"[1]", "not a JSON object"),
        ("meta.json", None, "no such file"),
    ],
)
def test_load_refuses_foreign_files(tmp_path: Path, file: str, data: bytes | None, why: str) -> None:
    """What is not a checkpoint's file is refused by name, never executed, with what to do."""
    path = save(tmp_path, 1)
    if data is None:
        (path / file).unlink()
    else:
        (path / file).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{file} .*{why}.*train again"):
        checkpoint.load(path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_load_refuses_a_truncated_file(tmp_path: Path, share: float) -> None:
    """Weights cut off anywhere are refused; so is the optimizer's part, when it is asked for."""
    path = save(tmp_path, 1)
    for name in ("optimizer.safetensors", "weights.safetensors"):
        data = (path / name).read_bytes()
        (path / name).write_bytes(data[: int(len(data) * share)])
        with pytest.raises(CheckpointError, match=f"{name} .*truncated"):
            checkpoint.load(path).optimizer()


@pytest.mark.parametrize(
    ("name", "array", "why"),
    [
        ("head.bias", np.zeros(255, np.float32), r"head.bias is float32\[255\] in place of float32\[256\]"),
        ("head.bias", np.zeros(256), "head.bias is float64"),
        ("head.bias", np.full(256, np.nan, np.float32), "head.bias has numbers that are not finite"),
        ("head.weight", np.full((256, 32), np.inf, np.float32), "head.weight has numbers that are not finite"),
        ("more", np.zeros(1, np.float32), "tensors of a 1x32 lstm"),
    ],
)
def test_load_refuses_wrong_tensors(tmp_path: Path, name: str, array: np.ndarray, why: str) -> None:
    """Tensors that are not those of the configured model, or hold no numbers, are refused by name."""
    path = save(tmp_path, 1)
    (path / "weights.safetensors").write_bytes(safetensors.numpy.save(random_weights() | {name: array}))
    with pytest.raises(CheckpointError, match=why):
        checkpoint.load(path)


def test_load_refuses_the_weights_of_another_model(tmp_path: Path) -> None:
    """Weights and configuration that do not belong together are refused."""
    path = checkpoint.save(tmp_path, random_weights(), meta(config=ModelConfig(layers=2)), None, best=True)
    with pytest.raises(CheckpointError, match="tensors of a 2x512 lstm"):
        checkpoint.load(path)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": 3}, "is of format 3, this charwise reads formats up to 2: update charwise"),
        ({"format": 0}, "is of format 0, .*: train the model anew"),
        ({"format": "1"}, "is of format '1'"),
        ({"colour": "red"}, "keys that nobody knows: \\['colour'\\]"),
        ({"step": None}, "its step is None"),
        ({"step": -1}, "its step is -1"),
        ({"step": 1.5}, "its step is 1.5"),
        ({"step": True}, "its step is True"),
        ({"seconds": float("nan")}, "its seconds is nan"),
        ({"bpc": "low"}, "its bpc is 'low'"),
        ({"finished": 1}, "its finished is 1"),
        ({"model": []}, "its model is \\[\\]"),
        ({"model": {"layers": 2}}, "look at"),
        ({"model": {**TINY.to_dict(), "layers": 9}}, "layers is 9"),
    ],
)
def test_load_refuses_wrong_meta(tmp_path: Path, change: dict[str, object], why: str) -> None:
    """A key or value that no version of ours writes is refused by name; a newer format says to update."""
    path = save(tmp_path, 1)
    values = json.loads((path / "meta.json").read_text())
    (path / "meta.json").write_text(json.dumps(values | change))
    with pytest.raises(CheckpointError, match=why):
        checkpoint.load(path)


def test_load_refuses_missing_keys(tmp_path: Path) -> None:
    """What is missing is named."""
    path = save(tmp_path, 1)
    values = json.loads((path / "meta.json").read_text())
    del values["step"]
    (path / "meta.json").write_text(json.dumps(values))
    with pytest.raises(CheckpointError, match="lacks \\['step'\\]"):
        checkpoint.load(path)


def test_checkpoints_need_no_torch() -> None:
    """The daemon reads checkpoints without loading torch."""
    code = "import sys, charwise_trainer.checkpoint, charwise_trainer.events; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
