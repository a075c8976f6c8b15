"""The predictor's gate as a file beside the base model: gate.safetensors, eight float32 arrays.

Knows nothing of torch or of how a gate is fitted: the daemon reads it with this.

    mean, scale (F,)   what standardises the features
    w1 (H, F), b1 (H,) the hidden layer, tanh
    w2 (K, H), b2 (K,) the sources' weights before the softmax
    w3 (K + 1, H), b3 (K + 1,) the powers of the sources and of their mixture by those weights
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from charwise_trainer.errors import CheckpointError
from charwise_trainer.storage import replace_file

GATE = "gate.safetensors"
KEYS = ("mean", "scale", "w1", "b1", "w2", "b2", "w3", "b3")

GateArrays = Mapping[str, NDArray[np.float32]]


def save_gate(directory: Path, gate: GateArrays) -> Path:
    """Store a gate in place of the one there; raises StorageError, and then the old one is whole."""
    file = directory / GATE
    replace_file(file, safetensors.numpy.save({key: np.ascontiguousarray(gate[key], np.float32) for key in KEYS}))
    return file


def load_gate(directory: Path) -> dict[str, NDArray[np.float32]] | None:
    """Return a folder's gate, None where it has none; raises CheckpointError where the file is no gate."""
    file = directory / GATE
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, (error.strerror or "it cannot be read").lower()) from error
    try:
        gate = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _unusable(file, "it is truncated or no safetensors file") from error
    _check(file, gate)
    return gate


def _check(file: Path, gate: GateArrays) -> None:
    if gate.keys() != set(KEYS):
        raise _unusable(file, f"it holds {sorted(gate)} in place of {sorted(KEYS)}")
    if gate["w1"].ndim != 2 or gate["w2"].ndim != 2:
        raise _unusable(file, "its layers are no matrices")
    (hidden, features), sources = gate["w1"].shape, gate["w2"].shape[0]
    shapes = {
        "mean": (features,),
        "scale": (features,),
        "b1": (hidden,),
        "w2": (sources, hidden),
        "b2": (sources,),
        "w3": (sources + 1, hidden),
        "b3": (sources + 1,),
    }
    for key, array in gate.items():
        if array.dtype != np.float32 or array.shape != shapes.get(key, array.shape):
            raise _unusable(file, f"{key} is {array.dtype}{list(array.shape)}, which does not fit the other arrays")
        if not np.isfinite(array).all():
            raise _unusable(file, f"{key} has numbers that are not finite")


def _unusable(file: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{file} cannot be used: {why}; install charwise again")
