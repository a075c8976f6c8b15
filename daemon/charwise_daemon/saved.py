"""What was typed between two saves of a file: where, and between what. Pure, but for a look at git's folder.

Lines say where something was added; within lines that replace others, only what differs was typed.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from charwise_daemon.documents import same_ends
from charwise_daemon.region import Region

# More files than this at once, or more characters in one of them, nobody has typed between two saves.
MOST_FILES, _MOST_TYPED = 5, 5_000
# More lines than this between the first change and the last are not compared: that takes the square of them.
_MOST_LINES = 3_000
# Git notes what it did to the files a moment after it wrote them.
_GIT_SECONDS = 2


@dataclass(frozen=True)
class Saved:
    """A file that was saved: its name, its text as it was known before, and as it is now."""

    name: str
    before: bytes
    after: bytes


def typed_regions(saved: Saved) -> list[Region]:
    """Return what was added, in order, each between what stood there when it was typed; nothing if nobody typed it.

    Whoever types from top to bottom has everything above as it is now, and everything below as it was.
    """
    old, new = saved.before.splitlines(keepends=True), saved.after.splitlines(keepends=True)
    regions = []
    for old_start, old_end, start, end in _changed_lines(old, new):
        removed, typed = b"".join(old[old_start:old_end]), b"".join(new[start:end])
        head, tail = same_ends(removed, typed)
        before, after = b"".join(new[:start]) + typed[:head], typed[len(typed) - tail :] + b"".join(old[old_end:])
        if middle := typed[head : len(typed) - tail]:
            regions.append(Region(saved.name, before, middle, after))
    return regions if sum(len(each.typed) for each in regions) <= _MOST_TYPED else []


def _changed_lines(old: list[bytes], new: list[bytes]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the lines of both texts that differ, as [start, end) in the old and in the new one."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - milliseconds of every start, and only a save needs it

    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = min(len(old), len(new)) - head
    ends = zip(reversed(old), reversed(new), strict=False)
    tail = next((n for n, (a, b) in enumerate(ends) if n == rest or a != b), rest)
    one, other = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(one), len(other)) > _MOST_LINES:
        return
    for _, *places in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        old_start, old_end, start, end = (head + place for place in places)
        if old[old_start:old_end] != new[start:end]:
            yield old_start, old_end, start, end


def is_by_git(root: Path, times_ns: Iterable[int]) -> bool:
    """Tell whether files below `root`, changed at these times, may have been written by git: a switch, a merge."""
    git = _git_folder(root)
    if git is None:
        return False
    if (git / "index.lock").exists():
        return True
    try:
        noted = (git / "logs" / "HEAD").stat().st_mtime_ns
    except OSError:
        return False  # no commit yet, or no log is kept
    return noted + _GIT_SECONDS * 10**9 >= min(times_ns)


def _git_folder(root: Path) -> Path | None:
    for folder in (root, *root.parents):
        git = folder / ".git"
        if git.is_dir():
            return git
        if git.is_file():  # of a worktree or a submodule
            with contextlib.suppress(OSError):
                return folder / git.read_text("utf-8", "replace").partition("gitdir:")[2].strip()
    return None
