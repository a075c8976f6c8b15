"""Which of a model's checkpoints is which: small text files in its folder, each replaced in one step.

    best      the one to serve
    last      the one stored last: an interrupted training goes on from it
    previous  the best before, which the daemon may be reading at this moment
    good      ends of earlier runs that were served, the newest first: what can be gone back to

Knows nothing of what is in a checkpoint.
"""

import re
from collections.abc import Callable
from pathlib import Path

from charwise_trainer.errors import CheckpointError
from charwise_trainer.storage import replace_file

BEST, LAST, PREVIOUS, GOOD = "best", "last", "previous", "good"
NAME = re.compile(r"c(\d{8,})(?:-(\d+))?")
"""A checkpoint's directory: the step, and a number where a step is stored again."""

MOST_GOOD = 3
"""Kept to go back to: 14 MB each for 2x512."""


def best(directory: Path) -> Path | None:
    """Return the checkpoint that does best on held-out text, the one to serve; None where there is none."""
    return next(iter(_named(directory, BEST)), None)


def last(directory: Path) -> Path | None:
    """Return the checkpoint that was stored last; None where there is none."""
    return next(iter(_named(directory, LAST)), None)


def good(directory: Path) -> list[Path]:
    """Return the checkpoints that can be gone back to, the newest first."""
    return _named(directory, GOOD)


def kept(directory: Path) -> set[Path]:
    """Return the checkpoints that any pointer names."""
    return {path for pointer in (BEST, LAST, PREVIOUS, GOOD) for path in _named(directory, pointer)}


def stored(directory: Path) -> list[Path]:
    """Return all checkpoints, the newest first, whether they can be read or not."""
    entries = directory.iterdir() if directory.is_dir() else ()
    found = [(match, path) for path in entries if (match := NAME.fullmatch(path.name))]
    found.sort(key=lambda each: (int(each[0][1]), int(each[0][2] or 1)), reverse=True)
    return [path for _, path in found]


def point(directory: Path, path: Path, *, is_best: bool, was_finished: Callable[[Path], bool]) -> None:
    """Make a checkpoint the last, and the best where it is; raises StorageError.

    The one served before is kept to go back to if it was the end of a run: those on the way are not worth it.
    """
    if is_best:
        replaced = best(directory)
        if replaced is not None:
            _write(directory, PREVIOUS, [replaced])
            if was_finished(replaced):
                _write(directory, GOOD, [replaced, *good(directory)][:MOST_GOOD])
        _write(directory, BEST, [path])
    _write(directory, LAST, [path])


def roll_back(directory: Path, is_whole: Callable[[Path], bool]) -> Path:
    """Serve the newest good checkpoint before the best that is whole, and let training go on from there; return it.

    Raises CheckpointError where none is kept, StorageError.
    """
    served = best(directory)
    # The served one is among them where a roll-back was killed half-way.
    rest = [path for path in good(directory) if path != served and is_whole(path)]
    if not rest:
        raise CheckpointError(
            f"{directory.name} has no checkpoint to go back to that can be read: the one before is kept from the "
            f"second training on, and {MOST_GOOD} at most; `charwise models remove {directory.name}` lets it learn anew"
        )
    if served is not None:
        _write(directory, PREVIOUS, [served])
    _write(directory, BEST, rest[:1])
    _write(directory, LAST, rest[:1])
    _write(directory, GOOD, rest[1:])
    return rest[0]


def _named(directory: Path, pointer: str) -> list[Path]:
    """Return the checkpoints that a pointer file names and that are there."""
    try:
        names = (directory / pointer).read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
    return [path for name in names if NAME.fullmatch(name) and (path := directory / name).is_dir()]


def _write(directory: Path, pointer: str, paths: list[Path]) -> None:
    replace_file(directory / pointer, "\n".join(path.name for path in paths).encode())
