"""A trained base model as it is shipped: weights of half precision, what it is, its gate, and what it was made of."""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import safetensors.numpy

from charwise_trainer import base, checkpoint
from charwise_trainer.errors import CheckpointError
from charwise_trainer.gate_file import load_gate, save_gate
from charwise_trainer.storage import replace_file, writing

LARGEST = 16_000_000
"""Bytes: it is part of every installation."""


def ship(directory: Path, manifest: Path, target: Path) -> Path:
    """Write a model's best checkpoint and its gate to a folder, as base.py reads it; return the folder.

    Raises:
        CheckpointError: there is none, or it is too large.
        StorageError: the disk is full, or the folder cannot be written.
    """
    best = checkpoint.best(directory)
    if best is None:
        raise CheckpointError(f"{directory.name} has no checkpoint to ship; train it first")
    found = checkpoint.load(best)
    weights = safetensors.numpy.save({name: each.astype(np.float16) for name, each in found.weights.items()})
    if len(weights) > LARGEST:
        raise CheckpointError(
            f"{directory.name} has {len(weights):,} bytes, more than the {LARGEST:,} that are shipped"
        )
    told = json.loads(manifest.read_text("utf-8")) | {"sha256": hashlib.sha256(weights).hexdigest()}
    meta = replace(found.meta, held_out={})
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
    replace_file(target / base.WEIGHTS, weights)
    replace_file(target / base.META, json.dumps(asdict(meta), indent=1).encode() + b"\n")
    replace_file(target / base.MANIFEST, json.dumps(told, indent=1).encode() + b"\n")
    if gate := load_gate(directory):
        save_gate(target, gate)
    return target
