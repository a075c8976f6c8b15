"""Stored models: a folder for each, with its checkpoints and its gate. Only the trainer writes checkpoints."""

import functools
import hashlib
import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from charwise_daemon.engine import Engine, engine_of
from charwise_daemon.errors import ModelError
from charwise_daemon.features import FEATURES, SOURCES
from charwise_trainer import base, checkpoint
from charwise_trainer.errors import ModelBusyError, TrainerError
from charwise_trainer.gate_file import GateArrays, load_gate

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# A checkpoint found may be replaced twice before it is read: then there is a newer one to find.
_TRIES = 3


@dataclass(frozen=True)
class Model:
    """A model in memory, ready to be asked."""

    name: str
    engine: Engine
    gate: GateArrays | None  # what mixes it, None for the default
    meta: checkpoint.Meta

    def __repr__(self) -> str:
        bpc = "" if self.meta.bpc is None else f", {self.meta.bpc:.2f} bits per character"
        return f"{self.name} ({self.engine.cell} {self.engine.layers}x{self.engine.width}, step {self.meta.step}{bpc})"


def name_for(workspace: Path) -> str:
    """Return the name of a workspace's model: readable, and its own for each path."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", workspace.name).strip("-.")[:40] or "root"
    return f"{readable}-{hashlib.sha256(str(workspace).encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _gate_in(folder: Path) -> GateArrays | None:
    """Return a base model's gate; one that cannot be used (an older charwise made it) is as good as none."""
    try:
        gate = load_gate(folder)
    except TrainerError as error:
        log.warning("%s", error)
        return None
    is_ours = gate is not None and (gate["w1"].shape[1], gate["w2"].shape[0]) == (FEATURES, len(SOURCES))
    return gate if is_ours else None


@functools.cache
def _base_model(folder: Path) -> Model:
    """Return the base model of a folder, read once for all who have none of their own."""
    try:
        found = base.load()
    except TrainerError as error:
        raise ModelError(str(error)) from error
    return Model(base.NAME, engine_of(found.meta.model, found.weights), _gate_in(folder), found.meta)


def gate_of_base(meta: checkpoint.Meta) -> GateArrays | None:
    """Return the base model's gate for a model that began from that: what is learned of a project changes it little."""
    return _gate_in(base.folder()) if meta.base and base.is_there() else None


class Store:
    """The folder of models."""

    def __init__(self, root: Path, *, uses_base: bool = False) -> None:
        self.root, self.uses_base = root, uses_base

    def __repr__(self) -> str:
        return f"Store({self.root}, {len(self.names())} models)"

    def names(self) -> list[str]:
        """Return the names of the models that have a checkpoint."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir() and checkpoint.last(path))

    def has(self, name: str) -> bool:
        """Tell whether a model has a checkpoint."""
        return checkpoint.last(self.directory(name)) is not None

    def directory(self, name: str) -> Path:
        """Return a model's folder, which need not exist.

        Raises:
            ModelError: such a name could leave the folder of models.
        """
        if not _NAME.fullmatch(name):
            raise ModelError(f"{name!r} cannot name a model; use letters, digits, dots, dashes and underscores")
        return self.root / name

    def meta(self, name: str) -> checkpoint.Meta:
        """Return what is known of a model's best checkpoint, without keeping its weights; raises as load does."""
        return self._read(name).meta

    def metas(self) -> tuple[dict[str, checkpoint.Meta], list[ModelError]]:
        """Return what is known of each model that can be read, and what is wrong with the others."""
        metas, errors = dict[str, checkpoint.Meta](), list[ModelError]()
        for name in self.names():
            try:
                metas[name] = self.meta(name)
            except ModelError as error:
                errors.append(error)
        return metas, errors

    def load(self, name: str) -> Model:
        """Return a model's best checkpoint with its gate.

        Raises:
            ModelError: there is none, or it cannot be read.
        """
        found = self._read(name)
        return Model(name, engine_of(found.meta.model, found.weights), gate_of_base(found.meta), found.meta)

    def base(self) -> Model | None:
        """Return the base model, which serves who has none yet; None where it is not used, or there is none.

        Raises:
            ModelError: it cannot be read.
        """
        return _base_model(base.folder()) if self.uses_base and base.is_there() else None

    def is_outdated(self, meta: checkpoint.Meta) -> bool:
        """Tell whether a model began from another base model than that which is used now."""
        return self.uses_base and base.is_newer(meta)

    def remove(self, name: str) -> None:
        """Delete a model.

        Raises:
            ModelError: there is none, a trainer is writing to it, or its folder cannot be written.
        """
        directory = self.directory(name)
        if not directory.is_dir():
            raise self._missing(name)
        if checkpoint.is_training(directory):
            raise ModelError(f"{name} is being trained; stop that first with `charwise daemon pause`, then remove it")
        try:
            shutil.rmtree(directory)
        except OSError as error:
            raise ModelError(
                f"{name} cannot be deleted ({error}): mend its folder's rights, then `charwise models remove {name}`"
            ) from error

    def discard(self, name: str) -> None:
        """Delete a model where there is anything of it, be it only what it learned while somebody typed; as remove."""
        if self.directory(name).is_dir():
            self.remove(name)

    def roll_back(self, name: str) -> checkpoint.Meta:
        """Make the good checkpoint before the best one the best; return what is known of it.

        Raises:
            ModelError: there is no such model, none is kept, or a trainer is writing to it.
        """
        directory = self.directory(name)
        if not directory.is_dir():
            raise self._missing(name)
        try:
            with checkpoint.training_lock(directory):
                return checkpoint.roll_back(directory)
        except ModelBusyError as error:
            raise ModelError(
                f"{name} is being trained; stop that first with `charwise daemon pause`, then go back"
            ) from error
        except TrainerError as error:
            raise ModelError(str(error)) from error

    def _read(self, name: str) -> checkpoint.Checkpoint:
        directory = self.directory(name)
        for attempt in range(_TRIES):
            path = checkpoint.best(directory) or checkpoint.last(directory)
            if path is None:
                raise self._missing(name)
            try:
                return checkpoint.load(path)
            except TrainerError as error:
                if attempt == _TRIES - 1 or path.is_dir():
                    raise ModelError(str(error)) from error
        raise self._missing(name)

    def _missing(self, name: str) -> ModelError:
        known = ", ".join(self.names()) or "none; train one with `charwise train PATH`"
        return ModelError(f"there is no model {name}; stored are {known}")
