"""One workspace in use: its files, its memory, its model, and what it still has to learn. Knows no sockets."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from charwise_daemon.errors import ModelError
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor
from charwise_daemon.scheduler import Need
from charwise_daemon.store import Model, Store
from charwise_daemon.watcher import watching
from charwise_trainer.corpus import Corpus, CorpusFile, Limits, Rules, discover, encode
from charwise_trainer.errors import TrainerError
from charwise_trainer.text import printable

log = logging.getLogger(__name__)

# More changed paths than this at once are a branch switch or a build: listing the folder anew is cheaper.
_MANY = 200

Tell = Callable[[dict[str, Any]], None]


class Workspace:
    """A folder or file that is learned from, followed as it changes.

    Args:
        tell: gets an event (a map with `kind`) when the memory or the model changed.
        changed: called when there may be something to train.
    """

    def __init__(
        self, path: Path, model_name: str, store: Store, limits: Limits, tell: Tell, changed: Callable[[], None]
    ) -> None:
        self.path, self.model_name = path, model_name
        self._store, self._limits, self._tell, self._changed = store, limits, tell, changed
        self.ready = asyncio.Event()  # its files have been read, or cannot be
        self.error = ""  # what keeps it from being learned, for status
        self.model: Model | None = None
        self._memory = CorpusMemory.build({})
        self._rules = Rules(path, limits)
        self._seen: dict[str, tuple[int, int]] = {}  # name -> time and size of what the memory has
        self._folders: set[str] = set()  # names of the folders those are in
        self._left_out = 0
        self._changes, self._learning, self._last_change = 0, 0, time.monotonic()
        self._failures, self._failed_at = 0, 0.0
        self.wanted = False  # the user asked for training
        self.yielded_to: set[object] = set()  # trainers in the foreground
        self._task = asyncio.create_task(self._follow())

    def __repr__(self) -> str:
        return (
            f"{self.path}: {len(self._seen):,} files, {len(self._memory):,} characters, {self.model or 'memory only'}"
        )

    def status(self) -> dict[str, Any]:
        """Return what `charwise status` shows of it."""
        meta = self.model.meta if self.model else None
        return {
            "path": str(self.path),
            "model": self.model_name,
            "files": len(self._seen),
            "characters": len(self._memory),
            "left_out": self._left_out,
            "changed": self._changes,
            "predictor": repr(self.predictor_for()),
            "step": meta.step if meta else None,
            "bpc": meta.bpc if meta else None,
            "error": self.error,
        }

    def need(self) -> Need:
        """Return what there is to learn, for the scheduler."""
        return Need(
            self.path,
            len(self._memory),
            self.model is not None,
            self._changes,
            self._last_change,
            self.wanted,
            bool(self.yielded_to),
            self._failures,
            self._failed_at,
        )

    def name_of(self, path: Path) -> str:
        """Return the name that a path has in the corpus; "" outside of it."""
        if path == self.path:
            return printable(path.name)
        return printable(path.relative_to(self.path).as_posix()) if path.is_relative_to(self.path) else ""

    def predictor_for(self, name: str = "") -> Predictor:
        """Return the predictor for a document; its own file, as it is on disk, is no evidence of what comes next.

        It keeps the model and the memory of this moment: a running search is not disturbed by newer ones.
        """
        model = self.model
        return Predictor(model.engine if model else None, model.gate if model else None, self._memory.memory(name))

    async def reload(self) -> None:
        """Serve the model's best checkpoint from the next request on; one that cannot be read changes nothing."""
        if not await asyncio.to_thread(self._store.has, self.model_name):
            return
        try:
            self.model = await asyncio.to_thread(self._store.load, self.model_name)
        except ModelError as error:
            self.error = str(error)
            log.warning("%s", error)
            return
        meta = self.model.meta
        self._tell({"kind": "model", "workspace": str(self.path), "step": meta.step, "bpc": meta.bpc})

    def training_began(self) -> None:
        """Note that what changed so far is being learned."""
        self._learning, self._changes, self.wanted = self._changes, 0, False

    def training_ended(self, error: str) -> None:
        """Note how a training ended ("" is well); what it did not learn is still to be learned."""
        self.error, self._failed_at = error, time.monotonic()
        self._failures = self._failures + 1 if error else 0
        if error:
            self._changes += self._learning

    async def stop(self) -> None:
        """Follow the files no longer."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # --- following the files -----------------------------------------------------------------------
    async def _follow(self) -> None:
        try:
            await self.reload()
            async with watching(self.path, self._matters) as changes:
                await self._update(await asyncio.to_thread(self._list))
                self.ready.set()
                async for paths in changes:
                    await self._update(await asyncio.to_thread(self._read, paths))
        except (OSError, TrainerError) as error:
            self.error = f"{self.path} is not followed: {error}"
            log.warning("%s", self.error)
        except Exception:  # the task's edge: nobody awaits it before the end
            self.error = f"{self.path} is not followed: an internal error, see the log"
            log.exception("following %s failed", self.path)
        finally:
            self.ready.set()

    def _matters(self, path: Path) -> bool:
        """Tell whether a change of `path` can change the corpus; called in the watcher's thread."""
        name = self.name_of(path)
        known = name in self._seen or name in self._folders
        return known or self._rules.is_rules_file(path) or self._rules.reason(path) is None

    def _list(self) -> dict[str, CorpusFile | None]:
        """Return what differs between the folder and the memory."""
        corpus: Corpus = discover(self.path, self._limits)
        self._rules, self._left_out = Rules(self.path, self._limits), len(corpus.excluded)
        found: dict[str, CorpusFile | None] = {f.name: f for f in corpus.files if self._seen.get(f.name) != _stamp(f)}
        return found | dict.fromkeys(self._seen.keys() - {file.name for file in corpus.files})

    def _read(self, paths: set[Path]) -> dict[str, CorpusFile | None]:
        """Return the changed files, None for those that are gone or left out now."""
        if len(paths) > _MANY or any(self._rules.is_rules_file(p) or self._is_folder(p) for p in paths):
            return self._list()
        found: dict[str, CorpusFile | None] = {}
        for path in paths:
            name = self.name_of(path)
            try:
                file = self._rules.read(path)
            except TrainerError:
                if name in self._seen:
                    found[name] = None
            else:
                if self._seen.get(name) != _stamp(file):
                    found[name] = file
        return found

    def _is_folder(self, path: Path) -> bool:
        """Tell whether `path` is a folder, or was one: files known below it moved with it."""
        return self.name_of(path) in self._folders or path.is_dir()

    async def _update(self, found: Mapping[str, CorpusFile | None]) -> None:
        """Take changed files into the memory, at once; worn shards are built anew afterwards."""
        if not found and self.ready.is_set():
            return  # what was written is what was there before
        if found:
            self._changes += self._count_new(found)
            self._last_change = time.monotonic()
            self._memory = await asyncio.to_thread(self._learn_by_heart, found)
            self._note_seen(found)
        total = {"files": len(self._seen), "characters": len(self._memory)}
        self._tell({"kind": "memory", "workspace": str(self.path), **total})
        self._changed()
        if self._memory.is_worn:
            self._memory = await asyncio.to_thread(self._memory.rebuilt)

    def _learn_by_heart(self, found: Mapping[str, CorpusFile | None]) -> CorpusMemory:
        texts = {name: encode(file) if file else None for name, file in found.items()}
        if self._seen:
            return self._memory.changed(texts)
        return CorpusMemory.build({name: text for name, text in texts.items() if text is not None})

    def _count_new(self, found: Mapping[str, CorpusFile | None]) -> int:
        """Count changes that the model has not learned: at the first listing, files newer than it."""
        if self._seen or self.model is None:
            return len(found)
        learned = datetime.fromisoformat(self.model.meta.created).timestamp() * 1e9
        return sum(file is not None and file.mtime_ns > learned for file in found.values())

    def _note_seen(self, found: Mapping[str, CorpusFile | None]) -> None:
        self._seen = {name: seen for name, seen in self._seen.items() if name not in found}
        self._seen |= {name: _stamp(file) for name, file in found.items() if file}
        self._folders = {str(folder) for name in self._seen for folder in PurePosixPath(name).parents}


def _stamp(file: CorpusFile) -> tuple[int, int]:
    return file.mtime_ns, len(file.data)
