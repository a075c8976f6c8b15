"""One trainer per model: a lock that the system drops when its holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charwise_trainer.errors import ModelBusyError
from charwise_trainer.storage import writing

LOCK = ".lock"

TRIES, PAUSE = 5, 0.02
"""`is_training` holds the lock for microseconds: a trainer that meets it there tries again, for a tenth of a second."""


@contextmanager
def training_lock(directory: Path) -> Iterator[None]:
    """Hold the model's lock; raises ModelBusyError naming the process that holds it, StorageError."""
    with writing(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(descriptor, directory)
        with writing(directory):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)  # and with it the lock


def is_training(directory: Path) -> bool:
    """Whether a process holds the model's lock."""
    try:
        descriptor = os.open(directory / LOCK, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _take(descriptor: int, directory: Path) -> None:
    for attempt in range(TRIES):
        if _try(descriptor, fcntl.LOCK_EX):
            return
        if attempt < TRIES - 1:
            time.sleep(PAUSE)
    holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "unknown"
    raise ModelBusyError(
        f"{directory} is being trained by process {holder}; two would overwrite each other: wait for it or stop it"
    )


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
