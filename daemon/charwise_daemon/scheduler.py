"""When to train: a pure decision, `decide(needs, job, ..., now) -> Action`. training.py carries it out.

At most one workspace is trained at a time; nothing is done when nothing changed; nothing polls: an Action that waits
says until when, and whatever changes the situation asks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from charwise_daemon.settings import TrainingSettings

# After a failure: wait a minute, then twice as long each time, up to a day.
_RETRY_SECONDS, _LONGEST_RETRY = 60.0, 86_400.0


@dataclass(frozen=True)
class Need:
    """What a workspace in use has to learn. Times are of one monotonic clock, in seconds."""

    workspace: Path
    characters: int  # in its corpus
    is_trained: bool
    changed: int  # files changed since it was last trained
    last_change: float
    wanted: bool = False  # the user asked for it
    held: bool = False  # a trainer in the foreground has asked for the model
    failures: int = 0  # in a row
    failed_at: float = 0.0


@dataclass(frozen=True)
class Job:
    """The trainer that runs."""

    workspace: Path
    is_stopped: bool  # paused, to be continued


@dataclass(frozen=True)
class Action:
    """What to do now, and when to decide again if nothing happens before (None: never)."""

    kind: Literal["wait", "start", "pause", "resume"]
    workspace: Path | None = None
    minutes: float = 0.0
    until: float | None = None


def decide(
    needs: Sequence[Need], job: Job | None, paused_until: float, settings: TrainingSettings, now: float
) -> Action:
    """Return the next action. `paused_until` is infinity for a pause without end."""
    if now < paused_until:
        until = None if paused_until == float("inf") else paused_until
        running = job is not None and not job.is_stopped
        return Action("pause", job.workspace if job else None, until=until) if running else Action("wait", until=until)
    if job is not None:
        return Action("resume", job.workspace) if job.is_stopped else Action("wait")
    due = sorted((_due(need, settings), str(need.workspace), need) for need in needs if _wants(need, settings))
    if not due:
        return Action("wait")
    when, _, need = due[0]
    if when > now:
        return Action("wait", until=when)
    return Action("start", need.workspace, settings.minutes if need.is_trained else settings.first_minutes)


def _wants(need: Need, settings: TrainingSettings) -> bool:
    if need.held or need.characters < settings.smallest:
        return False
    return need.wanted or (settings.enabled and (not need.is_trained or need.changed > 0))


def _due(need: Need, settings: TrainingSettings) -> float:
    settled = 0.0 if need.wanted else need.last_change + settings.settle_seconds
    if need.failures == 0:
        return settled
    return max(settled, need.failed_at + min(_RETRY_SECONDS * 2.0 ** (need.failures - 1), _LONGEST_RETRY))
