"""A model as one file, to take from one machine to another: a zip of what is needed to serve it and to go on from it.

    meta.json, weights.safetensors, learned.safetensors?    of its best checkpoint: checkpoint.py
    gate.safetensors?                                       of an older charwise; it is of no use any more

Nothing in it is executed, and nothing of it is unpacked before it is found to be ours, by name and size.
"""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

from charwise_trainer import base as shipped
from charwise_trainer import checkpoint
from charwise_trainer.checkpoint import LEARNED, META, WEIGHTS, Checkpoint
from charwise_trainer.errors import CheckpointError
from charwise_trainer.gate_file import GATE
from charwise_trainer.learned import NONE
from charwise_trainer.storage import aside, writing

_NEEDED, _OPTIONAL = (META, WEIGHTS), (LEARNED, GATE)
# More than any model has: a file that says it holds more would only fill the disk.
_LARGEST = 2 * 2**30


def export(directory: Path, file: Path) -> None:
    """Write a model's best checkpoint to a file, whole or not at all.

    Raises:
        CheckpointError: there is no checkpoint, or it cannot be read.
        StorageError: the disk is full, or the folder cannot be written.
    """
    found = checkpoint.best(directory)
    if found is None:
        raise CheckpointError(f"{directory.name} has no checkpoint to export; train it first")
    checkpoint.load(found)  # what is damaged here is not carried elsewhere
    parts = {name: found / name for name in (META, WEIGHTS, LEARNED)}
    new = aside(file.parent, file.name)
    with writing(file):
        try:
            with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, part in parts.items():
                    if part.exists():
                        archive.write(part, name)
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)


def restore(file: Path, directory: Path) -> checkpoint.Meta:
    """Store the model of such a file in a folder that has none yet; return what it is.

    Raises:
        CheckpointError: it is no such file, is damaged, or is of a newer format; then nothing is stored.
        StorageError: the disk is full, or the folder cannot be written.
    """
    unpacked = aside(directory.parent, f"import-{directory.name}")
    with writing(directory):
        unpacked.mkdir(mode=0o700, parents=True)
    try:
        _unpack(file, unpacked)
        found = checkpoint.load(unpacked)
        checkpoint.save(
            directory, found.weights, found.meta, None, best=True, learned=found.learned(), held_out=found.held_out()
        )
    except CheckpointError as error:
        raise CheckpointError(f"{file} cannot be imported: {str(error).replace(f'{unpacked}/', '')}") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    return found.meta


def begin_from(source: Path, directory: Path) -> None:
    """Store a model's best checkpoint as the beginning of another, which has learned nothing of its own text yet.

    Raises:
        CheckpointError: there is none, or it cannot be read.
        StorageError: the disk is full, or the folder cannot be written.
    """
    best = checkpoint.best(source)
    if best is None:
        raise CheckpointError(f"{source.name} has no checkpoint to begin from; train it first")
    begin(checkpoint.load(best), directory)


def begin_from_base(directory: Path) -> None:
    """Store the base model as the beginning of another; raises as begin_from does."""
    begin(shipped.load(), directory, shipped.digest())


def begin(found: Checkpoint, directory: Path, base: str = "") -> None:
    """Store a checkpoint, of the base with this digest, as the beginning of one that has learned nothing of its own."""
    meta = replace(found.meta, bpc=None, held_out={}, finished=True, changed=0, epochs=0, base=base or found.meta.base)
    checkpoint.save(directory, found.weights, meta, None, best=True, learned=NONE)


def _unpack(file: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {each.filename: each.file_size for each in archive.infolist()}
            if not {*_NEEDED} <= sizes.keys() <= {*_NEEDED, *_OPTIONAL} or sum(sizes.values()) > _LARGEST:
                raise CheckpointError(
                    f"it holds {', '.join(sorted(sizes)[:5]) or 'nothing'}, so it is no model of ours"
                )
            for name in sizes:
                with archive.open(name) as packed, (folder / name).open("xb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(
            f"it is no file that `charwise models export` wrote, or it is damaged ({error})"
        ) from error
