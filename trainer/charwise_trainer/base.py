"""The base model: weights that come with charwise, from which a workspace's model begins. Knows nothing of torch.

    base_model/weights.safetensors    float16, by the names of the state dict
               meta.json              what it is: checkpoint.Meta
               gate.safetensors?      the gate that weighs it before a workspace has one of its own: gate_file.py
               manifest.json          what it was made of, under which licences, and the weights' SHA-256

Like any model it is not executed; where it is damaged, charwise works as if there were none, and says so.
"""

import functools
import hashlib
import json
import os
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from charwise_trainer import checkpoint
from charwise_trainer.checkpoint import META, WEIGHTS, Checkpoint, Meta
from charwise_trainer.errors import CheckpointError

__all__ = ["MANIFEST", "META", "NAME", "NO_BASE", "WEIGHTS", "digest", "folder", "is_newer", "is_there", "load"]

NAME, NO_BASE = "base", "none"
MANIFEST = "manifest.json"


def folder() -> Path:
    """Return where the base model is: CHARWISE_BASE names another folder than that which comes with charwise."""
    return Path(os.environ.get("CHARWISE_BASE") or Path(__file__).with_name("base_model"))


def is_there() -> bool:
    """Tell whether there is a base model; CHARWISE_BASE=none says that there is none."""
    return (folder() / MANIFEST).exists()


def is_newer(meta: Meta) -> bool:
    """Tell whether a model began from another base model than there is now; one that began empty stays as it is."""
    return bool(meta.base) and is_there() and meta.base != digest()


def load() -> Checkpoint:
    """Return the base model; raises CheckpointError where there is none, or it is not what its manifest says."""
    place = folder()
    meta = checkpoint.read_meta(place)
    try:
        packed, wanted = (place / WEIGHTS).read_bytes(), digest()
        if hashlib.sha256(packed).hexdigest() != wanted:
            raise CheckpointError(f"{place / WEIGHTS} is damaged (its SHA-256 is another): install charwise again")
        weights = {name: each.astype(np.float32) for name, each in safetensors.numpy.load(packed).items()}
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{place} cannot be read ({error}): install charwise again") from error
    if {name: each.shape for name, each in weights.items()} != meta.config.shapes:
        raise CheckpointError(f"{place / WEIGHTS} does not hold a {meta.config.label}: install charwise again")
    return Checkpoint(place, meta, weights)


def digest() -> str:
    """Return the SHA-256 of the weights; raises CheckpointError."""
    return _digest(folder() / MANIFEST)


@functools.cache
def _digest(file: Path) -> str:
    try:
        return str(json.loads(file.read_bytes())["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{file} cannot be read ({error}): install charwise again") from error
