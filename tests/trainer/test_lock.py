"""One trainer per model."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charwise_trainer.errors import ModelBusyError, StorageError
from charwise_trainer.lock import is_training, training_lock

HOLD = """
import sys
from pathlib import Path
from charwise_trainer.lock import training_lock
with training_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(directory: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_training_lock_names_its_holder(tmp_path: Path) -> None:
    """A second trainer is told which process to wait for; when that is gone, so is the lock."""
    holder = hold(tmp_path / "model")
    assert is_training(tmp_path / "model")
    with pytest.raises(ModelBusyError, match=f"process {holder.pid};"), training_lock(tmp_path / "model"):
        pass
    holder.communicate()
    assert not is_training(tmp_path / "model")
    with training_lock(tmp_path / "model"):
        assert is_training(tmp_path / "model")


def test_training_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    """A kill -9 leaves no lock behind."""
    with hold(tmp_path) as holder:
        holder.kill()
    assert not is_training(tmp_path)
    with training_lock(tmp_path):
        assert (tmp_path / ".lock").read_text() == str(os.getpid())
    assert (tmp_path / ".lock").stat().st_mode & 0o777 == 0o600


def test_training_lock_within_one_process(tmp_path: Path) -> None:
    """Two trainings in one process exclude each other as well."""
    with training_lock(tmp_path), pytest.raises(ModelBusyError, match=str(os.getpid())), training_lock(tmp_path):
        pass


def test_is_training_without_a_model(tmp_path: Path) -> None:
    """Where there is no model, nobody trains it, and asking makes nothing."""
    assert not is_training(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_training_lock_where_no_folder_can_be(tmp_path: Path) -> None:
    """A file in the folder's place is an error of ours."""
    (tmp_path / "model").write_text("")
    with pytest.raises(StorageError, match="model"), training_lock(tmp_path / "model"):
        pass
