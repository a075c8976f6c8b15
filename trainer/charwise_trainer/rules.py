"""The one predicate: which paths under a root belong to the corpus, and what is read of them.

Discovery and watch events both ask it, so they cannot disagree. It decides by, in this order: secrets, version control,
.charwiseignore, .gitignore, the default list, the kind and size of the file, its contents. Knows nothing of the corpus
as a whole, nor of its limit.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from charwise_trainer.defaults import MARKERS, VERSION_CONTROL, left_out_file, left_out_folder, left_out_text
from charwise_trainer.errors import LeftOut
from charwise_trainer.ignore import GIT_IGNORE, OWN_IGNORE, Layers, base_of, decide, files_outside, layers_above
from charwise_trainer.secrets import scrub, secret_folder, secret_name
from charwise_trainer.text import VANISHED, larger_than, printable, read_regular, to_utf8, unreadable

_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True)
class Limits:
    """How much is read at most."""

    file_bytes: int = 1_000_000  # a larger one is data; but a root that is itself a file may have total_bytes
    total_bytes: int = 50_000_000  # more than a small LSTM learns in a night


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class CorpusFile:
    """One accepted file."""

    name: str  # POSIX path relative to the root, or the file's own name where it is the root; printable
    data: bytes = field(repr=False)  # UTF-8 without START, END and lines that hold secrets; line ends as they were
    mtime_ns: int
    hidden_lines: int = 0  # those lines
    size: int = 0  # of the file on disk, in bytes


@dataclass(frozen=True)
class Exclusion:
    """One path left out, and why; a folder's name ends with "/" and stands for all that is in it."""

    name: str
    reason: str


@dataclass(frozen=True)
class Candidate:
    """A file accepted so far: by name, place, kind and size."""

    name: str
    path: Path
    mtime_ns: int
    size: int  # in bytes


@dataclass(frozen=True)
class _Folder:
    path: str  # absolute
    reason: str | None  # why it is left out, with all that is in it
    layers: Layers


class Rules:
    """What is left out under one root, by the ignore files as they were when their folder was first asked about.

    When one of them changes (see `is_rules_file`), make new Rules.
    """

    def __init__(self, root: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self.root = Path(os.path.realpath(root))
        self._single = self.root.is_file()  # the user chose this very file: only secrets, kind and contents count
        self._limit = limits.total_bytes if self._single else limits.file_bytes
        self._top = str(self.root.parent if self._single else self.root)
        self._roots = {base_of(str(self.root)), base_of(os.path.abspath(root))}  # noqa: PTH100 - as text, to compare
        # Ignore files that count and lie outside of the root; they need not be there.
        self.outside = frozenset[Path]() if self._single else files_outside(self._top)
        layers = Layers() if self._single else layers_above(self._top).inside(self._top, self._top)
        self._folders = {"": _Folder(self._top, secret_folder(Path(self._top)), layers)}

    def __repr__(self) -> str:
        return f"<Rules {self.root}, {len(self._folders)} folders>"

    def reason(self, path: Path) -> str | None:
        """Return why `path` is left out by name, place, kind or size, or None; it need not exist any more."""
        relative = self._relative(path)
        if relative is None:
            return f"outside {self.root}"
        return self._judge(relative)[0] if relative else self._folders[""].reason

    def read(self, path: Path) -> CorpusFile:
        """Return what is learned of `path`; raises LeftOut with the reason, be it the path's or the content's."""
        relative, reason = self._relative(path), self.reason(path)
        if reason or not relative:
            raise LeftOut(reason or "a folder")
        real = self._absolute(relative)
        if os.path.realpath(_parent(real)) != _parent(real):
            raise LeftOut("its folder has become a link")  # since it was judged
        raw, info = read_regular(real, self._limit)
        text = to_utf8(raw)
        unwritten = None if self._single else left_out_text(text)
        if unwritten:
            raise LeftOut(unwritten)
        data, hidden = scrub(text, _name(real))
        if not data.strip():
            raise LeftOut("nothing but secrets" if hidden else "empty")
        return CorpusFile(printable(relative), data, info.st_mtime_ns, hidden, info.st_size)

    def is_rules_file(self, path: Path) -> bool:
        """Return whether a change of `path` may change what is left out: then discover again, with new Rules."""
        return (path.name in MARKERS and self._relative(path) is not None) or self.is_ignore_file(path)

    def is_ignore_file(self, path: Path) -> bool:
        """Return whether `path` holds patterns of what is left out; see `digest` in ignore for whether they changed."""
        is_named_so = path.name in {GIT_IGNORE, OWN_IGNORE} or path.parts[-3:] == (".git", "info", "exclude")
        return path in self.outside or (is_named_so and self._relative(path) is not None)

    def ignore_files(self) -> dict[str, bytes]:
        """Return the digests of the ignore files that were read so far, by name; of one outside, by path."""
        read = {file for folder in self._folders.values() for file in (*folder.layers.git, *folder.layers.own)}
        return {printable(file.path.removeprefix(base_of(self._top))): file.digest for file in read}

    def walk(self) -> Iterator[Candidate | Exclusion]:
        """Yield every file accepted so far and all that is left out; a folder left out is not entered."""
        if self._single:
            yield self._examine(self.root.name)
            return
        waiting = [""]
        while waiting:
            relative = waiting.pop()
            folder = self._folder(relative)
            files, folders, reason = ([], [], folder.reason) if folder.reason else _list(folder.path)
            if reason:
                yield Exclusion(f"{printable(relative) or '.'}/", reason)
            prefix = base_of(relative) if relative else ""
            waiting += [prefix + name for name in folders]
            for name in files:
                yield self._examine(prefix + name)

    def _examine(self, relative: str) -> Candidate | Exclusion:
        reason, info = self._judge(relative)
        if reason or info is None:
            return Exclusion(printable(relative), reason or VANISHED)
        return Candidate(printable(relative), Path(self._absolute(relative)), info.st_mtime_ns, info.st_size)

    def _judge(self, relative: str) -> tuple[str | None, os.stat_result | None]:
        """Return why a path is left out, if it is, and its status, if it exists."""
        folder, name = self._folder(_parent(relative)), _name(relative)
        if folder.reason:
            return folder.reason, None
        path = self._absolute(relative)
        try:
            info = os.lstat(path)
        except FileNotFoundError:
            info = None
        except OSError as error:
            return unreadable(error), None
        is_folder = info is not None and stat.S_ISDIR(info.st_mode)
        reason = self._named(folder, path, name, is_folder)
        if reason is None and info is not None and not is_folder:
            reason = self._kind(path, info)
        return reason, info

    def _named(self, folder: _Folder, path: str, name: str, is_folder: bool) -> str | None:
        """Return why an entry of a folder is left out by its name and place, or None."""
        secret = secret_name(name, _name(folder.path), is_folder=is_folder)
        if secret or self._single:
            return secret
        if name in VERSION_CONTROL:
            return f"version control ({name})"
        own = decide(folder.layers.own, path, name, is_folder)
        if own:
            return own.reason if own.ignores else None
        git = decide(folder.layers.git, path, name, is_folder)
        if git and git.ignores:
            return git.reason
        return left_out_folder(name, path) if is_folder else left_out_file(name)

    def _kind(self, path: str, info: os.stat_result) -> str | None:
        """Return why something that is no folder is left out by its kind or size, or None."""
        if stat.S_ISLNK(info.st_mode):
            return self._link(path)
        if not stat.S_ISREG(info.st_mode):
            return _SPECIAL.get(stat.S_IFMT(info.st_mode), "a special file")
        return larger_than(self._limit) if info.st_size > self._limit else None

    def _link(self, path: str) -> str:
        try:
            target = os.path.realpath(path, strict=True)
        except OSError:  # nothing there, or a circle
            return "a link that leads nowhere"
        if base_of(target).startswith(base_of(self._top)):
            return f"a link to {printable(os.path.relpath(target, self._top))}, which counts where it lies"
        return "a link to what lies outside"

    def _folder(self, relative: str) -> _Folder:
        """Return the folder at a path below the root; those above it are found first, and only once."""
        known = self._folders.get(relative)
        if known:
            return known
        folder, at = self._folders[""], ""
        for name in relative.split("/"):
            at = f"{at}/{name}" if at else name
            if at not in self._folders:
                self._folders[at] = self._below(folder, name)
            folder = self._folders[at]
        return folder

    def _below(self, parent: _Folder, name: str) -> _Folder:
        path = base_of(parent.path) + name
        reason = parent.reason or self._named(parent, path, name, is_folder=True)
        if not reason and os.path.islink(path):  # noqa: PTH114 - one of thousands
            reason = self._link(path)
        return _Folder(path, reason, Layers() if reason else parent.layers.inside(path, self._top))

    def _absolute(self, relative: str) -> str:
        return base_of(self._top) + relative

    def _relative(self, path: Path) -> str | None:
        """Return the path below the root ("" for the root), None outside; the file's name where it is the root."""
        text = base_of(os.path.abspath(path))  # noqa: PTH100 - as text; resolve() would follow links
        for root in self._roots:
            if text == root:
                return self.root.name if self._single else ""
            if text.startswith(root) and not self._single:
                return text[len(root) : -1]
        return None


def _list(path: str) -> tuple[list[str], list[str], str | None]:
    """Return the names of the files and of the folders in a folder, and the reason if it cannot be listed."""
    try:
        with os.scandir(path) as listing:
            kinds = {entry.name: entry.is_dir(follow_symlinks=False) for entry in listing}
    except OSError as error:
        return [], [], unreadable(error)
    return [name for name in kinds if not kinds[name]], [name for name in kinds if kinds[name]], None


# Paths are text below: a tree has thousands, and a Path costs more than all that is asked about it.


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]
