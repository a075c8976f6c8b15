"""The gate's file."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from charwise_trainer.errors import CheckpointError, StorageError
from charwise_trainer.gate_file import GATE, load_gate, save_gate
from tests.trainer.test_storage import files_limited_to

F, H, K = 5, 4, 3


def some_gate(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shapes = {"mean": (F,), "scale": (F,), "w1": (H, F), "b1": (H,), "w2": (K, H), "b2": (K,)}
    shapes |= {"w3": (K + 1, H), "b3": (K + 1,)}
    return {name: rng.uniform(0.5, 1.5, shape).astype(np.float32) for name, shape in shapes.items()}


def test_gate_round_trip(tmp_path: Path) -> None:
    """What was stored is read; the newest one counts; without one there is none."""
    assert load_gate(tmp_path) is None
    save_gate(tmp_path, some_gate(0))
    save_gate(tmp_path, some_gate(1))
    found = load_gate(tmp_path)
    assert found is not None
    for name, array in some_gate(1).items():
        assert (found[name] == array).all()


def test_gate_on_a_full_disk(tmp_path: Path) -> None:
    """The gate stored before stays whole."""
    save_gate(tmp_path, some_gate(0))
    with files_limited_to(100), pytest.raises(StorageError):
        save_gate(tmp_path, some_gate(1))
    found = load_gate(tmp_path)
    assert found is not None
    assert (found["w1"] == some_gate(0)["w1"]).all()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"w3": np.zeros(2, np.float32)}, "w3"),
        ({"sharp": np.zeros(2, np.float32)}, "sharp"),
        ({"w1": np.zeros(F, np.float32)}, "no matrices"),
        ({"mean": np.zeros(F + 1, np.float32)}, "mean"),
        ({"b2": np.zeros(K)}, "b2 is float64"),
        ({"b2": np.full(K, np.nan, np.float32)}, "b2 has numbers"),
    ],
)
def test_load_gate_refuses(tmp_path: Path, change: dict[str, np.ndarray], named: str) -> None:
    """Arrays that do not fit each other are refused by name."""
    (tmp_path / GATE).write_bytes(safetensors.numpy.save(some_gate() | change))
    with pytest.raises(CheckpointError, match=named):
        load_gate(tmp_path)


@pytest.mark.parametrize("data", [b"", b"\x80\x04\x95pickle", bytes(range(256)) * 9])
def test_load_gate_refuses_foreign_files(tmp_path: Path, data: bytes) -> None:
    """What is no safetensors file is refused, and the message says what mends it."""
    (tmp_path / GATE).write_bytes(data)
    with pytest.raises(CheckpointError, match="install charwise again"):
        load_gate(tmp_path)
