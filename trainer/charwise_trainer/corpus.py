"""The corpus: the accepted files of a folder, or one file, and how the model reads them.

Which files those are is decided in rules, whose names are passed on here. Knows nothing of models.
"""

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from charwise_trainer.errors import CorpusError, LeftOut
from charwise_trainer.rules import DEFAULT_LIMITS, Candidate, CorpusFile, Exclusion, Limits, Rules
from charwise_trainer.text import END, START, printable, readable_size

__all__ = [
    "END",
    "START",
    "Candidate",
    "Corpus",
    "CorpusFile",
    "Exclusion",
    "Limits",
    "Listing",
    "Rules",
    "by_line",
    "discover",
    "encode",
    "encode_header",
    "survey",
]


@dataclass(frozen=True)
class Corpus:
    """What is learned under one root, and what is not."""

    root: Path
    files: tuple[CorpusFile, ...]  # by name
    excluded: tuple[Exclusion, ...]  # by name

    @property
    def characters(self) -> int:
        """How many there are to learn from, without headers."""
        return sum(len(file.data) for file in self.files)

    def __repr__(self) -> str:
        return f"<Corpus {self.root}: {len(self.files)} files, {self.characters} characters, {len(self.excluded)} out>"


@dataclass(frozen=True)
class Listing:
    """What lies under one root, judged by names, places, kinds and sizes: no file has been read."""

    rules: Rules
    candidates: tuple[Candidate, ...]  # the newest first
    excluded: tuple[Exclusion, ...]


def discover(root: Path, limits: Limits = DEFAULT_LIMITS) -> Corpus:
    """Read all that is the user's under `root`, a folder or a file, the newest files first until the limit is reached.

    Raises CorpusError where root is missing, unreadable or neither. No files at all is no error.
    """
    listing = survey(root, limits)
    files, left_out = _read_newest(listing.rules, listing.candidates, limits.total_bytes)
    excluded = sorted([*listing.excluded, *left_out], key=_by_name)
    return Corpus(listing.rules.root, tuple(sorted(files, key=_by_name)), tuple(excluded))


def by_line(files: Iterable[CorpusFile]) -> list[CorpusFile]:
    """Return each line that is not empty as a text of its own, none twice, in an order by chance, always the same."""
    lines = {(file.name, line.strip()) for file in files for line in file.data.splitlines()}
    texts = sorted((hashlib.sha256(line).digest(), name, line) for name, line in lines if line)
    return [CorpusFile(name, line + b"\n", 0) for _, name, line in texts]


def survey(root: Path, limits: Limits = DEFAULT_LIMITS) -> Listing:
    """List what is under `root`; raises as `discover` does."""
    _check(root)
    rules = Rules(root, limits)
    candidates, excluded = [], []
    for found in rules.walk():
        if isinstance(found, Candidate):
            candidates.append(found)
        else:
            excluded.append(found)
    return Listing(rules, tuple(sorted(candidates, key=lambda c: (-c.mtime_ns, c.name))), tuple(excluded))


def encode(file: CorpusFile) -> bytes:
    """Return a file as the model reads it: START, name, newline, text, END."""
    return encode_header(file.name) + file.data + END


def encode_header(name: str) -> bytes:
    """Return what stands before a file's text, so that the model knows its type."""
    return START + printable(name).encode() + b"\n"


def _check(root: Path) -> None:
    try:
        mode = root.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(root).close()
    except FileNotFoundError as error:
        raise CorpusError(f"{root} does not exist: give the path of a folder or a file") from error
    except OSError as error:
        raise CorpusError(f"{root} cannot be read ({error.strerror}): check it and its permissions") from error
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise CorpusError(f"{root} is neither a folder nor a file: there is nothing to learn from in it")


def _read_newest(rules: Rules, candidates: Iterable[Candidate], limit: int) -> tuple[list[CorpusFile], list[Exclusion]]:
    """Read files, the newest first, and none from the first on that does not fit any more."""
    files: list[CorpusFile] = []
    excluded = []
    left = limit
    for candidate in candidates:
        if left < 0:
            excluded.append(_beyond(candidate, limit))
            continue
        try:
            file = rules.read(candidate.path)
        except LeftOut as reason:
            excluded.append(Exclusion(candidate.name, str(reason)))
            continue
        left -= len(file.data)
        if left < 0:
            excluded.append(_beyond(candidate, limit))
        else:
            files.append(file)
    return files, excluded


def _beyond(candidate: Candidate, limit: int) -> Exclusion:
    return Exclusion(
        candidate.name, f"over the corpus limit of {readable_size(limit)} (older files are left out first)"
    )


def _by_name(entry: CorpusFile | Exclusion) -> str:
    return entry.name
