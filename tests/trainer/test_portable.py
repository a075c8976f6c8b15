"""A model as one file: the same elsewhere, and refused when it is not what it says."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from charwise_trainer import checkpoint, portable
from charwise_trainer.checkpoint import META, WEIGHTS
from charwise_trainer.errors import CheckpointError, StorageError
from charwise_trainer.events import Finished, Started
from charwise_trainer.train import train
from tests.trainer.small import of, python_files, short
from tests.trainer.test_checkpoint import names, save
from tests.trainer.test_storage import files_limited_to


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The folder of a model that was really trained."""
    list(train(python_files(), tmp_path / "trained", short()))
    return tmp_path / "trained"


def test_export_and_import(trained: Path, tmp_path: Path) -> None:
    """What was exported is the same model elsewhere: weights, what is known of it, and what it has learned."""
    portable.export(trained, tmp_path / "m.charwise")
    told = portable.restore(tmp_path / "m.charwise", tmp_path / "imported")
    path, source = checkpoint.best(tmp_path / "imported"), checkpoint.best(trained)
    assert path
    assert source
    found, original = checkpoint.load(path), checkpoint.load(source)
    assert (told.step, told.bpc) == (original.meta.step, original.meta.bpc)
    assert all(np.array_equal(found.weights[name], array) for name, array in original.weights.items())
    assert np.array_equal(found.learned(), original.learned())  # type: ignore[arg-type]
    assert found.optimizer() is None
    here, there = [list(train(python_files(), folder, short())) for folder in (trained, tmp_path / "imported")]
    assert of(Started, there)[0].changed == of(Started, here)[0].changed


def test_begin_from(trained: Path, tmp_path: Path) -> None:
    """A model that begins from another knows what that knows, and has all of its own text to learn."""
    portable.begin_from(trained, tmp_path / "other")
    events = list(train(python_files(), tmp_path / "other", short(epochs=0.2)))
    started, finished = of(Started, events)[0], of(Finished, events)[0]
    assert started.resumed_from
    assert started.changed
    assert started.changed > 0.99 * started.characters
    new = list(train(python_files(), tmp_path / "new", short(epochs=0.2)))
    assert finished.bpc < of(Finished, new)[0].bpc - 0.1  # type: ignore[operator]


@pytest.mark.parametrize("does", [portable.export, portable.begin_from])
def test_of_no_model(does: object, tmp_path: Path) -> None:
    """Where nothing was trained there is nothing to carry."""
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        does(tmp_path / "none", tmp_path / "target")  # type: ignore[operator]


def test_export_on_a_full_disk(tmp_path: Path) -> None:
    """A file that does not fit is not there at all."""
    save(tmp_path / "model", 1)
    with files_limited_to(2_000), pytest.raises(StorageError):
        portable.export(tmp_path / "model", tmp_path / "m.charwise")
    assert names(tmp_path) == ["model"]


# --- what is refused -------------------------------------------------------------------------------------
def _rewritten(file: Path, **parts: bytes | None) -> None:
    """Replace, add or (None) leave out parts of an exported file."""
    with zipfile.ZipFile(file) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {**found, **parts}.items():
            if data is not None:
                archive.writestr(name, data)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({META: None}, "no model of ours"),
        ({WEIGHTS: None}, "no model of ours"),
        ({"../evil": b"x"}, "no model of ours"),
        ({"model.pkl": b"x"}, "no model of ours"),
        ({WEIGHTS: b"x" * 100}, "no safetensors file"),
        ({META: b"{}"}, "format None"),
        ({"learned.safetensors": b"x"}, "learned.safetensors cannot be used"),
    ],
)
def test_import_refuses(tmp_path: Path, parts: dict[str, bytes | None], why: str) -> None:
    """What is not ours or is damaged is refused with the reason, and nothing is stored."""
    save(tmp_path / "model", 1)
    file = tmp_path / "m.charwise"
    portable.export(tmp_path / "model", file)
    _rewritten(file, **parts)
    with pytest.raises(CheckpointError, match=why) as caught:
        portable.restore(file, tmp_path / "imported")
    assert str(caught.value).startswith(f"{file} cannot be imported: ")
    assert names(tmp_path) == ["m.charwise", "model"]


def test_import_of_an_older_charwise(tmp_path: Path) -> None:
    """What an older charwise put beside the model is left out."""
    save(tmp_path / "model", 1)
    portable.export(tmp_path / "model", tmp_path / "m.charwise")
    _rewritten(tmp_path / "m.charwise", **{"gate.safetensors": b"of no use"})
    portable.restore(tmp_path / "m.charwise", tmp_path / "imported")
    assert "gate.safetensors" not in names(tmp_path / "imported")


def test_import_of_a_newer_format(tmp_path: Path) -> None:
    """A file of a newer charwise says so."""
    save(tmp_path / "model", 1)
    portable.export(tmp_path / "model", tmp_path / "m.charwise")
    with zipfile.ZipFile(tmp_path / "m.charwise") as archive:
        meta = json.loads(archive.read(META))
    _rewritten(tmp_path / "m.charwise", **{META: json.dumps({**meta, "format": 99}).encode()})
    with pytest.raises(CheckpointError, match="update charwise"):
        portable.restore(tmp_path / "m.charwise", tmp_path / "imported")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_import_of_a_truncated_file(tmp_path: Path, share: float) -> None:
    """A download that broke off is refused."""
    save(tmp_path / "model", 1)
    file = tmp_path / "m.charwise"
    portable.export(tmp_path / "model", file)
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.raises(CheckpointError, match="charwise models export"):
        portable.restore(file, tmp_path / "imported")


def test_import_of_a_flipped_byte(tmp_path: Path) -> None:
    """A byte that was changed on the way is noticed."""
    save(tmp_path / "model", 1)
    file = tmp_path / "m.charwise"
    portable.export(tmp_path / "model", file)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        portable.restore(file, tmp_path / "imported")
