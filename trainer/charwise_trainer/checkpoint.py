"""Stored versions of a model: immutable once named, whole after a kill or on a full disk, and never executed.

    MODEL/c00000412/weights.safetensors    float32, by the names of the state dict
                    meta.json              what it is and how it came about: Meta
                    learned.safetensors    which text it has learned, which was held out of that: learned.py
                    optimizer.safetensors  what training needs to go on; kept for the best and the last one only
    MODEL/best, MODEL/last, ...            text: which checkpoint is the best, the last, ...: pointers.py
    MODEL/gate.safetensors                 the predictor's gate, if one was fitted: gate_file.py
    MODEL/history.jsonl                    the curves of all its trainings: history.py, recorder.py
    MODEL/.lock                            held by the process that trains it, whose id is in it

Knows nothing of torch: the daemon reads checkpoints with this.
"""

import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from charwise_trainer import pointers
from charwise_trainer.config import ModelConfig
from charwise_trainer.errors import CheckpointError, ConfigError
from charwise_trainer.learned import NONE, Digests
from charwise_trainer.lock import is_training, training_lock
from charwise_trainer.pointers import best, good, kept, last, point, stored
from charwise_trainer.storage import aside, flush_directory, is_abandoned, write_flushed, writing

__all__ = [
    "FORMAT",
    "Arrays",
    "Checkpoint",
    "Meta",
    "best",
    "good",
    "is_finished",
    "last",
    "load",
    "minutes_spent",
    "read_meta",
    "roll_back",
    "save",
    "stored",
]
__all__ += ["is_training", "training_lock"]  # a stored model, from one module

FORMAT = 2
"""Of the files described above. Format 1 did not say what was learned; a newer one is refused, not guessed at."""
READABLE = (1, FORMAT)

WEIGHTS, META, OPTIMIZER, LEARNED = "weights.safetensors", "meta.json", "optimizer.safetensors", "learned.safetensors"
PASSAGES, HELD_OUT = "passages", "held_out"
"""Arrays of a LEARNED: sorted digests. The first stands for what was learned."""

HEADER_BYTES = 1_000_000
"""More than any header of ours: a file larger than the tensors and this is not ours, and is not even read."""

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Meta:
    """What a checkpoint is and how it came about."""

    model: dict[str, Any]  # ModelConfig.to_dict()
    step: int  # updates of the weights, over all runs
    characters: int  # read in training, over all runs
    seconds: float  # of work, over all runs; pauses are not counted
    bpc: float | None  # on held-out text; None: not measured
    finished: bool  # its run ended as planned; False: it was still learning at full rate
    corpus_characters: int  # that there were to learn from
    epochs: int = 0  # orders in which the corpus was begun to be read: each has its own shuffle
    rate_scale: float = 1.0  # halved at each recovery from divergence
    continued: bool = False  # its run went on from a finished one, at a lower rate
    changed: int = 0  # characters of changed text learned since the last whole training
    held_out: dict[str, float] = field(default_factory=dict)  # what held-out text costs the best: judge.py
    precision: str = ""  # that its run computed in
    base: str = ""  # SHA-256 of the base model's weights that it began from: base.py
    created: str = ""  # ISO time; set by save()
    charwise: str = ""  # the version that wrote it
    format: int = FORMAT

    @property
    def goes_on(self) -> bool:
        """Whether what comes after it continues a trained model, not a training that was interrupted."""
        return self.finished or self.continued

    @property
    def config(self) -> ModelConfig:
        """The model's configuration; raises ConfigError."""
        return ModelConfig.from_dict(self.model)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and found whole."""

    path: Path
    meta: Meta
    weights: Arrays

    def __repr__(self) -> str:
        bpc = "not measured" if self.meta.bpc is None else f"{self.meta.bpc:.3f} bpc"
        return f"<Checkpoint {self.path.name}, {self.meta.config.label}, {bpc}>"

    def optimizer(self) -> Arrays | None:
        """Return what training needs to go on, None where it is not kept; raises CheckpointError."""
        file = self.path / OPTIMIZER
        return _read_tensors(file) if file.exists() else None

    def learned(self) -> Digests | None:
        """Return the digests of the text that it has learned, None where it does not say; raises CheckpointError."""
        return self._passages().get(PASSAGES)

    def held_out(self) -> Digests:
        """Return the digests of what it was measured on, none where it does not say; raises CheckpointError."""
        return self._passages().get(HELD_OUT, NONE)

    def _passages(self) -> Mapping[str, Digests]:
        file = self.path / LEARNED
        if not file.exists():
            return {}
        found = _read_tensors(file)
        if PASSAGES not in found or not all(map(_are_digests, found.values())):
            raise _unusable(file, "it is no sorted list of digests")
        return found


# --- writing ----------------------------------------------------------------------------------------------------------
def save(
    directory: Path,
    weights: Arrays,
    meta: Meta,
    optimizer: Arrays | None,
    best: bool,
    learned: Digests | None = None,
    held_out: Digests = NONE,
) -> Path:
    """Store a checkpoint as the last one, and as the best one where it is; return its path.

    Whatever happens on the way, `best` and `last` name whole checkpoints. Raises StorageError where the disk is full
    or the folder cannot be written.
    """
    meta = Meta(**asdict(meta) | {"created": datetime.now(UTC).isoformat(timespec="seconds")})
    files = {
        WEIGHTS: safetensors.numpy.save(_contiguous(weights)),
        META: json.dumps(asdict(meta), indent=1, allow_nan=False).encode() + b"\n",
    }
    if optimizer is not None:
        files[OPTIMIZER] = safetensors.numpy.save(_contiguous(optimizer))
    if learned is not None:
        files[LEARNED] = safetensors.numpy.save({PASSAGES: learned, HELD_OUT: held_out})
    with writing(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_abandoned(directory)
        path = _write_directory(directory, _free_name(directory, meta.step), files)
    point(directory, path, is_best=best, was_finished=is_finished)
    with writing(directory):
        _prune(directory)
    return path


def is_finished(path: Path) -> bool:
    """Whether a checkpoint is the end of its run, as far as it can be read."""
    try:
        return read_meta(path).finished
    except CheckpointError:
        return False


def _are_digests(found: NDArray[Any]) -> bool:
    return found.dtype == np.uint64 and found.ndim == 1 and bool((found[1:] > found[:-1]).all())


def _contiguous(arrays: Arrays) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}


def _write_directory(directory: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Write the files aside and give them their name when the disk has them all."""
    new = aside(directory, name)
    try:
        new.mkdir(mode=0o700)
        for file, data in files.items():
            write_flushed(new / file, data)
        flush_directory(new)
        new.rename(directory / name)
    except BaseException:  # also Ctrl-C: what is half written is of no use
        shutil.rmtree(new, ignore_errors=True)
        raise
    flush_directory(directory)
    return directory / name


def _free_name(directory: Path, step: int) -> str:
    """Return the step's name, numbered where that step is stored already: what has a name is never written again."""
    name, again = f"c{step:08d}", 1
    while (directory / name).exists():
        again += 1
        name = f"c{step:08d}-{again}"
    return name


def _prune(directory: Path) -> None:
    """Remove what no pointer names, and optimizers that nothing continues from."""
    keep, continued = kept(directory), {best(directory), last(directory)}
    for path in stored(directory):
        if path not in keep:
            gone = aside(directory, f"old-{path.name}")  # renamed first: nothing half removed keeps its name
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
        elif path not in continued:
            (path / OPTIMIZER).unlink(missing_ok=True)


def _remove_abandoned(directory: Path) -> None:
    for path in directory.iterdir():
        if is_abandoned(path):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


# --- reading ----------------------------------------------------------------------------------------------------------
def load(path: Path) -> Checkpoint:
    """Read a checkpoint and check it: all there, as its configuration says, all numbers finite.

    Raises CheckpointError naming the file that is not so. A checkpoint found by `best` may have been replaced twice
    and removed before it is read: ask `best` again then.
    """
    meta = _read_meta(path / META)
    shapes = meta.config.shapes
    file = path / WEIGHTS
    weights = _read_tensors(file, 4 * meta.config.parameters)
    if weights.keys() != shapes.keys():
        raise _unusable(file, f"it does not hold the tensors of a {meta.config.label}")
    for name, array in weights.items():
        if array.shape != shapes[name] or array.dtype != np.float32:
            raise _unusable(file, f"{name} is {array.dtype}{list(array.shape)} in place of float32{list(shapes[name])}")
    return Checkpoint(path, meta, weights)


def read_meta(path: Path) -> Meta:
    """Read what a checkpoint is, without its weights; raises CheckpointError."""
    return _read_meta(path / META)


def roll_back(directory: Path) -> Meta:
    """Serve the checkpoint before the best, and let training go on from there; return what it is.

    One that is damaged is passed over. Raises CheckpointError where none is kept, StorageError.
    """
    return read_meta(pointers.roll_back(directory, _is_whole))


def minutes_spent(directory: Path) -> float:
    """Return the minutes of work that a model has had, over all runs; raises CheckpointError."""
    stored_last = last(directory)
    return read_meta(stored_last).seconds / 60 if stored_last else 0.0


def _is_whole(path: Path) -> bool:
    try:
        load(path)
    except CheckpointError:
        return False
    return True


def _read_meta(file: Path) -> Meta:
    try:
        values = json.loads(_read(file))
    except ValueError as error:
        raise _unusable(file, "it is not JSON") from error
    if not isinstance(values, dict):
        raise _unusable(file, "it is not a JSON object")
    _check_format(file, values.get("format"))
    _check_values(file, values)
    meta = Meta(**values)
    try:
        meta.config  # noqa: B018 -- raises where no such model can be built
    except ConfigError as error:
        raise _unusable(file, str(error)) from error
    return meta


def _check_format(file: Path, found: object) -> None:
    if found not in READABLE:
        newer = isinstance(found, int) and found > FORMAT
        todo = "update charwise" if newer else "train the model anew"
        raise CheckpointError(f"{file} is of format {found!r}, this charwise reads formats up to {FORMAT}: {todo}")


def _check_values(file: Path, values: Mapping[str, Any]) -> None:
    """Refuse unknown and missing keys and values of a wrong type or sign."""
    known = {field.name: field for field in fields(Meta)}
    if unknown := values.keys() - known.keys():
        raise _unusable(file, f"it has keys that nobody knows: {sorted(unknown)}")
    if missing := {name for name, field in known.items() if field.default is MISSING} - values.keys():
        raise _unusable(file, f"it lacks {sorted(missing)}")
    wanted = get_type_hints(Meta)
    for name, value in values.items():
        if not _fits(value, wanted[name]):
            raise _unusable(file, f"its {name} is {value!r}")
    if not all(_fits(cost, float) for cost in values.get("held_out", {}).values()):
        raise _unusable(file, "its held_out has costs that are no numbers")


def _fits(value: object, wanted: Any) -> bool:
    """Whether a JSON value may stand in a field of this type; numbers in Meta are finite and never negative."""
    if isinstance(value, bool):
        return wanted is bool
    if isinstance(value, int) and wanted in {float, float | None}:
        value = float(value)
    if isinstance(value, int | float) and not (math.isfinite(value) and value >= 0):
        return False
    return isinstance(value, dict if get_origin(wanted) is dict else wanted)


def _read_tensors(file: Path, most: int | None = None) -> dict[str, NDArray[Any]]:
    """Read a safetensors file of finite numbers; one larger than `most` bytes and a header is not read at all."""
    if most is not None and _size(file) > most + HEADER_BYTES:
        raise _unusable(file, f"it has {_size(file):,} bytes, far more than its model")
    data = _read(file)
    try:
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _unusable(file, "it is truncated or no safetensors file") from error
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise _unusable(file, f"{name} has numbers that are not finite")
    return arrays


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unusable(file, (error.strerror or "it cannot be read").lower()) from error


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise _unusable(file, (error.strerror or "it cannot be read").lower()) from error


def _unusable(file: Path, why: str) -> CheckpointError:
    return CheckpointError(
        f"{file} cannot be used: {why}; train again to continue from another checkpoint, or remove the model first"
    )
