"""The text of an experiment: read from a file, an archive or a folder, and split. Nothing is written or downloaded."""

import hashlib
import lzma
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from charwise.experiments.recipe import Recipe
from charwise_daemon.errors import CharwiseError
from charwise_trainer.batches import Documents
from charwise_trainer.config import MAX_WINDOW
from charwise_trainer.corpus import CorpusFile, by_line, encode
from charwise_trainer.errors import LeftOut
from charwise_trainer.packed import Packed
from charwise_trainer.text import to_utf8

# An archive that unpacks to more is no material for a machine like this.
_LARGEST = 500_000_000


@dataclass(frozen=True)
class Material:
    """Text to learn, to choose the best checkpoint by, and to measure on."""

    training: list[CorpusFile]
    validation: list[CorpusFile]  # may be empty: then the trainer holds some of the training text out
    test: list[CorpusFile]

    @property
    def corpus(self) -> list[CorpusFile] | Packed:
        """What the trainer is given."""
        if not self.validation:
            return self.training
        documents = Documents.of([encode(file) for file in self.training], MAX_WINDOW)
        return Packed(Path(), documents, tuple(self.validation))

    @property
    def learned(self) -> bytes:
        """All text that is learned."""
        return b"\n".join(file.data for file in self.training)


def material(recipe: Recipe, folder: Path, given: Path | None = None) -> Material:
    """Return the text of an experiment, from `given`, or by the recipe's name from the folder of data.

    Raises:
        CharwiseError: it is not there, cannot be read, or is too little.
    """
    path = given or folder / recipe.data
    try:
        texts = dict(_read(path, [str(each) for each in recipe.files]))
    except FileNotFoundError as error:
        raise CharwiseError(f"there is no {path}: say with --data where the text of {recipe.title} lies") from error
    except (OSError, tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise CharwiseError(f"{path} cannot be read: {error}") from error
    whole = (CorpusFile(name, data, 0) for name, data in texts.items())
    parts = by_line(whole) if recipe.lines else _ordered(texts, recipe)
    training, validation, test = _split(parts, [float(share) for share in recipe.split])
    if not training or not test:
        raise CharwiseError(f"{path} has {sum(map(len, texts.values())):,} characters of text: too little to split")
    return Material(training, validation, test)


def _read(path: Path, patterns: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield names and texts; what is binary is left out."""
    for name, data in _entries(path, patterns):
        try:
            yield name, to_utf8(data)
        except LeftOut:
            continue


def _entries(path: Path, patterns: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path).as_posix()
            if file.is_file() and not file.is_symlink() and _is_wanted(name, patterns):
                yield name, file.read_bytes()
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for entry in archive:
                below = entry.name.partition("/")[2] or entry.name  # of the folder that an archive has at its top
                if entry.isfile() and _is_wanted(below, patterns):
                    unpacked = archive.extractfile(entry)
                    assert unpacked
                    yield entry.name, unpacked.read(_LARGEST)
    elif path.suffix == ".xz":
        with lzma.open(path) as unpacked:
            yield path.stem, unpacked.read(_LARGEST)
    else:
        yield path.name, path.read_bytes()


def _is_wanted(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a path is meant: `*.c` is at any depth, `kernel/*.c` at any below that folder."""
    return any(fnmatch(name, pattern) for pattern in patterns)


def _ordered(texts: dict[str, bytes], recipe: Recipe) -> list[CorpusFile]:
    """Return texts as files; of many the order is by a hash of their names, so that a part of them is a fair one."""
    names = sorted(texts, key=lambda name: hashlib.sha256(name.encode()).digest()) if len(texts) > 1 else list(texts)
    found, left = list[CorpusFile](), recipe.most_characters or sum(map(len, texts.values()))
    for name in names:
        if left <= 0:
            break
        data = texts[name][:left]
        found.append(CorpusFile(recipe.name or name, data, 0))
        left -= len(data)
    return found


def _split(files: list[CorpusFile], shares: Sequence[float]) -> list[list[CorpusFile]]:
    """Return the files in as many parts as there are shares, by characters; where a part ends, a file is cut."""
    total, parts, begun = sum(len(file.data) for file in files), [], 0.0
    for share in shares:
        parts.append(_between(files, int(begun * total + 0.5), int((begun + share) * total + 0.5)))
        begun += share
    return parts


def _between(files: Sequence[CorpusFile], start: int, end: int) -> list[CorpusFile]:
    found, place = [], 0
    for file in files:
        data = file.data[max(0, start - place) : max(0, end - place)]
        if data:
            found.append(CorpusFile(file.name, data, 0))
        place += len(file.data)
    return found
