"""A project and the saves that followed: a git history, or the standard library as if it were being written.

Real text, changed as people change it. Knows no models.
"""

import itertools
import random
import re
import subprocess
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from charwise_trainer.corpus import discover

# Of the library: a small project, so that the first training is short.
_LIBRARY = 300_000
_SHORTEST_MODULE, _LONGEST_MODULE = 5_000, 60_000
# What is written at once: more than a line, less than a module.
_SHORTEST_PART, _LONGEST_PART = 150, 3_000

Save = Mapping[str, bytes | None]
"""The files that are written, None of one that is deleted."""


@dataclass(frozen=True)
class History:
    """A folder as it was, and what was saved in it later."""

    folder: Path
    saves: Sequence[Save]

    def replay(self) -> Iterator[None]:
        """Write one save after the other, and yield after each."""
        for save in self.saves:
            for name, data in save.items():
                _write(self.folder / name, data)
            yield


def of_repository(repository: Path, folder: Path, count: int) -> History:
    """Return the last commits of a repository that changed text, each as one save, and write the tree before them."""
    commits = _git(repository, "log", "--first-parent", "--format=%H", "HEAD").decode().split()
    saves: list[Save] = []
    base = commits[0]
    for after, base in itertools.pairwise(commits):
        if save := _changed(repository, base, after):
            saves.append(save)
        if len(saves) == count:
            break
    with tarfile.open(fileobj=BytesIO(_git(repository, "archive", base))) as archive:
        archive.extractall(folder, filter="data")
    accepted = {file.name for file in discover(folder).files}
    known = [{name: data for name, data in save.items() if _is_like(name, accepted)} for save in saves[::-1]]
    return History(folder, [save for save in known if save])


def of_library(folder: Path, count: int, seed: int) -> History:
    """Return the standard library's modules with parts missing, which the saves put in, one after the other."""
    chance = random.Random(seed)
    modules = _modules(chance)
    parts = {name: re.split(r"(?<=\n\n)", text) for name, text in modules.items()}
    places = [
        (name, number)
        for name, each in parts.items()
        for number, part in enumerate(each)
        if number and _SHORTEST_PART < len(part) < _LONGEST_PART
    ]
    missing = chance.sample(places, min(count, len(places) // 2))
    saves = []
    left = set(missing)
    for name in modules:
        _write(folder / name, _text(parts[name], name, left))
    for place in missing:
        left.discard(place)
        saves.append({place[0]: _text(parts[place[0]], place[0], left)})
    return History(folder, saves)


def _modules(chance: random.Random) -> dict[str, str]:
    paths = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    chance.shuffle(paths)
    modules: dict[str, str] = {}
    for path in paths:
        if sum(map(len, modules.values())) > _LIBRARY:
            break
        if _SHORTEST_MODULE < path.stat().st_size < _LONGEST_MODULE:
            modules[path.name] = path.read_text("utf-8")
    return modules


def _text(parts: Sequence[str], name: str, missing: set[tuple[str, int]]) -> bytes:
    return "".join(part for number, part in enumerate(parts) if (name, number) not in missing).encode()


def _changed(repository: Path, before: str, after: str) -> dict[str, bytes | None]:
    """Return the files that differ between two commits, as they are afterwards."""
    names = _git(repository, "diff", "--name-only", "--no-renames", "-z", before, after).split(b"\0")
    save: dict[str, bytes | None] = {}
    for name in filter(None, names):
        try:
            save[name.decode()] = _git(repository, "show", f"{after}:{name.decode()}")
        except subprocess.CalledProcessError:
            save[name.decode()] = None
    return save


def _is_like(name: str, accepted: set[str]) -> bool:
    """Whether a file is of a kind that is learned: one of those there, or with their suffix."""
    return name in accepted or Path(name).suffix in {Path(each).suffix for each in accepted} - {""}


def _git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True).stdout


def _write(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
