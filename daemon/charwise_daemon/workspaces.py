"""The workspaces in use: which folder teaches which model, who needs it, and which one serves a document."""

import asyncio
import contextlib
import functools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from charwise_daemon import registry
from charwise_daemon.engine import Engine
from charwise_daemon.errors import WorkspaceError
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.models import Models
from charwise_daemon.registry import Entry
from charwise_daemon.scoring import Scoring
from charwise_daemon.served import Served
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.store import name_for
from charwise_daemon.workspace import Tell, Workspace
from charwise_trainer.secrets import secret_path

log = logging.getLogger(__name__)

# Documents opened lately that say where the user works; more of them would be everywhere.
_LATELY = 32
# Documents of which it is known in which workspace they lie, which is asked several times at every keystroke.
_MOST_DOCUMENTS = 256
_NOTHING = CorpusMemory.build({})


class Workspaces:
    """Workspaces by path: all that were added are listed, those in use are in memory and followed.

    Args:
        file: where the list is kept.
        models: theirs.
        changed: called when there may be something to train.
        scoring: gets what is saved before it is learned.
    """

    def __init__(
        self,
        file: Path,
        models: Models,
        settings: CorpusSettings,
        tell: Tell,
        changed: Callable[[], None],
        scoring: Scoring | None = None,
    ) -> None:
        self._file, self._models, self._tell, self._changed, self._scoring = file, models, tell, changed, scoring
        self._settings = settings
        self._in_use: dict[Path, Workspace] = {}
        self._root_of = functools.lru_cache(_MOST_DOCUMENTS)(lambda path: _innermost(self._in_use, Path(path)))
        self._holders: dict[Path, set[object]] = {}
        self._opened: deque[str] = deque(maxlen=_LATELY)  # documents' paths

    def __repr__(self) -> str:
        return f"Workspaces({len(self._in_use)} in use)"

    def __iter__(self) -> Iterator[Workspace]:
        return iter(list(self._in_use.values()))

    def listed(self) -> dict[Path, Entry]:
        """Return all that were added; raises WorkspaceError when the list cannot be read."""
        return registry.read(self._file)

    def add(self, path: Path, holder: object, *, quick: bool = False) -> Workspace:
        """Add a workspace where it is new, and keep it in use as long as `holder` needs it.

        One whose model is to be quick begins empty, as the base model is not of the smallest size.
        """
        listed = self.listed()
        entry = listed.get(path) or Entry(str(path), name_for(path), base=not quick, quick=quick)
        if path not in listed:
            registry.write(self._file, {**listed, path: entry})
        self._holders.setdefault(path, set()).add(holder)
        if path not in self._in_use:
            self._in_use[path] = Workspace(
                path,
                self._models.use(entry.model, base=entry.base),
                self._settings,
                lambda: self._opened,
                self._tell,
                self._changed,
                self._scoring,
            )
            self._root_of.cache_clear()
            log.info("using %s", path)
        return self._in_use[path]

    async def begin_anew(self, path: Path) -> Workspace:
        """Forget what was learned from a workspace in use, its model too, and learn it as it is now."""
        await self._use_anew(path, forgotten=self.get(path).served.name)
        return self.get(path)

    async def choose(self, path: Path, model: str) -> Entry:
        """Serve and train a workspace with the model of this name from now on, "" its own.

        Raises:
            ModelError: there is no such model.
            WorkspaceError: it is no workspace.
        """
        listed = self.listed()
        if path not in listed:
            raise WorkspaceError(f"{path} is no workspace; add it with `charwise workspace add {path}`")
        own = name_for(path)
        if model not in {"", own}:  # its own need not be trained yet
            self._models.store.meta(model)
        entry = replace(listed[path], model=model or own)
        registry.write(self._file, {**listed, path: entry})
        await self._use_anew(path)
        return entry

    async def reload(self, model: str) -> None:
        """Serve a model as it is stored now: trained, put back, brought or deleted by somebody else.

        A workspace that was given it meanwhile has it from now on; one whose model was deleted learns anew.
        """
        is_stored = await asyncio.to_thread(self._models.store.has, model)
        given = {path for path, entry in self.listed().items() if entry.model == model}
        using = [workspace for workspace in self if workspace.path in given]
        for workspace in using:
            if workspace.served.name != model:
                await self._use_anew(workspace.path)
            elif is_stored:
                await workspace.reload()
            else:
                await self.begin_anew(workspace.path)
        if not using:
            await self._models.reload(model)

    async def read_anew(self, settings: CorpusSettings) -> None:
        """Read the files of those in use again, as these settings say."""
        self._settings = settings
        for path in list(self._in_use):
            await self._use_anew(path)

    def tell(self, paths: Iterable[Path]) -> None:
        """Take a client's word that files have changed on disk."""
        for path in paths:
            if workspace := self.serving(str(path)):
                workspace.tell(path)

    async def release(self, path: Path, holder: object) -> None:
        """Note that `holder` needs a workspace no more; when nobody does, its memory is freed."""
        holders = self._holders.get(path, set())
        holders.discard(holder)
        if not holders:
            await self._unload(path)

    async def release_all(self, holder: object) -> None:
        """Note that `holder` is gone."""
        for workspace in self:
            workspace.yielded_to.discard(holder)
        for path in [path for path, holders in self._holders.items() if holder in holders]:
            await self.release(path, holder)

    async def remove(self, path: Path) -> Entry:
        """Take a workspace off the list; its model stays.

        Raises:
            WorkspaceError: it is not on the list.
        """
        listed = self.listed()
        entry = listed.pop(path, None)
        if entry is None:
            known = ", ".join(map(str, listed)) or "none"
            raise WorkspaceError(f"{path} is no workspace; known are {known}")
        await self._unload(path)
        registry.write(self._file, listed)
        return entry

    async def close(self) -> None:
        """Follow no folder any more."""
        for path in list(self._in_use):
            await self._unload(path)

    def get(self, path: Path) -> Workspace:
        """Return a workspace in use; raises WorkspaceError where it is not."""
        if workspace := self._in_use.get(path):
            return workspace
        raise WorkspaceError(f"{path} is not in use; add it with `charwise workspace add {path}`")

    def serving(self, document_path: str) -> Workspace | None:
        """Return the innermost workspace in use that holds a document, or None."""
        root = self._root_of(document_path)
        return self._in_use[root] if root else None

    def leaves_out(self, document_path: str) -> bool:
        """Tell whether a document is never learned, by its workspace's rules, or outside of any by its name."""
        if workspace := self.serving(document_path):
            return workspace.leaves_out(document_path)
        return secret_path(document_path) is not None

    def served_for(self, document_path: str) -> tuple[Served | None, CorpusMemory, str]:
        """Return the model and the memory that serve a document, and the name that it has for them.

        The model is one that a rule names for it, or its workspace's; None outside of any.
        """
        path, workspace = Path(document_path), self.serving(document_path)
        name = workspace.name_of(path) if workspace else path.name
        served = self._models.for_file(name if workspace else document_path.lstrip("/"))
        if workspace is None:
            return served, _NOTHING, name
        return served or workspace.served, workspace.memory, name

    def listed_at(self, folder: Path) -> Path | None:
        """Return the innermost listed workspace that holds a folder, or None."""
        return _innermost(self.listed(), folder)

    async def engine_of(self, model: str) -> Engine:
        """Return the LSTM of a stored model; raises ModelError where there is none."""
        return await self._models.engine_of(model)

    def use_for(self, document_path: str, holder: object) -> None:
        """Use the listed workspace that holds a document which `holder` has opened, if there is one."""
        with contextlib.suppress(ValueError):
            self._opened.remove(document_path)
        self._opened.append(document_path)
        if root := _innermost(self.listed(), Path(document_path)):
            self.add(root, holder)

    async def _use_anew(self, path: Path, forgotten: str = "") -> None:
        """Unload a workspace, and load it for those who need it; in between, delete the `forgotten` model."""
        holders, before = self._holders.get(path, set()), self._in_use.get(path)
        await self._unload(path)
        try:
            if forgotten:
                await asyncio.to_thread(self._models.store.discard, forgotten)
        finally:
            for holder in holders:
                self.add(path, holder)
        if before:
            self.get(path).yielded_to |= before.yielded_to

    async def _unload(self, path: Path) -> None:
        self._holders.pop(path, None)
        if workspace := self._in_use.pop(path, None):
            self._root_of.cache_clear()
            await workspace.stop()
            await self._models.release(workspace.served.name)
            log.info("no longer using %s", path)
            self._changed()


def _innermost(roots: Iterable[Path], path: Path) -> Path | None:
    holding = [root for root in roots if path == root or root in path.parents]
    return max(holding, key=lambda root: len(root.parts), default=None)
