"""Carries out what the scheduler decides: the trainer as a child process of lowest priority, paused and continued.

The child is `charwise train PATH --background`, which tells what it does as one JSON object per line. It ends by
itself when its daemon is gone, because then nobody reads what it tells; the system wakes it for that where it is
paused. It has a session of its own, which Linux gives processor time as a whole, and which no terminal interrupts.
Knows no sockets and no documents.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from charwise_daemon.errors import WorkspaceError
from charwise_daemon.power import is_on_battery
from charwise_daemon.scheduler import FOREVER, Action, Job, Moment, Why, decide
from charwise_daemon.settings import TrainingSettings
from charwise_daemon.workspace import Workspace

log = logging.getLogger(__name__)

# A trainer that is asked to stop saves first; one that does not come to an end is killed, and loses little.
_STOP_SECONDS = 20.0
# While a trainer runs, its progress asks again whether it still may, at most this often: somebody may pull the plug.
_ASK_SECONDS = 10.0
# The daemon has one thread for its small steps, and says so in its environment; the trainer has those of the settings.
_THREADS = "OMP_NUM_THREADS"


class Training:
    """Trains the workspaces in use, one at a time.

    Args:
        workspaces: returns those in use.
        settings: may be others later; a trainer that runs has its priority and its threads until it ends.
        tell: gets an event (a map with kind "training") at every step of a training.
        on_battery: asked before a trainer starts or goes on, and now and then while it runs.
    """

    def __init__(
        self,
        workspaces: Callable[[], Iterable[Workspace]],
        settings: TrainingSettings,
        tell: Callable[[dict[str, Any]], None],
        on_battery: Callable[[], bool] = is_on_battery,
    ) -> None:
        self._workspaces, self.settings, self._tell = workspaces, settings, tell
        self._on_battery = on_battery
        self._trains_on_battery: bool | None = None  # None: as the settings say
        self._paused_until, self._typed_at, self._decided_at = 0.0, -FOREVER, -FOREVER
        self._why: Why = ""
        self._process: asyncio.subprocess.Process | None = None
        self._trained: Workspace | None = None
        self._is_stopped = self._is_wanted = self._is_ending = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._latest: dict[str, Any] = {}

    def __repr__(self) -> str:
        status = self.status()
        return f"Training({status['message'] or status['state']}{f' {self._trained.path}' if self._trained else ''})"

    @property
    def is_training(self) -> bool:
        """Whether a trainer runs or is paused half-way."""
        return self._trained is not None

    def status(self) -> dict[str, Any]:
        """Return what `charwise daemon status` shows of it."""
        state = "paused" if self._why else "training" if self._trained else "idle"
        workspace = str(self._trained.path) if self._trained else None
        return {"state": state, "workspace": workspace, "message": self._why, **self._latest}

    def pause(self, seconds: float) -> None:
        """Train no more until resume(), or for `seconds` where it is over zero."""
        self._paused_until = time.monotonic() + seconds if seconds > 0 else FOREVER
        self.consider()

    def resume(self) -> None:
        """Train again."""
        self._paused_until = 0.0
        self.consider()

    def want(self, workspace: Workspace) -> None:
        """Train a workspace now, because the user asks for it; raises WorkspaceError where it has too little text."""
        characters, smallest = workspace.need().characters, self.settings.smallest
        if characters < smallest:
            raise WorkspaceError(
                f"{workspace.path} has {characters:,} characters to learn, and a model needs {smallest:,}: its memory "
                f"alone serves it; `charwise workspace show PATH` lists what is left out, and why"
            )
        workspace.wanted = True
        self.consider()

    def on_battery(self, *, trains: bool) -> None:
        """Train on battery or not, whatever the settings say."""
        self._trains_on_battery = trains
        self.consider()

    def user_typed(self) -> None:
        """Note a keystroke: a trainer that runs is paused at once.

        Called at each of them, so it sets no timer anew: what waits for an end of the typing looks when it last was.
        """
        self._typed_at = time.monotonic()
        if self._trained and not self._is_stopped and not self._is_ending:
            self.consider()

    def consider(self) -> None:
        """Decide anew and act; called whenever anything changed."""
        if self._timer:
            self._timer.cancel()
        now = time.monotonic()
        action = self._decide(now)
        self._act(action)
        self._decided_at = now
        if action.until is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, action.until - now), self.consider)

    async def stop(self, workspace: Workspace | None = None) -> None:
        """End the running training (of this workspace), which saves first."""
        if self._task is None or (workspace is not None and workspace is not self._trained):
            return
        self._is_stopped, self._is_ending = False, True
        self._signal(signal.SIGINT)
        self._signal(signal.SIGCONT)  # 1. a paused process gets its SIGINT only when it goes on
        done, _ = await asyncio.wait([self._task], timeout=_STOP_SECONDS)
        if not done:
            self._signal(signal.SIGKILL)
            await self._task

    def close(self) -> None:
        """Decide no more."""
        self._paused_until = FOREVER
        if self._timer:
            self._timer.cancel()

    def _job(self) -> Job | None:
        if self._trained is None:
            return None
        return Job(self._trained.path, self._is_stopped, self._is_wanted or self._trained.wanted, self._is_ending)

    def _decide(self, now: float) -> Action:
        """Return the next action. The battery is asked only where a trainer would compute: asking takes a while."""
        job = self._job()
        needs = [workspace.need() for workspace in self._workspaces()]
        moment = Moment(self._paused_until, self._typed_at)
        on_battery, settings = self._trains_on_battery, self.settings
        settings = settings if on_battery is None else replace(settings, on_battery=on_battery)
        action = decide(needs, job, moment, settings, now)
        goes_on = job is not None and not job.is_stopped and action.kind == "wait"
        if (goes_on or action.kind in {"start", "resume"}) and not settings.on_battery and self._on_battery():
            action = decide(needs, job, replace(moment, on_battery=True), settings, now)
        return action

    def _act(self, action: Action) -> None:
        before, self._why = self._why, action.why
        if self._trained is None and before != self._why and "paused by you" in {before, self._why}:
            self._tell({"kind": "pause", "message": self._why})  # nothing is trained that would tell of it
        match action.kind:
            case "start":
                workspace = next(w for w in self._workspaces() if w.path == action.workspace)
                self._trained, self._is_wanted = workspace, workspace.wanted
                self._task = asyncio.create_task(self._train(workspace, action.minutes))
                self._told("started")  # which the trainer says only once it has read all files
            case "pause":
                self._is_stopped = True
                self._signal(signal.SIGSTOP)
                self._told("paused")
            case "resume":
                self._is_stopped = False
                self._signal(signal.SIGCONT)
                self._told("resumed")
            case "wait" if self._is_stopped and self._why != before:
                self._told("paused")

    async def _train(self, workspace: Workspace, minutes: float) -> None:
        log.info("training %s for %g minutes", workspace.path, minutes)
        workspace.training_began()
        error = "the trainer could not be started; see the log"
        try:
            error = await self._run(workspace, minutes)
        except Exception:  # the task's edge: nobody awaits it before the end
            log.exception("training %s failed", workspace.path)
        finally:
            self._process = self._trained = self._task = None
            self._is_stopped = self._is_ending = False
            self._latest = {}
        workspace.training_ended(error)
        await workspace.reload()
        self._tell(
            {
                "kind": "training",
                "workspace": str(workspace.path),
                "state": "failed" if error else "finished",
                "message": error,
            }
        )
        self.consider()

    async def _run(self, workspace: Workspace, minutes: float) -> str:
        """Run the trainer to its end; return what went wrong, or ""."""
        command = [
            sys.executable,
            "-m",
            "charwise",
            "train",
            str(workspace.path),
            "--minutes",
            str(minutes),
            "--background",
            *([] if self._is_wanted else ["--by-change"]),  # who asks for a training gets all of it
            *(["--anew"] if workspace.served.is_outdated else []),
        ]
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            cwd="/",
            env={name: value for name, value in os.environ.items() if name != _THREADS},
            start_new_session=True,
        )
        self._process = process
        assert process.stdout
        if self._is_stopped:  # 1. paused, or told to end, while it was being started
            self._signal(signal.SIGSTOP)
        if self._is_ending:
            self._signal(signal.SIGINT)
        error = ""
        async for line in process.stdout:
            event = json.loads(line)
            error = event.get("message", "") if event["event"] == "failed" else error
            await self._on_event(workspace, event)
        code = await process.wait()
        return error or (f"the trainer ended with {_reason(code)}; see the log" if code else "")

    async def _on_event(self, workspace: Workspace, event: dict[str, Any]) -> None:
        match event["event"]:
            case "started" | "progress":
                self._note(event)
                self._told("paused" if self._is_stopped else event["event"])  # it told that before it was paused
                if time.monotonic() > self._decided_at + _ASK_SECONDS:
                    self.consider()
            case "saved":
                await workspace.reload()
                self._told("saved")
            case "warned":
                log.warning("%s: %s", workspace.path, event["message"])
            case "finished" if not event["served"]:
                log.info("%s: what was learned is worse on held-out text, and is not served", workspace.path)

    def _note(self, event: dict[str, Any]) -> None:
        """Keep what is shown of a training. It counts its own work; the rests between take the rest of the time."""
        self._latest = {key: event.get(key) for key in ("done", "bpc", "seconds_left")}
        if self._latest["seconds_left"] is not None:
            self._latest["seconds_left"] /= self.settings.cpu_share

    def _told(self, state: str) -> None:
        workspace = str(self._trained.path) if self._trained else None
        self._tell({"kind": "training", "workspace": workspace, "state": state, "message": self._why, **self._latest})

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
