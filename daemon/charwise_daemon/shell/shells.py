"""The shells' side of the daemon: those connected, what the user allows, and what they have run.

What was run is a workspace like any other (log.py has its files), in use while a shell is connected; what joins it only
later is in the recollection, and in the workspace's memory as if it were a file of it.
"""

import asyncio
import contextlib
import itertools
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

from charwise_daemon.background import Background
from charwise_daemon.benefit import price_of
from charwise_daemon.completer import Draft
from charwise_daemon.errors import CharwiseError, InvalidRequestError
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor
from charwise_daemon.search import Limits
from charwise_daemon.settings import CompletionSettings
from charwise_daemon.shell import consent
from charwise_daemon.shell.connection import MOST_CONNECTIONS, ShellConnection
from charwise_daemon.shell.forgetting import meant_by
from charwise_daemon.shell.importing import FILE
from charwise_daemon.shell.log import MOST_NEW, Log
from charwise_daemon.shell.place import Disk
from charwise_daemon.shell.programs import Folders
from charwise_daemon.shell.prompt import limits
from charwise_daemon.shell.recollection import Recollection
from charwise_daemon.shell.session import KIND, ShellSession
from charwise_daemon.shell.text import PYTHON, Command, commands, record
from charwise_daemon.steps import Steps
from charwise_daemon.tally import Tally
from charwise_daemon.workspace import Workspace
from charwise_daemon.workspaces import Workspaces
from charwise_trainer.errors import TrainerError

log = logging.getLogger(__name__)

# Milliseconds that others are looked for where the likeliest cannot work: the answer is late already.
_OTHERS_MS = 8.0
# What was run last, wherever, that a new shell knows at its first prompt.
_MOST_LATELY = 50
# Commands that wait to be written.
_MOST_WAITING = 1000
# As what the commands that have not joined the files yet are in the workspace's memory.
_NOTHING = CorpusMemory.build({})
_NEW, _PROMPT = "new.sh", "prompt.sh"


class Shells:
    """What shells connect to.

    Args:
        folder: of the log and of what the user allows.
        settings: what is offered.
        workspaces: where the log is one.
        tally: where suggestions are counted.
        background: what does things while nobody waits.
        typed: called at each key.
        came: called when a shell came.
        went: called with a connection that is gone.
    """

    def __init__(
        self,
        folder: Path,
        settings: CompletionSettings,
        workspaces: Workspaces,
        tally: Tally,
        background: Background,
        typed: Callable[[], None],
        came: Callable[[], None],
        went: Callable[[object], None],
    ) -> None:
        self.settings, self._workspaces, self._came, self._went = settings, workspaces, came, went
        self.tally, self.background, self.typed = tally, background, typed
        self.folders, self.disk, self.recollection = Folders(), Disk(), Recollection()
        self.log = Log(folder)
        self._file = folder / FILE
        self.consent = consent.Consent()
        self._connections = dict[ShellConnection, ShellSession]()
        self._projects = dict[ShellSession, tuple[str, Path | None]]()  # where it is, and the workspace there
        self._lately = deque[Command](maxlen=_MOST_LATELY)
        self._new, self._count = bytearray(), 0  # what has not joined the workspace's files, and how many that are
        self._remembered: tuple[CorpusMemory, int, CorpusMemory] | None = None
        self._stale: CorpusMemory | None = None  # a memory that knows what was forgotten
        self._numbers = itertools.count(-1, -1)  # of suggestions; a document's are positive
        self._writing = asyncio.Lock()
        self._tasks = set[asyncio.Task[Any]]()
        self._loading: asyncio.Task[None] | None = None  # None until somebody needs what was run
        self._known = 0  # how many commands the log has

    def __repr__(self) -> str:
        return f"Shells({len(self._connections)} connected, {self.recollection})"

    def __len__(self) -> int:
        return len(self._connections)

    # --- connections ---------------------------------------------------------------------------------
    def session(self, connection: ShellConnection) -> ShellSession:
        """Return what obeys the lines of a connection."""
        self._connections[connection] = session = ShellSession(self, connection)
        return session

    def connected(self, _: ShellConnection) -> bool:
        """Note a shell that came; False where there are too many."""
        if len(self._connections) >= MOST_CONNECTIONS:
            return False
        self._came()
        return True

    def disconnected(self, connection: ShellConnection) -> None:
        """Note a shell that went."""
        session = self._connections.pop(connection)
        self._leave(session)
        self._went(connection)

    def use(self, connection: ShellConnection) -> None:
        """Note that a shell said hello: what was run is needed from now on."""
        if self._loading is None:
            self.reload()
        if self.consent.shells:
            self._workspaces.add(self.log.commands_folder, connection, quick=True)

    async def close(self) -> None:
        """Close all connections, and write what is to be written."""
        for connection in list(self._connections):
            connection.close()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.disk.close()

    # --- what a session asks -------------------------------------------------------------------------
    def lately(self, prefix: str) -> list[Command]:
        """Return what was run last, in shells whose folders have this prefix."""
        return [command for command in self._lately if command.directory.startswith(PYTHON) == (prefix == PYTHON)]

    def limits(self, alternatives: int) -> tuple[Limits, float]:
        """Return how far a search goes, and what a wrong suggestion costs."""
        most = self.settings.time_limit_ms if alternatives == 1 else min(_OTHERS_MS, self.settings.time_limit_ms)
        price = price_of(self.settings.eagerness) * self.tally.factor(KIND)
        return limits(alternatives, price, most), price

    def counted(self, draft: Draft, kind: str) -> int:
        """Return the number under which a suggestion is counted from now on."""
        number = next(self._numbers)
        self.tally.offered({number: draft}, kind)
        return number

    def predictor(self) -> Predictor:
        """Return what predicts commands now."""
        workspace = self._workspace()
        if workspace is None:
            return Predictor()
        return workspace.served.predictor_for(self._memory(workspace.memory), _PROMPT)

    def learn(self, session: ShellSession, steps: Steps[None]) -> None:
        """Let the predictor learn while nobody waits."""
        self.background.start(session, steps)
        if workspace := self._workspace():
            workspace.served.has_learned()

    def project(self, directory: str, session: ShellSession) -> CorpusMemory | None:
        """Return the memory of the listed workspace that a folder is in, which is in use from now on."""
        at = self._projects.get(session)
        if at is None or at[0] != directory:
            self._leave(session)
            root = None
            with contextlib.suppress(CharwiseError):  # the list cannot be read: others say so
                root = self._workspaces.listed_at(Path(directory))
            at = self._projects[session] = directory, root
            if at[1]:
                self._workspaces.add(at[1], session)
        return self._workspaces.get(at[1]).memory if at[1] else None

    def _leave(self, session: ShellSession) -> None:
        _, project = self._projects.pop(session, ("", None))
        if project:
            self._begin(self._workspaces.release(project, session))

    def ran(self, command: Command, status_before: int) -> None:
        """Learn a command that was run, unless more come than can be written: those are a script's."""
        if len(self._tasks) >= _MOST_WAITING:
            return
        self.recollection.add(command.directory, command.text)
        self._lately.append(command)
        self._new += record(command, status_before)
        self._count += 1
        self._known += 1
        is_allowed_again = self.consent.remember(command.text)
        self._begin(self._keep(command, status_before, is_allowed_again=is_allowed_again))

    def forget_command(self, text: str) -> int:
        """Forget this very command, and suggest it no more; return how often it was known."""
        wanted = text.strip()
        self.consent.forget(wanted)
        gone = self._forget_now(lambda command: command == wanted)
        self._begin(self._forget_written(lambda command: command == wanted))
        return gone

    # --- what the command line asks ------------------------------------------------------------------
    def reload(self) -> None:
        """Read again what the user allows, and what was run."""
        try:
            self.consent = consent.read(self._file)
        except CharwiseError as error:
            log.warning("%s", error)
            self.consent = consent.Consent()
        self.recollection = Recollection()
        self._lately.clear()
        self._new, self._count, self._known = bytearray(), 0, 0
        self._loading = self._begin(self._load())

    async def forget(self, pattern: str) -> dict[str, Any]:
        """Forget commands, and have the model learn the others anew; return how many they were.

        Raises:
            CharwiseError: the pattern is blank, or what the user allows is damaged; then nothing is forgotten.
        """
        if not pattern.strip():
            raise InvalidRequestError("nothing is forgotten: name a command, or a pattern ('*' is every command)")
        await self._loaded()
        is_meant = meant_by(pattern)
        if pattern not in self.consent.patterns:
            self.consent.patterns.append(pattern)
        self.consent.forgotten_at = datetime.now().astimezone().isoformat(timespec="seconds")
        self._forget_now(is_meant)
        gone = await self._forget_written(is_meant)
        return {"forgotten": gone, "workspace": str(self.log.commands_folder)}

    async def status(self) -> dict[str, Any]:
        """Return what `charwise shell status` shows."""
        await self._loaded()
        workspace = self._workspace()
        return {
            "connected": len(self._connections),
            "shells": self.consent.shells,
            "commands": self._known,
            "forgotten_at": self.consent.forgotten_at,
            "is_gone": bool(workspace and workspace.model),  # the one that had read it was deleted
            "workspace": workspace.status() if workspace else None,
        }

    async def _loaded(self) -> None:
        """Return when it was read what the user allows, and what was run."""
        if self._loading is None:
            self.reload()
        if self._loading:
            await asyncio.wait([self._loading])

    # --- the log -------------------------------------------------------------------------------------
    async def _load(self) -> None:
        """Read what was run, a piece at a time, and let others run between."""
        recollection = self.recollection
        async with self._writing:
            new = await asyncio.to_thread(self.log.new)
            for piece in self.log.read():
                for command in piece:
                    recollection.add(command.directory, command.text)
                self._known += len(piece)
                self._lately.extend(piece[-_MOST_LATELY:])
                await asyncio.sleep(0)
            if recollection is self.recollection:
                self._new[:0] = new
                self._count += new.count(b"\n")
        for connection, session in self._connections.items():
            if connection.shell:
                session.begin()
                self.use(connection)
                session.greet()

    async def _keep(self, command: Command, status_before: int, *, is_allowed_again: bool) -> None:
        async with self._writing:
            await asyncio.to_thread(self.log.append, command, status_before)
            if is_allowed_again:
                await asyncio.to_thread(consent.write, self._file, self.consent)
            if self._count >= MOST_NEW:
                await asyncio.to_thread(self.log.settle)
                self._new, self._count = bytearray(), 0

    def _forget_now(self, is_meant: Callable[[str], bool]) -> int:
        """Forget commands wherever they are in memory; return how many there were in the folders'."""
        if workspace := self._workspace():
            self._stale = workspace.memory  # until its files were read again, it is not asked
        kept = [command for command in commands(self._new.decode("utf-8", "replace")) if not is_meant(command.text)]
        self._new, self._count = bytearray(b"".join(record(command, 0) for command in kept)), len(kept)
        self._remembered = None
        self._lately = deque((each for each in self._lately if not is_meant(each.text)), maxlen=_MOST_LATELY)
        for session in self._connections.values():
            session.forget(is_meant)
        return self.recollection.forget(is_meant)

    async def _forget_written(self, is_meant: Callable[[str], bool]) -> int:
        async with self._writing:
            await asyncio.to_thread(consent.write, self._file, self.consent)
            gone, has_changed = await asyncio.to_thread(self.log.forget, is_meant)
        self._known -= gone
        if not has_changed:  # nothing will be read again
            self._stale = None
        return gone

    def _workspace(self) -> Workspace | None:
        return next((each for each in self._workspaces if each.path == self.log.commands_folder), None)

    def _memory(self, memory: CorpusMemory) -> CorpusMemory:
        """Return the workspace's memory with what has not joined its files yet."""
        if memory is self._stale:
            memory = _NOTHING
        else:
            self._stale = None
        if not self._new:
            return memory
        known = self._remembered
        if known is None or known[0] is not memory or known[1] != len(self._new):
            known = self._remembered = memory, len(self._new), memory.changed({_NEW: bytes(self._new)})
        return known[2]

    def _begin(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        task = asyncio.create_task(_tried(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _tried(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except (CharwiseError, TrainerError) as error:  # what is in memory is right, and is written with what comes next
        log.warning("%s", error)
    except Exception:  # the task's edge: nobody awaits it
        log.exception("work for a shell failed")
