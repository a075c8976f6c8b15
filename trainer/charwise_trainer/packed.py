"""A corpus that need not fit into memory: encoded documents in one flat file, which is mapped, not read.

    PACKED/documents    as the model reads them, one after the other, then zeros for a window that ends beyond them
           lengths.npy  of each document, in bytes: int64
           held_out     documents to measure on, in the same form; few enough to be read

It is made file by file: one text is in memory at a time, with the names of all. Knows nothing of models.
"""

import shutil
import zlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charwise_trainer.batches import Documents
from charwise_trainer.config import MAX_WINDOW
from charwise_trainer.corpus import END, START, CorpusFile, Limits, encode, survey
from charwise_trainer.errors import CorpusError, LeftOut
from charwise_trainer.holdout import LEAST, choose
from charwise_trainer.rules import Candidate, Rules
from charwise_trainer.storage import aside, flush_directory, writing

DOCUMENTS, LENGTHS, HELD_OUT = "documents", "lengths.npy", "held_out"
ZEROS = MAX_WINDOW + 1
"""After the last document, so that any window may be read from any place in it."""
NO_LIMIT = Limits(total_bytes=2**62)


@dataclass(frozen=True)
class Packed:
    """A packed corpus, mapped."""

    path: Path
    documents: Documents
    held_out: tuple[CorpusFile, ...]

    def __repr__(self) -> str:
        return f"<Packed {self.path}: {len(self.documents.lengths)} documents, {self.characters} characters>"

    @property
    def characters(self) -> int:
        """How many there are to learn from."""
        return int(self.documents.lengths.sum())

    @property
    def mark(self) -> int:
        """A number that tells it from others: of its documents' lengths, as reading all of it would take minutes."""
        return zlib.crc32(self.documents.lengths.tobytes())

    def check(self, mark: int) -> None:
        """Raise CorpusError where it is another one than that with this mark."""
        if mark != self.mark:
            raise CorpusError(
                f"{self.path} is not the same for all processes: copy it from the first one's machine to the others"
            )


def pack(root: Path, target: Path, limits: Limits = NO_LIMIT) -> Packed:
    """Write all that is the user's under `root` to the new folder `target`; return it, mapped.

    Raises CorpusError where root cannot be read or has too little text, or target is there, StorageError.
    """
    listing = survey(root, limits)
    candidates = sorted(listing.candidates, key=lambda each: each.name)
    files = _read(listing.rules, candidates)
    held_out = choose({each.name: each.size for each in candidates})
    return write(files, target, lambda file: file.name in held_out)


def write(files: Iterable[CorpusFile], target: Path, is_held_out: Callable[[CorpusFile], bool]) -> Packed:
    """Write files to the new folder `target`, those held out to be measured on; return it, mapped.

    Raises CorpusError where there is too little text, or target is there, StorageError.
    """
    if target.exists():
        raise CorpusError(f"{target} is there already: remove it, or give another name")
    new = aside(target.parent, target.name)
    try:
        with writing(target):
            new.mkdir(parents=True)
            learned, measured = _write(files, new, is_held_out)
        if not learned or measured < LEAST:
            raise CorpusError("there is too little text to pack: train the folder itself, which fits into memory")
        with writing(target):
            new.rename(target)
            flush_directory(target.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return open_packed(target)


def open_packed(path: Path) -> Packed:
    """Map a packed corpus; raises CorpusError where it is none, or not whole."""
    try:
        raw = np.asarray(np.memmap(path / DOCUMENTS, np.uint8, "r"))
        lengths = np.load(path / LENGTHS)
        held_out = (path / HELD_OUT).read_bytes()
    except (OSError, ValueError, EOFError) as error:
        raise CorpusError(
            f"{path} is no packed corpus ({error}): `python -m charwise_trainer pack FOLDER {path}` makes one"
        ) from error
    if lengths.dtype != np.int64 or len(raw) != lengths.sum() + ZEROS:
        raise CorpusError(f"{path} is not whole: pack it again")
    return Packed(path, Documents(raw, lengths), tuple(map(_decoded, held_out.split(END)[:-1])))


def _read(rules: Rules, candidates: Iterable[Candidate]) -> Iterable[CorpusFile]:
    for candidate in candidates:
        try:
            file = rules.read(candidate.path)
        except LeftOut:
            continue
        yield file


def _write(files: Iterable[CorpusFile], folder: Path, is_held_out: Callable[[CorpusFile], bool]) -> tuple[int, int]:
    """Write the three files; return how many characters are to be learned, and to be measured on."""
    lengths, measured = array("q"), 0
    with (folder / DOCUMENTS).open("wb") as documents, (folder / HELD_OUT).open("wb") as others:
        for file in files:
            document = encode(file)
            if is_held_out(file):
                measured += others.write(document)
            else:
                lengths.append(documents.write(document))
        documents.write(bytes(ZEROS))
    np.save(folder / LENGTHS, np.array(lengths, np.int64))
    return sum(lengths), measured


def _decoded(document: bytes) -> CorpusFile:
    name, _, text = document.removeprefix(START).partition(b"\n")
    return CorpusFile(name.decode(), text, 0)
