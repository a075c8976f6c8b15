"""One workspace in use: its files, its model, and what it still has to learn. Knows no sockets."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from charwise_daemon.files import Changes, Files
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor
from charwise_daemon.saved import Saved
from charwise_daemon.scheduler import Need
from charwise_daemon.scoring import Scoring
from charwise_daemon.served import Served
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.store import Model

log = logging.getLogger(__name__)

Tell = Callable[[dict[str, Any]], None]


class Workspace:
    """A folder or file that is learned from, followed as it changes.

    Args:
        served: its model.
        documents: returns the paths of the documents that are worked on.
        tell: gets an event (a map with `kind`) when the memory or the model changed.
        changed: called when there may be something to train.
        scoring: gets what is saved before it is learned.
    """

    def __init__(
        self,
        path: Path,
        served: Served,
        settings: CorpusSettings,
        documents: Callable[[], Iterable[str]],
        tell: Tell,
        changed: Callable[[], None],
        scoring: Scoring | None = None,
    ) -> None:
        self.path, self.served = path, served
        self._documents, self._tell, self._changed = documents, tell, changed
        self._scoring = scoring
        self._files = Files(path, settings, self._worked_on, self._on_files, self._on_saved)
        self.error = ""  # what keeps it from being learned, for status
        self._changes, self._learning, self._last_change = 0, 0, time.monotonic()
        self._failures, self._failed_at = 0, 0.0
        self.wanted = False  # the user asked for training
        self.yielded_to: set[object] = set()  # trainers in the foreground
        self._task = asyncio.create_task(self._follow())

    def __repr__(self) -> str:
        size = f"{len(self._files):,} files, {len(self._files.memory):,} characters"
        return f"{self.path}: {size}, {self.model or self.served.base or 'memory only'}"

    @property
    def model(self) -> Model | None:
        """Its model, once it has one."""
        return self.served.model

    @property
    def memory(self) -> CorpusMemory:
        """The memory of its files."""
        return self._files.memory

    @property
    def ready(self) -> asyncio.Event:
        """Set when its files have been read, or cannot be."""
        return self._files.ready

    def status(self) -> dict[str, Any]:
        """Return what `charwise status` shows of it."""
        meta = self.model.meta if self.model else None
        return {
            "path": str(self.path),
            "model": self.served.name,
            "files": len(self._files),
            "characters": len(self._files.memory),
            "left_out": self._files.left_out,
            "held_back": self._files.held_back,
            "changed": self._changes,
            "predictor": repr(self.predictor_for()),
            "base": self.model is None and self.served.base is not None,  # which stands for its model
            "step": meta.step if meta else None,
            "bpc": meta.bpc if meta else None,
            "error": self._files.error or self.error or self.served.error,
        }

    def need(self) -> Need:
        """Return what there is to learn, for the scheduler."""
        return Need(
            self.path,
            len(self._files.memory),
            self.model is not None,
            self._changes,
            self._last_change,
            self.served.is_outdated,
            self.wanted,
            bool(self.yielded_to),
            self._failures,
            self._failed_at,
        )

    def name_of(self, path: Path) -> str:
        """Return the name that a path has in the corpus; "" outside of it."""
        return self._files.name_of(path)

    def leaves_out(self, path: str) -> bool:
        """Tell whether a file is never learned."""
        return self._files.leaves_out(path)

    def tell(self, path: Path) -> None:
        """Take a client's word that a file has changed on disk."""
        self._files.tell([path])

    def predictor_for(self, name: str = "", *, adapts: bool = True) -> Predictor:
        """Return the predictor for a document of this name in the corpus; arguments as of Served.predictor_for."""
        return self.served.predictor_for(self._files.memory, name, adapts=adapts)

    async def reload(self) -> None:
        """Serve the model's best checkpoint from the next request on; one that cannot be read changes nothing."""
        if await self.served.reload() and self.model:
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
        if self._scoring:
            self._scoring.forget(str(self.path))
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # --- its files ---------------------------------------------------------------------------------
    async def _follow(self) -> None:
        try:
            await self.reload()  # what it has learned tells which files are new
        except Exception:  # the task's edge: nobody awaits it before the end
            self.error = f"the model {self.served.name} is not used: an internal error, see the log"
            log.exception("loading %s failed", self.served.name)
        await self._files.follow()

    def _worked_on(self) -> list[str]:
        return [name for path in self._documents() if (name := self.name_of(Path(path)))]

    def _on_files(self, changes: Changes) -> None:
        self._changes += self._count_new(changes)
        self._last_change = time.monotonic()
        total = {"files": len(self._files), "characters": len(self._files.memory)}
        self._tell({"kind": "memory", "workspace": str(self.path), **total})
        self._changed()

    def _on_saved(self, files: Sequence[Saved]) -> None:
        if self._scoring:
            # What was saved had been typed, so the adaptation has learned it already.
            self._scoring.saved(str(self.path), [(each, self.predictor_for(each.name, adapts=False)) for each in files])

    def _count_new(self, changes: Changes) -> int:
        """Count changes that the model has not learned: at the first listing, files newer than it."""
        if self.ready.is_set() or self.model is None:
            return len(changes)
        learned = datetime.fromisoformat(self.model.meta.created).timestamp() * 1e9
        return sum(mtime_ns is not None and mtime_ns > learned for mtime_ns in changes.values())
