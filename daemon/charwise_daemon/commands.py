"""What clients may ask: one `cmd_` method for each method of the protocol, found by name. Knows no frames.

Messages of one connection arrive in order. A method that has to wait is a coroutine, or returns a task.
"""

import asyncio
import dataclasses
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from charwise_daemon import __version__, protocol, registry
from charwise_daemon.completions import Completions
from charwise_daemon.documents import Document
from charwise_daemon.errors import VersionMismatchError, WorkspaceError
from charwise_daemon.followed import Followed
from charwise_daemon.generate import generated
from charwise_daemon.journal import Journal
from charwise_daemon.scoring import Scoring
from charwise_daemon.store import Store, name_for
from charwise_daemon.training import Training
from charwise_daemon.workspaces import Workspaces
from charwise_trainer.ignore import leave_out
from charwise_trainer.rules import Rules

if TYPE_CHECKING:
    from charwise_daemon.shell.shells import Shells


log = logging.getLogger(__name__)


class Peer(Protocol):
    """What a command may know of the connection it came from."""

    name: str
    is_subscribed: bool

    def cancel(self, msgid: int) -> None:
        """Stop answering a request."""

    def push(self, method: str, params: dict[str, Any]) -> None:
        """Send a part of the answer to the request under way."""


class Commands:
    """The daemon's state, and the methods that clients call on it; `stop` ends the daemon after the current answer."""

    def __init__(
        self,
        settings: Followed,
        workspaces: Workspaces,
        training: Training,
        store: Store,
        journal: Journal,
        scoring: Scoring,
        stop: Callable[[], None],
    ) -> None:
        self._store, self._journal, self._stop = store, journal, stop
        self.workspaces, self._training, self._scoring = workspaces, training, scoring
        self._settings, self.completions = settings, Completions(settings.now.completion, workspaces, journal)
        self.shells: Shells
        self._began = time.monotonic()

    # --- connection ----------------------------------------------------------------------------------
    def cmd_hello(self, peer: Peer, params: protocol.Hello) -> dict[str, Any]:
        """Answer who this is; refuse a client of another protocol."""
        if params.protocol != protocol.PROTOCOL:
            raise VersionMismatchError(
                f"the client speaks protocol {params.protocol}, this daemon (charwise {__version__}) speaks "
                f"{protocol.PROTOCOL}; run `charwise daemon restart` and reload the editor"
            )
        peer.name = params.client
        return {"version": __version__, "protocol": protocol.PROTOCOL, "pid": os.getpid()}

    def cmd_subscribe(self, peer: Peer, _: protocol.Empty) -> None:
        """Push events to this client from now on."""
        peer.is_subscribed = True

    def cmd_cancel(self, peer: Peer, params: protocol.Cancel) -> None:
        """Stop answering a request."""
        peer.cancel(params.msgid)

    def cmd_shutdown(self, _: Peer, __: protocol.Empty) -> None:
        """End the daemon."""
        self._stop()

    async def forget_peer(self, peer: object) -> None:
        """Free what only this client needed: it is gone."""
        self.completions.forget(peer)
        await self.workspaces.release_all(peer)

    # --- documents and completions -------------------------------------------------------------------
    def cmd_open(self, peer: Peer, params: protocol.Open) -> None:
        """Mirror a document, and use the workspace that it lies in."""
        path = os.path.realpath(params.path) if params.path else ""  # as workspaces are named
        self.completions.open(Document((peer, params.document), path, params.text, params.version))
        if path:
            self.workspaces.use_for(path, peer)

    def cmd_edit(self, peer: Peer, params: protocol.Edit) -> None:
        """Apply changes to a document; a completion under way for it is outdated."""
        self.user_typed()
        self.completions.edit(self._document(peer, params.document), params.changes, params.version)

    def cmd_close(self, peer: Peer, params: protocol.Close) -> None:
        """Forget a document."""
        self.completions.close((peer, params.document))

    def cmd_focus(self, peer: Peer, params: protocol.Focus) -> None:
        """Read ahead what a completion at this place of the document will need."""
        self.user_typed()
        self.completions.focus(self._document(peer, params.document), params.offset)

    def cmd_complete(
        self, peer: Peer, params: protocol.Complete
    ) -> protocol.Completion | asyncio.Task[protocol.Completion]:
        """Return suggestions for a place; a newer request for the document makes this one outdated."""
        self._scoring.typed()
        if params.trigger == "automatic":
            self._training.user_typed()
        return self.completions.complete(self._document(peer, params.document), params)

    def cmd_shown(self, peer: Peer, params: protocol.Feedback) -> None:
        """Note that a suggestion was shown."""
        self.completions.shown(peer, params.suggestion)

    def cmd_accepted(self, _: Peer, params: protocol.Feedback) -> None:
        """Count a suggestion that was accepted, in whole or in part."""
        self.completions.tally.accepted(params.suggestion, params.length)

    def cmd_rejected(self, peer: Peer, params: protocol.Feedback) -> None:
        """Note that a suggestion was dismissed."""
        self.completions.rejected(peer, params.suggestion)

    async def cmd_generate(self, peer: Peer, params: protocol.Generate) -> dict[str, Any]:
        """Write on, and push what is written as it is; return how much that was, and the seed that gives it again."""
        document = self._document(peer, params.document)
        engine, state = await self.completions.state_at(document, params)
        seed, characters = params.seed if params.seed >= 0 else secrets.randbelow(2**31), 0
        async for text in generated(engine, state, params.length, params.temperature, seed):
            characters += len(text)
            peer.push("generated", {"text": text.decode()})
        return {"characters": characters, "seed": seed}

    def user_typed(self) -> None:
        """Keep out of the user's way for a while."""
        self._training.user_typed()
        self._scoring.typed()

    def _document(self, peer: Peer, name: str) -> Document:
        return self.completions.documents.get((peer, name))

    # --- workspaces and training ---------------------------------------------------------------------
    def cmd_workspace_add(self, peer: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder or file, and keep it ready as long as this client is connected."""
        return self.workspaces.add(registry.resolve(params.path), peer).status()

    def cmd_workspace_keep(self, _: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder or file, and keep it ready as long as the daemon runs."""
        return self.workspaces.add(registry.resolve(params.path), self).status()

    async def cmd_workspace_release(self, peer: Peer, params: protocol.WorkspacePath) -> None:
        """Note that this client needs a workspace no more."""
        await self.workspaces.release(registry.absolute(params.path), peer)

    async def cmd_workspace_remove(self, _: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder no more; its model stays."""
        path = registry.absolute(params.path)
        await self._stop_training(path)
        return dataclasses.asdict(await self.workspaces.remove(path))

    async def cmd_workspace_forget(self, peer: Peer, params: protocol.WorkspacePath) -> dict[str, Any]:
        """Learn from a folder no more and delete what was learned from it."""
        entry = await self.cmd_workspace_remove(peer, params)
        self._journal.ledger.forget(entry["path"])
        await asyncio.to_thread(self._store.discard, entry["model"])
        return entry

    async def cmd_workspace_model(self, _: Peer, params: protocol.WorkspaceModel) -> dict[str, Any]:
        """Serve and train a workspace with another model from now on."""
        path = registry.absolute(params.path)
        await self._stop_training(path)
        return dataclasses.asdict(await self.workspaces.choose(path, params.model))

    async def cmd_models(self, _: Peer, params: protocol.ModelsFor) -> list[dict[str, Any]]:
        """Return the stored models; for a workspace, its own first, be it trained or not, and which of them it has."""
        known = await asyncio.to_thread(self._known_models)
        if not params.path:
            return known
        path = registry.absolute(params.path)
        own, listed = name_for(path), self.workspaces.listed().get(path)
        if not any(each["name"] == own for each in known):
            known.append({"name": own, "model": "", "step": None, "bpc": None, "created": ""})
        used = listed.model if listed else own
        told = [{**each, "own": each["name"] == own, "used": each["name"] == used} for each in known]
        return sorted(told, key=lambda each: not each["own"])

    def _known_models(self) -> list[dict[str, Any]]:
        metas, errors = self._store.metas()
        for error in errors:
            log.warning("%s", error)
        return [
            {"name": name, "model": meta.config.label, "step": meta.step, "bpc": meta.bpc, "created": meta.created}
            for name, meta in metas.items()
        ]

    def cmd_workspace_list(self, _: Peer, __: protocol.Empty) -> list[dict[str, Any]]:
        """Return all workspaces, with what is in memory of those in use."""
        in_use = {workspace.path: workspace.status() for workspace in self.workspaces}
        return [in_use.get(path) or dataclasses.asdict(entry) for path, entry in self.workspaces.listed().items()]

    async def cmd_forget_file(self, _: Peer, params: protocol.FilePath) -> dict[str, Any]:
        """Learn a file never again, and all else of its workspaces anew: what was learned from it is gone at once."""
        path = registry.absolute(params.path)
        workspace = self.workspaces.serving(str(path))
        if workspace is None:
            raise WorkspaceError(f"{path} is in no workspace in use, so nothing is learned from it")
        if workspace.path == path:
            raise WorkspaceError(f"{path} is a workspace by itself; forget it with `charwise workspace forget {path}`")
        await asyncio.to_thread(_leave_out, workspace.path, path)
        for root in set(self.workspaces.listed()).intersection(path.parents):  # one may lie in another
            await self._stop_training(root)
            await self._begin_anew(root)
        return self.workspaces.get(workspace.path).status()

    def cmd_changed(self, _: Peer, params: protocol.Paths) -> None:
        """Take a client's word that files have changed on disk."""
        self.workspaces.tell([registry.absolute(str(path)) for path in params.paths])

    async def cmd_train(self, _: Peer, params: protocol.WorkspacePath) -> None:
        """Train a workspace now instead of after it settled; refused where there is too little to learn."""
        workspace = self.workspaces.get(registry.absolute(params.path))
        await workspace.ready.wait()
        self._training.want(workspace)

    async def cmd_yield(self, peer: Peer, params: protocol.WorkspacePath) -> None:
        """End the training of a workspace, and start none while this client is connected: it trains by itself."""
        workspace = self.workspaces.get(registry.absolute(params.path))
        workspace.yielded_to.add(peer)
        await self._training.stop(workspace)

    def cmd_pause(self, _: Peer, params: protocol.Pause) -> None:
        """Train no more until `resume`."""
        self._training.pause(params.seconds)

    def cmd_resume(self, _: Peer, __: protocol.Empty) -> None:
        """Train again."""
        self._training.resume()

    def cmd_battery(self, _: Peer, params: protocol.Battery) -> None:
        """Train on battery or not until the daemon ends, whatever the settings say."""
        self._training.on_battery(trains=params.trains)

    async def cmd_reload(self, _: Peer, params: protocol.ModelName) -> None:
        """Serve a model as it is stored now, which is somebody else's doing."""
        await self.workspaces.reload(params.model)

    def cmd_status(self, _: Peer, __: protocol.Empty) -> dict[str, Any]:
        """Return what the daemon is doing."""
        return {
            "version": __version__,
            "pid": os.getpid(),
            "seconds": round(time.monotonic() - self._began, 1),
            "settings": self._settings.error,
            "documents": len(self.completions.documents),
            "workspaces": [workspace.status() for workspace in self.workspaces],
            "training": self._training.status(),
            "suggestions": dict(self.completions.tally.counts),
        }

    def cmd_statistics(self, _: Peer, __: protocol.Empty) -> dict[str, Any]:
        """Return what suggestions gave, how new text was predicted, and what feedback has moved."""
        return self._journal.report()

    async def cmd_statistics_clear(self, _: Peer, __: protocol.Empty) -> None:
        """Forget all of that."""
        await self._journal.clear()

    # --- shells --------------------------------------------------------------------------------------
    def cmd_shell_reload(self, _: Peer, __: protocol.Empty) -> None:
        """Read again which shells the user lets be learned from, and what was imported of them."""
        self.shells.reload()

    async def cmd_shell_status(self, _: Peer, __: protocol.Empty) -> dict[str, Any]:
        """Return what is known of shells."""
        return await self.shells.status()

    async def cmd_shell_forget(self, _: Peer, params: protocol.ShellPattern) -> dict[str, Any]:
        """Forget commands: at once, and by learning the others anew."""
        path = self.shells.log.commands_folder
        await self._stop_training(path)
        told = await self.shells.forget(params.pattern)
        if told["forgotten"] or self.shells.log.has_dropped:  # the model may have read what the log has not any more
            told["is_learned_anew"] = await self._begin_anew(path)
        return told

    async def cmd_shell_anew(self, _: Peer, __: protocol.Empty) -> bool:
        """Read again what shells may teach, and have the model learn it anew; return whether there was one."""
        self.shells.reload()
        await self._stop_training(self.shells.log.commands_folder)
        return await self._begin_anew(self.shells.log.commands_folder)

    async def _begin_anew(self, path: Path) -> bool:
        """Forget what the model of a workspace has learned; return whether it had been trained."""
        entry = self.workspaces.listed().get(path)
        if entry is None:
            return False
        was_trained = self._store.has(entry.model)
        if any(workspace.path == path for workspace in self.workspaces):
            await self.workspaces.begin_anew(path)
        else:
            await asyncio.to_thread(self._store.discard, entry.model)
        return was_trained

    async def _stop_training(self, path: Any) -> None:
        for workspace in self.workspaces:
            if workspace.path == path:
                await self._training.stop(workspace)


def _leave_out(root: Path, path: Path) -> None:
    """Leave a file out of a workspace; raises StorageError, and WorkspaceError where something takes it back."""
    leave_out(root, path.relative_to(root))
    if Rules(root).reason(path) is None:
        raise WorkspaceError(
            f"{path} would be learned all the same: a line with ! in a .charwiseignore on the way to it takes it back; "
            "remove that, then forget it again"
        )
