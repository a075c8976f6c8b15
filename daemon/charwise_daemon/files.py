"""The files of one workspace, followed as they change, and the memory that they make. Knows no model.

A save is read here and joins the memory at once. Whatever takes longer (the first listing, many changes, other ignore
rules, a worn memory) is done by the indexer's process meanwhile; what is saved while it reads is taken over at its end.
"""

import asyncio
import contextlib
import errno
import functools
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from charwise_daemon.errors import WorkspaceError
from charwise_daemon.index import NOWHERE, Entry, entry_of
from charwise_daemon.indexer import Indexer
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.saved import MOST_FILES, Saved, is_by_git
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.watcher import limit, settled, watching
from charwise_trainer.corpus import END, CorpusFile, Limits, Rules, encode, encode_header
from charwise_trainer.errors import TrainerError
from charwise_trainer.ignore import digest
from charwise_trainer.text import printable

log = logging.getLogger(__name__)

# More than this changed at once is a branch switch or a build. It would hold Python's lock against the user's keys for
# a tenth of a second; the indexer's process reads it in half a second, and holds up nobody.
_MANY_FILES, _MANY_BYTES = 100, 1_000_000
# An index that could not be made (no space, killed) is tried again after the first save that comes so much later.
# So is a watch that was refused.
_RETRY_SECONDS = 60.0
# Times what it took to take a save, or to make an index, until the next: a program that goes on writing to a file has a
# tenth of a core of ours.
_RESTS = 9
# Documents of which it is known whether they are left out, which is asked at every keystroke.
_MOST_JUDGED = 256
# How long a watch lasts at least, as what ends it may go on: a build that changes more at once than can be told.
_PAUSE_SECONDS = 1.0

_GONE = "does not exist: what was known of it is forgotten, and it is read when it is back"
_LIMIT_ADVICE = "raise fs.inotify.max_user_watches with `sysctl`, and they are from the next save on"

Read = dict[str, CorpusFile | None]  # name -> what was read, None of a file that is gone or left out now
Changes = Mapping[str, int | None]  # name -> time of the file that is new or changed, None of one that is gone


class Files:
    """A workspace's files, and their memory.

    Args:
        documents: returns the names of the documents that are worked on; see selection.py.
        changed: called when the memory has changed.
        saved: called with files that were edited by hand, before the memory has learned them.
    """

    def __init__(
        self,
        path: Path,
        settings: CorpusSettings,
        documents: Callable[[], Iterable[str]],
        changed: Callable[[Changes], None],
        saved: Callable[[Sequence[Saved]], None] = lambda _: None,
    ) -> None:
        self.path, self._documents, self._changed, self._saved = path, documents, changed, saved
        self.ready = asyncio.Event()  # they have been read, or cannot be
        self.error = ""  # what keeps them from being read
        self.memory = CorpusMemory.build({})
        self.left_out = 0  # by the rules, when all was last listed: what they leave out is not followed
        self.held_back = 0  # bytes for which the memory has no room
        self._limits = Limits(settings.file_bytes, settings.total_bytes)
        self._judge_by(Rules(path, self._limits))
        self._indexer = Indexer(path, settings)
        self._entries: dict[str, Entry] = {}
        self._ignore_files: Mapping[str, bytes] = {}  # digests of those that were obeyed when all was listed
        self._is_listing = False  # what is on disk may be other than what the listing under way has seen
        self._folders: set[str] = set()  # names of the folders those are in
        self._since: set[Path] | None = None  # what was read here since the index under way was begun
        self._due = asyncio.Event()  # an index is to be made
        self._arrived = asyncio.Queue[Path]()  # paths that changed
        self._outside = frozenset[Path]()  # ignore files elsewhere that are watched
        self._lost: asyncio.Future[str] | None = None  # ends the watch
        self._unwatched = ""  # why nobody but clients tells of changes, or of some
        self._limit = ""  # of watches, where it left parts unwatched
        self._rested_at = 0.0  # when a save may be a reason for an index again
        self._failed_at: float | None = None  # when the index made last could not be made
        self._remembering = asyncio.Lock()  # the memory is replaced by one at a time

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Files({self.path}, {len(self):,} files, {len(self.memory):,} characters in memory)"

    def name_of(self, path: Path) -> str:
        """Return the name that a path has in the corpus; "" outside of it."""
        if path == self.path:
            return printable(path.name)
        return printable(path.relative_to(self.path).as_posix()) if path.is_relative_to(self.path) else ""

    def leaves_out(self, path: str) -> bool:
        """Tell whether the rules leave a file out, which need not be there yet."""
        return self._left_out(path)

    async def follow(self) -> None:
        """Read the files and follow them until cancelled; where only clients tell of changes, `error` says why."""
        try:
            async with asyncio.TaskGroup() as all_three:
                all_three.create_task(self._keep_watched())
                all_three.create_task(self._keep_indexed())
                all_three.create_task(self._keep_read())
        except Exception:  # the task's edge: nobody awaits it before the end
            self.error = f"{self.path} is not followed: an internal error, see the log"
            log.exception("following %s failed", self.path)
        finally:
            self._indexer.close()
            self.ready.set()

    def tell(self, paths: Iterable[Path]) -> None:
        """Take a client's word that paths have changed: of a remote file system, the system itself tells nothing."""
        for path in filter(self._matters, paths):
            self._arrived.put_nowait(path)

    # --- what changes ------------------------------------------------------------------------------
    async def _keep_watched(self) -> None:
        """Watch, and have all listed that may have changed before; anew when something keeps changes from arriving."""
        while True:
            said, self._unwatched, self._limit = self._unwatched, "", ""
            try:
                async with self._watched() as self._lost:
                    self._due.set()
                    soonest = time.monotonic() + _PAUSE_SECONDS
                    log.info("watching %s anew: %s", self.path, await self._lost)
                await asyncio.sleep(soonest - time.monotonic())
            except (FileNotFoundError, NotADirectoryError):  # it went just now
                await asyncio.sleep(_PAUSE_SECONDS)
            except OSError as error:
                advice = f"; {_LIMIT_ADVICE}" if error.errno == errno.ENOSPC else ""
                self._note_unwatched(f"changes in {self.path} are not followed: {error}{advice}")
                if self._unwatched != said:
                    self._due.set()
                await asyncio.sleep(_RETRY_SECONDS)

    def _watched(self) -> contextlib.AbstractAsyncContextManager[asyncio.Future[str]]:
        self._outside = self._rules.outside
        return watching(self.path, self._matters, self._arrived, self._right_matters, self._note_refused, self._outside)

    def _watch_anew(self, reason: str) -> None:
        if self._lost and not self._lost.done():
            self._lost.set_result(reason)

    def _note_refused(self, error: OSError) -> None:
        self._limit = limit()
        self._note_unwatched(f"changes in parts of {self.path} are not followed: {error}; {_LIMIT_ADVICE}")

    def _note_unwatched(self, why: str) -> None:
        self.error = self._unwatched = why
        log.warning("%s", why)

    def _judge_by(self, rules: Rules) -> None:
        self._rules = rules
        self._left_out = functools.lru_cache(_MOST_JUDGED)(lambda path: rules.reason(Path(path)) is not None)

    def _matters(self, path: Path) -> bool:
        """Tell whether a change of `path` can change the corpus; called in the watcher's thread."""
        name = self.name_of(path)
        known = name in self._entries or name in self._folders
        return known or self._rules.is_rules_file(path) or self._rules.reason(path) is None

    def _right_matters(self, path: Path) -> bool:
        """Tell whether rights to a folder, which may have changed, can change the corpus; called as `_matters`."""
        is_open = os.access(path, os.R_OK | os.X_OK)
        if path == self.path:
            return self._is_listing or is_open != (self._failed_at is None)
        is_known = self.name_of(path) in self._folders
        return is_known != is_open and self._matters(path)

    # --- what is saved -----------------------------------------------------------------------------
    async def _keep_read(self) -> None:
        async for told in settled(self._arrived):
            if self._limit and self._limit != limit():
                self._watch_anew("the system's limit of watches is another")
            paths = await asyncio.to_thread(self._changed_of, told)
            if await asyncio.to_thread(self._is_much, paths):
                self._due.set()
            else:
                began = time.monotonic()
                await self._take(await asyncio.to_thread(self._read, paths), paths)
                await asyncio.sleep(_RESTS * (time.monotonic() - began))

    def _changed_of(self, paths: set[Path]) -> set[Path]:
        """Return the paths that are not as they were read: a link to a file, or another right to it, is no change."""
        return {path for path in paths if self._rules_otherwise(path) or not self._is_as_read(path)}

    def _is_as_read(self, path: Path) -> bool:
        entry = self._entries.get(self.name_of(path))
        return entry is not None and entry.stamp == _stamp(path) and os.access(path, os.R_OK)

    def _rules_otherwise(self, path: Path) -> bool:
        """Tell whether a file may leave out something else than when all was listed."""
        if not self._rules.is_rules_file(path):
            return False
        if self._is_listing or not self._rules.is_ignore_file(path):
            return True
        return digest(str(path)) != self._ignore_files.get(self.name_of(path) or printable(str(path)), b"")

    def _is_much(self, paths: set[Path]) -> bool:
        """Tell whether changed paths are more than a save, or change what others mean."""
        if len(paths) > _MANY_FILES or any(self._rules_otherwise(p) or self._is_folder(p) for p in paths):
            return True
        if self.path in paths and not self._entries:
            return True  # it has come back, as a folder or as a file
        return sum(map(_size, paths)) > _MANY_BYTES

    def _is_folder(self, path: Path) -> bool:
        """Tell whether `path` is a folder, or was one: files known below it moved with it."""
        return self.name_of(path) in self._folders or path.is_dir()

    def _read(self, paths: set[Path]) -> Read:
        """Return the changed files, None for those that are gone or left out now."""
        read = Read()
        for path in paths:
            name, file = self.name_of(path), None
            with contextlib.suppress(TrainerError):
                file = self._rules.read(path)
            read[name] = file
        return read

    async def _take(self, read: Read, paths: Iterable[Path] = ()) -> None:
        """Take files that were read into the memory; a memory worn by many of them is made anew."""
        async with self._remembering:
            if self._since is not None:
                self._since.update(paths)
            found = self._news(read)
            if by_hand := await asyncio.to_thread(self._by_hand, found, set(self._documents())):
                self._saved(by_hand)
            await self._remember(found)
        if found:
            self._changed({name: file.mtime_ns if file else None for name, file in found.items()})
        if self._is_due():
            asyncio.get_running_loop().call_at(self._rested_at, self._due.set)

    def _is_due(self) -> bool:
        """Tell whether a save is a reason for a new index; one that could not be made is not tried again at once."""
        if self._failed_at is None:
            return self.memory.is_worn
        return time.monotonic() > self._failed_at + _RETRY_SECONDS

    def _news(self, read: Read) -> Read:
        """Return what is not known as it was read."""
        known = {name: entry.stamp for name in read if (entry := self._entries.get(name))}
        return {name: file for name, file in read.items() if known.get(name) != (file and entry_of(file).stamp)}

    def _by_hand(self, found: Read, opened: set[str]) -> list[Saved]:
        """Return what seems to have been typed: a few files changed, none gone, and none put there by git.

        A new file may be a copy, but for one that is open in an editor.
        """
        files = [file for file in found.values() if file]
        if not self.ready.is_set() or not 0 < len(files) == len(found) <= MOST_FILES:
            return []
        if is_by_git(self.path, [file.mtime_ns for file in files]):
            return []
        saved = []
        for file in files:
            known = b"" if file.name in opened and file.name not in self._entries else self.memory.text_of(file.name)
            if known is not None:
                saved.append(
                    Saved(file.name, known.removeprefix(encode_header(file.name)).removesuffix(END), file.data)
                )
        return saved

    async def _remember(self, found: Read) -> None:
        if not found:
            return
        texts = {name: encode(file) if file else None for name, file in found.items()}
        before, self.memory = self.memory, await asyncio.to_thread(self.memory.changed, texts)
        for name, file in found.items():
            known = self._entries.pop(name, None)
            if known and known.start == NOWHERE and name not in before.fresh:
                self.held_back -= known.size
            if file:
                self._entries[name] = entry_of(file)
                self._folders |= _folders_of([name])

    # --- all that is there -------------------------------------------------------------------------
    async def _keep_indexed(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            await self._try_to_index()
            self.ready.set()

    async def _try_to_index(self) -> None:
        began, self._is_listing = time.monotonic(), True
        try:
            await self._index()
        except WorkspaceError as error:
            await self._fail(error)
        self._is_listing = False
        ended = time.monotonic()  # as of the event loop
        self._rested_at = ended + _RESTS * (ended - began)

    async def _index(self) -> None:
        """Read all files that are not known, choose among them, and replace the memory."""
        await self._judge_anew()
        async with self._remembering:
            known, since = dict(self._entries), set[Path]()
            self._since = since
        index, memory = await self._indexer.make(known, self._documents())
        await self._judge_anew()  # what the index has obeyed may have changed after the first time, and is told no more
        async with self._remembering:
            before, self._entries = self._entries, dict(index.files)
            self.memory, self.left_out, self.held_back = memory, index.left_out, index.held_back
            self._ignore_files = index.ignore_files
            self.error, self._failed_at = self._unwatched, None
            self._folders = await asyncio.to_thread(_folders_of, index.files)
            await self._remember(self._news(await asyncio.to_thread(self._read, since)))
            self._since = None
            changes = await asyncio.to_thread(_changes, before, dict(self._entries))
        if changes or not self.ready.is_set():
            self._changed(changes)

    async def _judge_anew(self) -> None:
        self._judge_by(await asyncio.to_thread(Rules, self.path, self._limits))
        if self._rules.outside != self._outside:
            self._watch_anew("its repository is another, or none")

    async def _fail(self, error: WorkspaceError) -> None:
        """Note that no index could be made: the memory stays as it was, unless all files are gone."""
        is_there = await asyncio.to_thread(self.path.exists)
        then = "what was known of it stays, and a save after a minute tries again"
        self.error = f"{self.path} {f'could not be read: {error}; {then}' if is_there else _GONE}"
        self._since, self._failed_at = None, time.monotonic()
        log.warning("%s", self.error)
        if not is_there:
            await self._take(dict.fromkeys(self._entries))


def _changes(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> Changes:
    changed = {
        name: entry.mtime_ns for name, entry in after.items() if name not in before or before[name].stamp != entry.stamp
    }
    return changed | dict.fromkeys(before.keys() - after.keys())


def _folders_of(names: Iterable[str]) -> set[str]:
    """Return the names of the folders that files are in, "." for the root."""
    folders, below = {"."}, {name.rpartition("/")[0] for name in names}
    while below := below - folders - {""}:
        folders |= below
        below = {folder.rpartition("/")[0] for folder in below}
    return folders


def _size(path: Path) -> int:
    return _stamp(path)[1]


def _stamp(path: Path) -> tuple[int, int]:
    """Return what tells whether a file has changed, as of an Entry."""
    try:
        info = path.lstat()
    except OSError:
        return 0, 0  # gone
    return info.st_mtime_ns, info.st_size
