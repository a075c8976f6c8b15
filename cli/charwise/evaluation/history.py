"""Held-out text from a repository's own history: what later commits added, to be typed where they added it.

One hunk of each commit, chosen by chance, with the text before and after it as that commit left it: nothing of it was
in the tree that is learned from, but by being written there before. A hunk is whole lines; or, where that is wanted,
what was changed within one line, with the rest of the line after the cursor.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from charwise.evaluation.errors import EvaluationError
from charwise.evaluation.repository import Added, Repository
from charwise_daemon.documents import same_ends
from charwise_trainer.defaults import left_out_file, left_out_text
from charwise_trainer.errors import LeftOut
from charwise_trainer.text import printable, to_utf8

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
# Characters of a hunk: less is no text to judge by, more is a file that was moved there.
SHORTEST, LONGEST = 20, 600
# Characters that are changed within a line: for one nothing can be saved.
_SHORTEST_WITHIN = 2
# Before a word's character nothing is suggested unasked.
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
# Commits that the default split goes back at first, for each hunk that is wanted: about every second one has a hunk.
_COMMITS_PER_HUNK = 2


@dataclass(frozen=True)
class Hunk:
    """Text that a commit added, with what stood before and after it."""

    commit: str
    path: str  # as the corpus names it
    before: bytes
    typed: bytes
    after: bytes
    is_within: bool = False  # a line, the rest of which `after` begins with

    def __repr__(self) -> str:
        return f"Hunk({self.path} in {self.commit[:10]}, {len(self.typed)} characters)"

    @property
    def kind(self) -> str:
        """The type of its file: the suffix, or the name where it has none."""
        name = PurePosixPath(self.path)
        return name.suffix or name.name


@dataclass(frozen=True)
class Wanted:
    """Which hunks are wanted.

    Args:
        count: how many.
        seed: of the chance that chooses them.
        per_commit: how many of one commit at most: releases, committed one after the other, are few and have many.
        typed: folders or patterns that a hunk's file must be in; none: all that is learned.
        within: what was changed within a line is typed, in place of lines.
    """

    count: int = 100
    seed: int = 1
    per_commit: int = 1
    typed: Sequence[str] = ()
    within: bool = False


def split_for(repository: Repository, newest: str, wanted: Wanted) -> str:
    """Return the newest commit that has hunks enough after it, but so that half of the history remains to be learned.

    Raises:
        EvaluationError: there is hardly any history.
    """
    line = repository.commits("--first-parent", newest)
    back, most = _COMMITS_PER_HUNK * wanted.count, len(line) // 2
    if not most:
        raise EvaluationError(f"{repository.folder} has {len(line)} commits: {_too_short(repository)}")
    while back < most and len(hunks(repository, line[back], newest, wanted, _is_text)) < wanted.count:
        back *= 2
    return line[min(back, most)]


def hunks(
    repository: Repository, split: str, newest: str, wanted: Wanted, accepts: Callable[[str], bool]
) -> list[Hunk]:
    """Return hunks of commits after `split`, the oldest first; the same ones for the same seed.

    `accepts` tells whether a path belongs to the corpus.
    """
    chance = random.Random(wanted.seed)  # noqa: S311 - no secret
    commits = repository.commits("--no-merges", "--reverse", newest, f"^{split}")
    age = {commit: number for number, commit in enumerate(commits)}
    chance.shuffle(commits)
    found = list[Hunk]()
    for commit in commits:
        if len(found) >= wanted.count:
            break
        places = repository.added(commit, wanted.typed)
        fitting = [place for place in places if SHORTEST <= place.characters <= LONGEST and accepts(place.path)]
        if wanted.within:
            fitting = [place for place in fitting if len(place.replaced) == place.lines]
        chosen = chance.sample(fitting, min(wanted.per_commit, len(fitting)))
        for place in chosen:
            hunk = _read(repository, commit, place)
            found += filter(None, [_within(hunk, place.replaced) if hunk and wanted.within else hunk])
    return sorted(found[: wanted.count], key=lambda hunk: age[hunk.commit])


def checked(found: list[Hunk], repository: Repository, split: str) -> list[Hunk]:
    """Return the hunks that were found; raises EvaluationError where there are none."""
    if not found:
        raise EvaluationError(
            f"no commit after {split[:10]} in {repository.folder} adds {SHORTEST} to {LONGEST} characters to a file "
            f"that is learned: {_too_short(repository)}"
        )
    return found


def _read(repository: Repository, commit: str, place: Added) -> Hunk | None:
    try:
        text = to_utf8(repository.blob(commit, place.path))
    except LeftOut:  # binary
        return None
    lines = _LINE.findall(text)
    stop = place.first + place.lines
    before, typed, after = (b"".join(part) for part in (lines[: place.first], lines[place.first : stop], lines[stop:]))
    if left_out_text(text) or not typed.strip():
        return None
    return Hunk(commit, printable(place.path), before, typed, after)


def _within(hunk: Hunk, replaced: Sequence[bytes]) -> Hunk | None:
    """Return what was changed in the first of a hunk's lines of which that is a part, with something after it."""
    start = 0
    for old, new in zip(replaced, _LINE.findall(hunk.typed), strict=True):
        first, tail = same_ends(old, new)
        last = len(new) - tail
        rest = new[last:]
        if len(new[first:last].strip()) >= _SHORTEST_WITHIN and rest.strip() and not _WORD.match(rest):
            before, after = hunk.before + hunk.typed[: start + first], hunk.typed[start + last :] + hunk.after
            return replace(hunk, before=before, typed=new[first:last], after=after, is_within=True)
        start += len(new)
    return None


def _is_text(path: str) -> bool:
    return left_out_file(PurePosixPath(path).name) is None


def _too_short(repository: Repository) -> str:
    if repository.is_shallow:
        return "the clone is shallow, `git fetch --unshallow` brings the rest"
    return "choose an older commit with --since, or a repository with more history"
