"""Ignore files as git reads them: .gitignore, .git/info/exclude, and .charwiseignore, which speaks the same language.

A path is judged one level at a time, from the top down: whoever asks does not ask about what lies in an ignored
folder, and so nothing in there can come back, as in git. Pathspec translates the patterns; which of them decides is
settled here, for that takes its line, its file and the level at which it matched. Known differences from git: [...]
holds no slash, and a backslash in it stands for itself; letters' case always counts; the user's global excludes file
is not read. Knows nothing of the default list, nor of secrets.
"""

import codecs
import hashlib
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from charwise_trainer.errors import LeftOut, StorageError
from charwise_trainer.storage import writing
from charwise_trainer.text import printable, read_regular

GIT_IGNORE = ".gitignore"
OWN_IGNORE = ".charwiseignore"

_LARGEST = 1_000_000
"""Bytes of an ignore file; nobody writes more."""

_BRACKET = re.compile(r"(?<!\\)\[(?!\^/\])")
"""What opens a set in pathspec's translation, except the [^/] that it writes itself for * and ?."""

_GROUP = re.compile(r"\(\?P<\w+>")
"""The name that pathspec gives a group, which may be there only once."""

_STARS = re.compile(r"\*{3,}")
"""More stars mean to git what two do."""

_CLASS = re.compile(r"\[:(\w+):\]")
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
"""POSIX classes, which git knows inside [...] and pathspec does not."""


_SPECIAL = re.compile(rb"[\\*?\[ ]")
"""What means something else in a pattern than itself; a blank does at the end."""


def leave_out(folder: Path, path: PurePath) -> None:
    """Add a line to the folder's .charwiseignore that means one file, by its path from there; raises StorageError."""
    file, name = folder / OWN_IGNORE, _SPECIAL.sub(rb"\\\g<0>", os.fsencode(path))
    line = b"/" + name.replace(b"\n", b"?")  # which no line can hold
    if file.is_symlink():
        raise StorageError(f"{file} is a link, which is not read: put a file in its place")
    with writing(file), file.open("a+b") as ignore:
        ignore.seek(0)
        lines = ignore.read()
        if line not in lines.splitlines():
            ignore.write((b"\n" if lines and not lines.endswith(b"\n") else b"") + line + b"\n")


@dataclass(frozen=True)
class Pattern:
    """One line of an ignore file."""

    text: str  # as it was written
    line: int  # 1-based
    regex: re.Pattern[str]
    ignores: bool  # False: it begins with "!"
    only_folders: bool  # it ends with "/"
    by_name: bool  # it has no other "/": it means the name, at any depth

    def matches(self, path: str, name: str, is_folder: bool) -> bool:
        """Return whether it means this very path (relative to its file's folder), not only a folder above it."""
        if self.only_folders and not is_folder:
            return False
        target = name if self.by_name else path
        found = self.regex.search(target)
        # A translation without groups ends in "/**" (or is "**") and stops at the slash: it means all that follows.
        return found is not None and (not self.regex.groups or found.end() == len(target))


class IgnoreFile:
    """The patterns of one file, and the folder they are relative to (absolute, one character per byte, ends in "/")."""

    def __init__(self, path: str, label: str, base: str, patterns: Sequence[Pattern], digest: bytes) -> None:
        self.path = path
        self.label = label  # how a reason names it
        self.digest = digest  # of all that it says
        self._base = base
        self._patterns = patterns[::-1]  # the last that matches decides
        self._with_paths = [pattern for pattern in self._patterns if not pattern.by_name]
        # All patterns by name as one expression: most names match none, which is found out in one search.
        names = [_GROUP.sub("(?:", pattern.regex.pattern) for pattern in self._patterns if pattern.by_name]
        self._any_name = _compiled("|".join(names) or "(?!)")

    def __repr__(self) -> str:
        return f"<IgnoreFile {self.label}, {len(self._patterns)} patterns>"

    def deciding(self, path: str, name: str, is_folder: bool) -> Pattern | None:
        """Return the pattern that decides about an absolute path under the base, or None."""
        relative = path[len(self._base) :]
        for pattern in self._patterns if self._any_name.search(name) else self._with_paths:
            if pattern.matches(relative, name, is_folder):
                return pattern
        return None


@dataclass(frozen=True)
class Verdict:
    """What ignore files say of a path: ignore it, or (False) keep it after all."""

    ignores: bool
    reason: str


@dataclass(frozen=True)
class Layers:
    """The ignore files that hold inside one folder; the innermost first, as it is the one that decides."""

    git: tuple[IgnoreFile, ...] = ()
    own: tuple[IgnoreFile, ...] = ()

    def inside(self, folder: str, root: str) -> "Layers":
        """Return the layers inside `folder`, which lies just below theirs; `root` is what reasons are relative to."""
        base = base_of(folder)
        git = [_load(path, base, root) for path in _git_files(base)]
        own = [_load(base + OWN_IGNORE, base, root)]
        return Layers((*filter(None, git), *self.git), (*filter(None, own), *self.own))


def layers_above(root: str) -> Layers:
    """Return what holds above `root`: the ignore files from its repository's top down; none outside a repository."""
    layers = Layers()
    for folder in _folders_above(root):
        layers = layers.inside(folder, root)
    return layers


def files_outside(root: str) -> frozenset[Path]:
    """Return the ignore files that hold inside a folder and lie outside of it, whether they are there or not."""
    inside, above = base_of(root), [base_of(folder) for folder in _folders_above(root)]
    paths = [path for base in (inside, *above) for path in (*_git_files(base), base + OWN_IGNORE)]
    return frozenset(Path(path) for path in paths if not path.startswith(inside))


def base_of(folder: str) -> str:
    """Return what the paths of all in a folder begin with."""
    return folder.rstrip("/") + "/"


def digest(path: str) -> bytes:
    """Return the digest of the ignore file at a path; b"" of one that says nothing, be it not there or not readable."""
    file = _load(path, "/", "/")
    return file.digest if file else b""


def decide(files: Iterable[IgnoreFile], path: str, name: str, is_folder: bool) -> Verdict | None:
    """Return what the files, innermost first, say of the absolute path, or None where none has an opinion."""
    path, name = _per_byte(path), _per_byte(name)
    for file in files:
        pattern = file.deciding(path, name, is_folder)
        if pattern is not None:
            return Verdict(pattern.ignores, f"ignored by {file.label} line {pattern.line}: {pattern.text}")
    return None


def _load(path: str, base: str, root: str) -> IgnoreFile | None:
    """Read an ignore file; one that is missing, unreadable or a link holds no patterns, as in git."""
    try:
        raw, _ = read_regular(path, _LARGEST)
    except LeftOut:
        return None
    patterns = list(_patterns(raw.removeprefix(codecs.BOM_UTF8).decode("latin-1")))
    label = printable(os.path.relpath(path, root))
    found = hashlib.blake2b(raw, digest_size=16).digest()
    return IgnoreFile(path, label, _per_byte(base), patterns, found) if patterns else None


def _per_byte(path: str) -> str:
    """Return a path with one character per byte, which is what git's ? and [...] stand for.

    A newline, which no pattern can hold, becomes NUL, which no name can: regular expressions treat lines' ends apart.
    """
    if not path.isascii():
        path = os.fsencode(path).decode("latin-1")
    return path.replace("\n", "\0")


def _folders_above(root: str) -> list[str]:
    """Return the folders above `root` that are in its repository, the top first."""
    folders, folder = list[str](), root
    while not os.path.lexists(f"{folder}/.git"):
        above = os.path.dirname(folder)  # noqa: PTH120 - text in, text out
        if above == folder:
            return []
        folder = above
        folders.append(folder)
    return folders[::-1]


def _git_files(base: str) -> list[str]:
    """Return the paths of git's ignore files that hold in a folder, the weaker last."""
    exclude = _exclude_file(base)
    return [base + GIT_IGNORE, exclude] if exclude else [base + GIT_IGNORE]


def _exclude_file(base: str) -> str | None:
    """Return the repository's own list when a repository begins here, also in a worktree or submodule."""
    git = base + ".git"
    if os.path.isdir(git):  # noqa: PTH112 - text in, text out
        return git + "/info/exclude"
    directory = _first_line(git).removeprefix("gitdir: ")
    if not directory:
        return None
    directory = os.path.join(base, directory)  # noqa: PTH118 - text in, text out
    common = _first_line(directory + "/commondir")
    return os.path.realpath(os.path.join(directory, common)) + "/info/exclude"  # noqa: PTH118 - text in, text out


def _first_line(path: str) -> str:
    try:
        raw, _ = read_regular(path, _LARGEST)
    except LeftOut:
        return ""
    return raw.split(b"\n")[0].decode("utf-8", "surrogateescape").strip()


def _patterns(text: str) -> Iterator[Pattern]:
    for number, line in enumerate(text.split("\n"), 1):
        pattern = _pattern(line.removesuffix("\r"), number)
        if pattern is not None:
            yield pattern


def _pattern(line: str, number: int) -> Pattern | None:
    """Translate one line; None for a comment, an empty line, and what git takes for no pattern either."""
    text = _without_trailing_spaces(line)
    if text.startswith("#"):
        return None
    body = text.removeprefix("!")
    only_folders = body.endswith("/")
    body = body.removesuffix("/")
    if not body or body.endswith("/"):
        return None
    regex = _translate(body)
    if regex is None:
        return None
    shown = printable(text.encode("latin-1").decode(errors="replace"))
    return Pattern(shown, number, regex, not text.startswith("!"), only_folders, "/" not in body)


def _without_trailing_spaces(line: str) -> str:
    stripped = line.rstrip(" ")
    return stripped + " " if stripped != line and _ends_escaped(stripped) else stripped


def _ends_escaped(text: str) -> bool:
    """Return whether a backslash at the end stands before what comes next."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _translate(body: str) -> re.Pattern[str] | None:
    if body[0] in "#!":  # after a "!", they are letters like any other
        body = "\\" + body
    if body[-1].isspace():  # pathspec would drop it, and with it half a letter such as à
        head = body[:-1]
        body = f"{head[:-1] if _ends_escaped(head) else head}[{body[-1]}]"
    body = _STARS.sub("**", body)
    body = _CLASS.sub(lambda found: _CLASSES.get(found[1], ""), body)
    try:
        source, _ = GitIgnoreSpecPattern.pattern_to_regex(body)
    except ValueError:  # ends in a backslash
        return None
    if source is None:  # a set that is not closed
        return None
    # In git no set matches a slash, whatever it holds.
    source = _BRACKET.sub("(?!/)[", source)
    try:
        return _compiled(source)
    except re.error:  # a range upside down
        return None


def _compiled(source: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # [[, -- or && in a set: odd, but what was written
        return re.compile(source)
