"""Carries out what the scheduler decides: the trainer as a child process of lowest priority, paused and continued.

The child is `charwise train PATH --background`, which tells what it does as one JSON object per line. It ends by
itself when its daemon is gone, because then nobody reads what it tells. Knows no sockets and no documents.
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
from typing import Any

from charwise_daemon.scheduler import Action, Job, decide
from charwise_daemon.settings import TrainingSettings
from charwise_daemon.workspace import Workspace

log = logging.getLogger(__name__)

# A trainer that is asked to stop saves first; one that does not come to an end is killed, and loses little.
_STOP_SECONDS = 20.0
_FOREVER = float("inf")


class Training:
    """Trains the workspaces in use, one at a time.

    Args:
        workspaces: returns those in use.
        tell: gets an event (a map with kind "training") at every step of a training.
    """

    def __init__(
        self,
        workspaces: Callable[[], Iterable[Workspace]],
        settings: TrainingSettings,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:
        self._workspaces, self._settings, self._tell = workspaces, settings, tell
        self._paused_until = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._trained: Workspace | None = None
        self._is_stopped = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._latest: dict[str, Any] = {}

    def __repr__(self) -> str:
        if self._trained:
            return f"Training({'paused' if self._is_stopped else 'training'} {self._trained.path})"
        return f"Training({'paused' if self.is_paused else 'idle'})"

    @property
    def is_paused(self) -> bool:
        """Whether the user has paused training."""
        return time.monotonic() < self._paused_until

    @property
    def is_training(self) -> bool:
        """Whether a trainer runs or is paused half-way."""
        return self._trained is not None

    def status(self) -> dict[str, Any]:
        """Return what `charwise status` shows of it."""
        state = "paused" if self.is_paused else "training" if self._trained else "idle"
        return {"state": state, "workspace": str(self._trained.path) if self._trained else None, **self._latest}

    def pause(self, seconds: float) -> None:
        """Train no more until resume(), or for `seconds` where it is over zero."""
        self._paused_until = time.monotonic() + seconds if seconds > 0 else _FOREVER
        self.consider()

    def resume(self) -> None:
        """Train again."""
        self._paused_until = 0.0
        self.consider()

    def consider(self) -> None:
        """Decide anew and act; called whenever anything changed."""
        if self._timer:
            self._timer.cancel()
        job = Job(self._trained.path, self._is_stopped) if self._trained else None
        now = time.monotonic()
        needs = [workspace.need() for workspace in self._workspaces()]
        action = decide(needs, job, self._paused_until, self._settings, now)
        self._act(action)
        if action.until is not None:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, action.until - now), self.consider)

    async def stop(self, workspace: Workspace | None = None) -> None:
        """End the running training (of this workspace), which saves first."""
        if self._task is None or (workspace is not None and workspace is not self._trained):
            return
        self._signal(signal.SIGINT)
        self._signal(signal.SIGCONT)  # 1. a paused process gets its SIGINT only when it goes on
        done, _ = await asyncio.wait([self._task], timeout=_STOP_SECONDS)
        if not done:
            self._signal(signal.SIGKILL)
            await self._task

    def close(self) -> None:
        """Decide no more."""
        self._paused_until = _FOREVER
        if self._timer:
            self._timer.cancel()

    def _act(self, action: Action) -> None:
        match action.kind:
            case "start":
                workspace = next(w for w in self._workspaces() if w.path == action.workspace)
                self._trained, self._is_stopped = workspace, False
                self._task = asyncio.create_task(self._train(workspace, action.minutes))
            case "pause" | "resume":
                self._is_stopped = action.kind == "pause"
                self._signal(signal.SIGSTOP if self._is_stopped else signal.SIGCONT)
                self._told(f"{action.kind}d")
            case "wait":
                pass

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
        ]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, cwd="/"
        )
        self._process = process
        assert process.stdout
        if self.is_paused:  # 1. paused while it was being started
            self._signal(signal.SIGSTOP)
            self._is_stopped = True
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
                self._latest = {key: event.get(key) for key in ("done", "bpc", "seconds_left")}
                self._told(event["event"])
            case "saved":
                await workspace.reload()
                self._told("saved")
            case "warned":
                log.warning("%s: %s", workspace.path, event["message"])

    def _told(self, state: str) -> None:
        workspace = str(self._trained.path) if self._trained else None
        self._tell({"kind": "training", "workspace": workspace, "state": state, "message": "", **self._latest})

    def _signal(self, number: signal.Signals) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
