"""Writing files that are whole or not there at all: written aside, flushed to the disk, then renamed.

Knows nothing of what is written. Every failure to write is a StorageError; nothing that stood there is touched by it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from charwise_trainer.errors import StorageError

ASIDE = ".tmp-"
"""What is being written begins with this and the writer's process id, so that a dead one's can be removed."""


def aside(directory: Path, name: str) -> Path:
    """Return where to write what will be `name` in `directory`."""
    return directory / f"{ASIDE}{os.getpid()}-{name}"


def write_flushed(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600 and wait until the disk has it; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def flush_directory(directory: Path) -> None:
    """Wait until the disk has the directory's entries: a rename is only then there after a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file, or of what a link names, or make it, in one step for every reader.

    Raises:
        StorageError: it cannot be written, or is a device or a pipe.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise StorageError(f"cannot write {path}: it is no file; name one that is, or that is not there yet")
    new = aside(path.parent, path.name)
    with writing(path):
        try:
            write_flushed(new, data)
            new.replace(path)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
        flush_directory(path.parent)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError of the body into a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StorageError(
            f"cannot write {path}: {reason}; what was stored before is whole: "
            "make room or mend the folder's rights, then run again"
        ) from error


def is_abandoned(path: Path) -> bool:
    """Whether this is something left aside by a process that no longer runs."""
    pid = path.name.removeprefix(ASIDE).partition("-")[0]
    return path.name.startswith(ASIDE) and pid.isdecimal() and not _is_running(int(pid))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another user's, or no process id at all: not ours to remove
        return True
    return True
