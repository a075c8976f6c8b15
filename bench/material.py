"""Real text: projects and documents out of the Python standard library of this very interpreter.

What is typed into a document are lines that were taken out of it. No project contains a document's text, so neither
memory nor model has seen it. Knows no daemon.
"""

import contextlib
import functools
import random
import shutil
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# Of the library: documents are made of this much of it, projects of the rest.
_FOR_DOCUMENTS = 2_500_000
_SHORTEST_FILE, _LONGEST_FILE = 200, 200_000


@dataclass(frozen=True)
class Draft:
    """A document in which lines are missing: what stands before and after them, and what is to be typed there."""

    path: Path
    before: str
    typed: str
    after: str


@dataclass(frozen=True)
class Source:
    """A real file, and the name that it gets in a project."""

    path: Path
    name: Path
    size: int


def project(folder: Path, size: int) -> Path:
    """Copy real files to a new folder until they have this size; beyond 8 MB tests and installed packages too."""
    for source in _sources()[1]:
        if size <= 0:
            break
        (folder / source.name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.path, folder / source.name)  # with its time: what is older than a model is not learned anew
        size -= source.size
    return folder


def text(size: int, number: int = 0) -> str:
    """Return real Python of at most this size, which no project contains; another one for each number."""
    sources, found = list(_sources()[0]), ""
    random.Random(number).shuffle(sources)
    for source in sources:
        with contextlib.suppress(UnicodeDecodeError):  # ASCII: bytes, characters and UTF-16 units count the same
            found += source.path.read_text("ascii")
        if len(found) >= size:
            break
    return found[:size].rpartition("\n")[0]


def draft(folder: Path, size: int, number: int = 0, lines: int = 3) -> Draft:
    """Return a document of about this size in a project; one with another number has other text."""
    before, typed, after = take_out(text(size, number), lines, random.Random(number))
    return Draft(folder / f"draft_{size}_{number}.py", before, typed.removesuffix("\n"), "\n" + after)


def take_out(whole: str, count: int, chance: random.Random) -> tuple[str, str, str]:
    """Return what stands before some lines of code of a text, these lines, and what follows them."""
    lines = whole.splitlines(keepends=True)
    starts = [i for i in range(len(lines) // 4, len(lines) - count) if _is_code(lines[i : i + count])]
    start = chance.choice(starts or [len(lines) // 2])
    parts = lines[:start], lines[start : start + count], lines[start + count :]
    before, typed, after = ("".join(part) for part in parts)
    return before, typed, after


def _is_code(lines: list[str]) -> bool:
    return all(len(line) > 20 and line.strip()[:1] not in tuple("#\"'") for line in lines)


@functools.cache
def _sources() -> tuple[list[Source], list[Source]]:
    """Return the files that documents are made of, and those of projects: modules, their tests, installed packages."""
    library, packages = Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))
    own = [source for source in _below(library) if "site-packages" not in source.name.parts]
    modules = [source for source in own if "test" not in str(source.name)]
    random.Random(1).shuffle(modules)  # so that documents and projects are of all kinds
    count, size = 0, 0
    while size < _FOR_DOCUMENTS:
        size, count = size + modules[count].size, count + 1
    tests = [source for source in own if "test" in str(source.name)]
    return modules[:count], [*modules[count:], *tests, *_below(packages)]


def _below(root: Path) -> Iterable[Source]:
    for path in sorted(root.rglob("*.py")):
        size = path.stat().st_size
        if _SHORTEST_FILE < size < _LONGEST_FILE:
            yield Source(path, path.relative_to(root), size)
