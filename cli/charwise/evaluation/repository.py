"""A git repository as the evaluation reads it: revisions, trees, what commits added. Knows nothing of models.

Only git's own plumbing is asked, with its output pinned, so that no setting of the user's changes what is measured.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from charwise.evaluation.errors import EvaluationError

_PINNED = ("-c", "core.quotePath=false", "-c", "diff.suppressBlankEmpty=false")
_DIFF = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", "--no-renames")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
# What ls-tree calls a file; links and submodules have other modes.
_FILES = {"100644", "100755"}


@dataclass(frozen=True)
class Added:
    """Lines that a commit added at one place of a file that was there before, and those that it took away there."""

    path: str
    first: int  # line, from 0
    lines: int
    characters: int
    replaced: tuple[bytes, ...] = ()


class Repository:
    """A clone, from the folder that was named on down.

    Raises:
        EvaluationError: there is no repository, or no git.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise EvaluationError(f"{folder} is no folder; give the folder of a git repository")
        answer = self._run("rev-parse", "--is-bare-repository", "--is-shallow-repository", check=False)
        if answer.returncode:
            raise EvaluationError(f"{folder} is no git repository; give the folder of a clone with its history")
        bare, shallow = answer.stdout.decode().split()
        self.is_shallow = shallow == "true"
        self.below = ""  # of the repository's top
        if bare == "false":
            self.below = self.git("rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").strip()
            if top := self.git("rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").strip():
                self.folder = Path(top)

    def __repr__(self) -> str:
        return f"Repository({self.folder}{', shallow' if self.is_shallow else ''})"

    def git(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what a git command prints; raises EvaluationError where it fails."""
        answer = self._run(*arguments, given=given)
        return answer.stdout

    def commit(self, revision: str) -> str:
        """Return the commit that a revision names; raises EvaluationError where it names none."""
        answer = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", check=False
        )
        if answer.returncode:
            hint = "; the clone is shallow: `git fetch --unshallow` brings the rest" if self.is_shallow else ""
            raise EvaluationError(f"{revision} names no commit in {self.folder}{hint or '; see `git log`'}")
        return answer.stdout.decode().strip()

    def commits(self, *range_: str, paths: Sequence[str] = ()) -> list[str]:
        """Return the commits that `git rev-list` finds, the newest first."""
        return self.git("rev-list", *range_, "--", *map(_pathspec, paths)).decode().split()

    def is_ancestor(self, one: str, other: str) -> bool:
        """Tell whether a commit comes before another."""
        return self._run("merge-base", "--is-ancestor", one, other, check=False).returncode == 0

    def added(self, commit: str, paths: Sequence[str] = ()) -> list[Added]:
        """Return what a commit added to files that were there before, place by place."""
        arguments = ("diff-tree", "-r", "-p", "-U0", *_DIFF, commit, "--", *map(_pathspec, paths))
        return list(_places(self.git(*arguments)))

    def blob(self, commit: str, path: str) -> bytes:
        """Return a file as it was in a commit."""
        return self.git("cat-file", "blob", f"{commit}:{path}")

    def write(self, commit: str, folder: Path, largest: int, paths: Sequence[str] = ()) -> int:
        """Write a commit's files of so many bytes at most to a folder; return how many there are.

        Not by `git archive`: it leaves out what .gitattributes keeps from releases, which are often the tests.
        """
        found = [(path, sha) for path, sha, size in self._listed(commit, paths) if size <= largest]
        batch = self.git("cat-file", "--batch", given="".join(f"{sha}\n" for _, sha in found).encode())
        at = 0
        for path, _ in found:
            header, at = batch[at : batch.index(b"\n", at)], batch.index(b"\n", at) + 1
            size = int(header.split()[2])
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(batch[at : at + size])
            at += size + 1
        return len(found)

    def _listed(self, commit: str, paths: Sequence[str]) -> Iterator[tuple[str, str, int]]:
        for entry in self.git("ls-tree", "-r", "-l", "-z", commit).split(b"\0"):
            if not entry:
                continue
            meta, _, name = entry.partition(b"\t")
            mode, _, sha, size = meta.decode().split()
            path = name.decode("utf-8", "surrogateescape")
            if mode in _FILES and (not paths or any(is_in(path, each) for each in paths)):
                yield path, sha, int(size)

    def _run(self, *arguments: str, given: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = ["git", *_PINNED, "-C", str(self.folder), *arguments]
        try:
            answer = subprocess.run(command, input=given, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise EvaluationError("there is no git on this machine; install it to replay a history") from error
        if check and answer.returncode:
            said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
            raise EvaluationError(f"git {arguments[0]} failed in {self.folder}: {said[-1] if said else 'no reason'}")
        return answer


def is_in(path: str, wanted: str) -> bool:
    """Tell whether a path is a folder's or matches a pattern, whose `*` means slashes too."""
    folder = wanted.rstrip("/")
    return path == folder or path.startswith(f"{folder}/") or fnmatchcase(path, wanted)


def _pathspec(wanted: str) -> str:
    return f":(top){wanted}"


def _places(diff: bytes) -> Iterator[Added]:
    """Yield the places of a diff without context, of files that were there before."""
    lines, was_there, path = iter(diff.split(b"\n")), False, b""
    for line in lines:
        if line.startswith(b"--- "):
            was_there = line.startswith(b"--- a/")
        elif line.startswith(b"+++ "):
            path = line[6:].rstrip(b"\t") if was_there and line.startswith(b"+++ b/") else b""
        elif head := _HUNK.match(line):
            removed, first, added = (int(part) if part else 1 for part in head.groups())
            replaced, characters = _read(lines, removed, added)
            if path and added:
                yield Added(path.decode("utf-8", "surrogateescape"), first - 1, added, characters, replaced)


def _read(lines: Iterator[bytes], removed: int, added: int) -> tuple[tuple[bytes, ...], int]:
    """Return what lines a hunk takes away, which may look like a header, and how many characters it adds."""
    characters, replaced = 0, list[bytes]()
    while len(replaced) < removed or added:
        line = next(lines)
        if line.startswith(b"-"):
            replaced.append(line[1:] + b"\n")
        if line.startswith(b"+"):
            added -= 1
            characters += len(line)  # with the line's end in place of the plus
    return tuple(replaced), characters
