"""What git's own files tell of a folder: its branch, and the names that can be checked out. Starts no program."""

import os
from collections.abc import Iterator
from pathlib import Path

_HEAD = "ref: refs/heads/"
_LONGEST_HEAD = 4096
# Of packed references and of those in files: a repository with more is not looked through at each key.
_MOST_BYTES, _MOST_FILES = 1 << 20, 5000
_KINDS = ("refs/heads", "refs/tags", "refs/remotes")


def branch_of(directory: str) -> str:
    """Return git's branch in a folder, or the beginning of its commit's number; "" where there is none."""
    git = _git_folder(directory)
    head = _read(git / "HEAD", _LONGEST_HEAD).strip() if git else ""
    return head.removeprefix(_HEAD) if head.startswith(_HEAD) else head[:7]


def references_of(directory: str) -> frozenset[str]:
    """Return the names of branches and tags, those of other repositories with and without the repository's name."""
    git = _git_folder(directory)
    if git is None:
        return frozenset()
    common = git / (_read(git / "commondir", _LONGEST_HEAD).strip() or ".")
    packed = (line.partition(" ")[2] for line in _read(common / "packed-refs", _MOST_BYTES).splitlines())
    return frozenset(name for reference in (*packed, *_loose(common)) for name in _names(reference))


def _git_folder(directory: str) -> Path | None:
    for folder in (Path(directory), *Path(directory).parents):
        git = folder / ".git"
        if git.is_file():  # a worktree: the file says where its git folder is
            git = folder / _read(git, _LONGEST_HEAD).removeprefix("gitdir:").strip()
        if (git / "HEAD").is_file():
            return git
    return None


def _loose(git: Path) -> Iterator[str]:
    found = 0
    for kind in _KINDS:
        for folder, _, files in os.walk(git / kind):
            for file in files:
                found += 1
                if found > _MOST_FILES:
                    return
                yield os.path.relpath(f"{folder}/{file}", git)


def _names(reference: str) -> Iterator[str]:
    kind = next((kind for kind in _KINDS if reference.startswith(f"{kind}/")), None)
    if kind:
        name = reference[len(kind) + 1 :]
        yield name
        if kind == "refs/remotes" and "/" in name:
            yield name.partition("/")[2]


def _read(file: Path, most: int) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(most).decode("utf-8", "replace")
    except OSError:
        return ""
