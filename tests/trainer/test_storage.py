"""Files that are whole or not there at all."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from charwise_trainer.errors import StorageError
from charwise_trainer.storage import aside, is_abandoned, replace_file


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Let no file grow beyond `size`: what a full disk does, without filling one (Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_replace_file(tmp_path: Path) -> None:
    """The new content is in place, for its owner alone, and nothing is left beside it."""
    file = tmp_path / "last"
    replace_file(file, b"one")
    replace_file(file, b"two")
    assert file.read_bytes() == b"two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_replace_file_by_a_link(tmp_path: Path) -> None:
    """Who keeps a file elsewhere, and a link in its place, finds the new content there."""
    (tmp_path / "real").write_bytes(b"one")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"two")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"two"


def test_replace_file_that_is_none(tmp_path: Path) -> None:
    """A pipe or a device is not replaced by a file."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="it is no file"):
        replace_file(tmp_path / "pipe", b"two")
    assert (tmp_path / "pipe").is_fifo()


def test_replace_file_on_a_full_disk(tmp_path: Path) -> None:
    """The old content stays, nothing is left beside it, and the error says so."""
    file = tmp_path / "last"
    replace_file(file, b"one")
    with files_limited_to(1000), pytest.raises(StorageError, match=r"File too large; .* before is whole"):
        replace_file(file, bytes(2000))
    assert file.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [file]


def test_replace_file_without_a_folder(tmp_path: Path) -> None:
    """A folder that is gone is an error of ours that names the file."""
    with pytest.raises(StorageError, match="gone/last: No such file"):
        replace_file(tmp_path / "gone" / "last", b"one")


def test_is_abandoned() -> None:
    """What a dead process left aside is abandoned; a living one's is not, nor anything else."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = Path("model")
    assert is_abandoned(here / f".tmp-{dead.pid}-c00000001")
    assert not is_abandoned(aside(here, "c00000001"))
    assert not is_abandoned(here / f".tmp-{os.getppid()}-c00000001")
    assert not is_abandoned(here / "c00000001")
    assert not is_abandoned(here / ".tmp-c00000001")
