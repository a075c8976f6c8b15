"""What can work: a command that is suggested resolves, and a path that is suggested is there. Looks at the disk only.

Looked at are the words that a suggestion adds to or ends, and the command they belong to; those before are the user's
own. The last may go on, if something is there that goes on from it. What the shell makes something else of (variables,
patterns, options) is let pass. Where a disk does not answer, this waits: whoever calls it must not.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from charwise_daemon.benefit import SHORTEST
from charwise_daemon.shell.repository import references_of
from charwise_daemon.shell.words import Word, names, words

# Names in a folder that are looked at for one that begins with a word.
_MOST_LISTED = 20_000
# Words after which a command stands again.
_BEFORE_COMMANDS = names(
    "sudo doas env nohup time nice ionice exec command builtin noglob nocorrect xargs watch then do else if elif while"
    " until ! {"
)
# Programs whose arguments are files or folders that are there.
OF_FILES = names(
    """cat less more head tail wc vim vi nvim emacs nano code bat open xdg-open rm cp mv ln source . stat file du diff
    cmp sort uniq tac nl rmdir pushd cd pytest python python3 node ruby perl bash sh zsh fish ruff black mypy gcc cc
    clang shellcheck zcat zless gunzip unzip ls tree touch mkdir rsync"""
)
_OF_FOLDERS = frozenset({"cd", "pushd", "rmdir"})
# Of these, those that make what is not there; and those whose options have values, which may be anything.
_MAKING = names(
    "touch mkdir cp mv ln vim vi nvim emacs nano code rsync tar zip curl wget tee dd ffmpeg convert pg_dump"
)
_WITH_VALUES = names(
    "head tail python python3 pytest node ruby perl bash sh zsh fish gcc cc clang vim nvim emacs code sort mypy ruff"
    " black tar curl wget find rsync git"
)
# Programs whose paths may be another machine's.
_ELSEWHERE = names("ssh docker podman kubectl adb mosh vagrant multipass lxc chroot ansible")
_OF_REFERENCES = names("checkout switch merge rebase")
_NEW_BRANCH = names("-b -B -c -C --orphan --abort --continue --skip --quit --onto")
# What names a commit otherwise.
_COMMIT = re.compile(r"(?:[A-Z]+_)?HEAD\b|[0-9a-f]{4,40}$|.*[~^]|-$")
_RUN_A_MODULE = frozenset({"-m", "-c", "-e"})


@dataclass(frozen=True)
class Place:
    """Where a command would run.

    Args:
        directory: the folder.
        resolves: tells whether a word is a command there, or (True) may be the beginning of one.
    """

    directory: str
    resolves: Callable[[str, bool], bool]


def can_work(buffer: str, suggested: str, place: Place) -> bool:
    """Tell whether a buffer with what is suggested after it can work, as far as its words can tell."""
    line = buffer + suggested
    found, reader = list(words(line)), _Reader(place, len(buffer), len(line))
    reader.begun = max((word.end for word in found if word.is_operator and word.end <= len(buffer)), default=0)
    return all(reader.fits(word) for word in found)


def working(buffer: str, suggested: str, place: Place) -> str:
    """Return what is suggested, or its beginning up to the first word that cannot work; "" where little is left."""
    while len(suggested) >= SHORTEST and not can_work(buffer, suggested, place):
        suggested = suggested.rstrip().rpartition(" ")[0]
    return suggested if len(suggested) >= SHORTEST else ""


class _Reader:
    """Reads a line word by word."""

    def __init__(self, place: Place, typed: int, end: int) -> None:
        self._directory, self._resolves, self._typed, self._end = place.directory, place.resolves, typed, end
        self.begun = 0  # where the command begins that is suggested, or gone on with
        self._begin()

    def _begin(self) -> None:
        self._program, self._options, self._arguments = "", list[str](), list[str]()
        self._before = self._to = ""

    def fits(self, word: Word) -> bool:
        """Tell whether the next word can stand there."""
        if word.is_operator:
            if self._program in _OF_FOLDERS:
                self._directory = _joined(self._directory, self._to)
            self._begin()
            return True
        if word.is_redirection:
            self._before = word.text
            return True
        is_settled = word.end <= self._typed
        before, self._before = self._before, word.text
        if before.lstrip("012").startswith((">", "<")):
            return is_settled or word.is_opaque or self._may_redirect(word, before)
        if not self._program:
            return self._command(word, is_settled=word.end <= self.begun)
        if word.text.startswith("-"):
            self._options.append(word.text)
        else:
            self._arguments.append(word.plain)
        self._to = word.plain
        return is_settled or self._argument(word, before)

    def _command(self, word: Word, *, is_settled: bool) -> bool:
        if word.is_assignment or word.text in _BEFORE_COMMANDS or word.text.startswith("-"):
            return True
        self._program = word.plain.rpartition("/")[2]
        if is_settled or word.text[0] in "$`{[(":
            return True
        if "/" in word.plain:
            path = _joined(self._directory, word.plain)
            return os.access(path, os.X_OK) or (self._is_last(word) and self._is_there(word))
        return self._resolves(word.plain, self._is_last(word))

    def _argument(self, word: Word, before: str) -> bool:
        if word.is_opaque or self._program in _ELSEWHERE or not _RUN_A_MODULE.isdisjoint(self._options):
            return True
        if self._program in _OF_FOLDERS:
            return self._is_there(word, folders=True)
        if self._program == "git" and self._wants_reference():
            return self._is_reference(word) or self._is_there(word)
        is_value = before.startswith("-") and self._program in _WITH_VALUES
        is_path = word.text.startswith(("/", "./", "../", "~/")) or ("/" in word.plain and self._begins_here(word))
        if not is_path and (is_value or self._program not in OF_FILES):
            return True
        if self._is_there(word):
            return self._program != "mkdir" or "-p" in self._options
        return self._program in _MAKING and self._may_be_made(word)

    def _wants_reference(self) -> bool:
        """Tell whether git's argument is a branch, a tag or a commit that there must be: the first after some verbs."""
        verb, count = self._arguments[0], len(self._arguments)
        if verb == "branch":
            return not {"-d", "-D"}.isdisjoint(self._options)
        return verb in _OF_REFERENCES and count == 2 and _NEW_BRANCH.isdisjoint(self._options)

    def _is_reference(self, word: Word) -> bool:
        known = references_of(self._directory)
        if not known or _COMMIT.match(word.plain) or word.plain in known:
            return True
        return self._is_last(word) and any(name.startswith(word.plain) for name in known)

    def _may_redirect(self, word: Word, sign: str) -> bool:
        return self._is_there(word) or (">" in sign and self._may_be_made(word))

    def _may_be_made(self, word: Word) -> bool:
        folder = word.plain.rpartition("/")[0]
        return not folder or "-p" in self._options or _is_folder(_joined(self._directory, folder))

    def _begins_here(self, word: Word) -> bool:
        """Tell whether a word with slashes begins with something in the folder: then it is a path, and no branch."""
        return os.path.lexists(_joined(self._directory, word.plain.partition("/")[0]))

    def _is_there(self, word: Word, *, folders: bool = False) -> bool:
        path = _joined(self._directory, word.plain)
        if _is_folder(path) if folders else os.path.lexists(path):
            return True
        return self._is_last(word) and any(not folders or _is_folder(each) for each in _going_on(path))

    def _is_last(self, word: Word) -> bool:
        return word.end == self._end


# Paths are text here: some are asked about at each key.


def _joined(directory: str, path: str) -> str:
    return os.path.join(directory, os.path.expanduser(path))  # noqa: PTH111, PTH118 - as above


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - as above


def _going_on(path: str) -> Iterator[str]:
    """Yield what begins as a path does."""
    folder, _, start = path.rpartition("/")
    yield from (f"{folder}/{name}" for name in listed(folder or "/") if start and name.startswith(start))


def listed(folder: str, most: int = _MOST_LISTED) -> Sequence[str]:
    """Return the names in a folder, none where it cannot be read."""
    found = list[str]()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found.append(entry.name)
                if len(found) >= most:
                    break
    except OSError:
        pass
    return found
