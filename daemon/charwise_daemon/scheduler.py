"""When to train: a pure decision, `decide(needs, job, moment, ..., now) -> Action`. training.py carries it out.

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
# Nothing tells when the machine is plugged in: while there is something to train, it is looked at once a minute.
_MAINS_SECONDS = 60.0

FOREVER = float("inf")

# Why training waits, in the words that status and editors show; "": it does not.
Why = Literal["", "paused by you", "paused while you type", "paused on battery"]


@dataclass(frozen=True)
class Need:
    """What a workspace in use has to learn. Times are of one monotonic clock, in seconds."""

    workspace: Path
    characters: int  # in its corpus
    is_trained: bool
    changed: int  # files changed since it was last trained
    last_change: float
    is_outdated: bool = False  # it began from an older base model than there is now
    wanted: bool = False  # the user asked for it
    held: bool = False  # a trainer in the foreground has asked for the model
    failures: int = 0  # in a row
    failed_at: float = 0.0


@dataclass(frozen=True)
class Job:
    """The trainer that runs."""

    workspace: Path
    is_stopped: bool  # paused, to be continued
    is_wanted: bool = False  # the user asked for it
    is_ending: bool = False  # told to save and end, which nothing may stop


@dataclass(frozen=True)
class Moment:
    """What speaks against training now."""

    paused_until: float = 0.0  # by the user; infinity: without end
    typed_at: float = -FOREVER  # the last keystroke
    on_battery: bool = False


@dataclass(frozen=True)
class Action:
    """What to do now, and when to decide again if nothing happens before (None: never)."""

    kind: Literal["wait", "start", "pause", "resume"]
    workspace: Path | None = None
    minutes: float = 0.0
    until: float | None = None
    why: Why = ""  # something is to be trained, and waits


def decide(needs: Sequence[Need], job: Job | None, moment: Moment, settings: TrainingSettings, now: float) -> Action:
    """Return the next action."""
    if job is not None:
        return _continue(job, *_obstacle(moment, job.is_wanted, settings, now))
    due = min(
        ((_due(need, settings), str(need.workspace), need) for need in needs if _wants(need, settings)), default=None
    )
    why, until = _obstacle(moment, due is not None and due[2].wanted, settings, now)
    if why == "paused by you":  # which is shown whether or not there is something to train
        return Action("wait", until=until, why=why)
    if due is None:
        return Action("wait")
    when, _, need = due
    if when > now:
        return Action("wait", until=when)
    if why:
        return Action("wait", until=until, why=why)
    is_first = need.is_outdated or not need.is_trained
    return Action("start", need.workspace, settings.first_minutes if is_first else settings.minutes)


def _obstacle(moment: Moment, is_wanted: bool, settings: TrainingSettings, now: float) -> tuple[Why, float | None]:
    """Return why nothing may train now, and when to look again. What the user asked for is trained on battery too."""
    if now < moment.paused_until:
        return "paused by you", None if moment.paused_until == FOREVER else moment.paused_until
    quiet = moment.typed_at + settings.resume_seconds
    if now < quiet:
        return "paused while you type", quiet
    if moment.on_battery and not settings.on_battery and not is_wanted:
        return "paused on battery", now + _MAINS_SECONDS
    return "", None


def _continue(job: Job, why: Why, until: float | None) -> Action:
    if job.is_ending:
        return Action("wait")
    if why and job.is_stopped:
        return Action("wait", until=until, why=why)
    if why:
        return Action("pause", job.workspace, until=until, why=why)
    return Action("resume", job.workspace) if job.is_stopped else Action("wait")


def _wants(need: Need, settings: TrainingSettings) -> bool:
    if need.held or need.characters < settings.smallest:
        return False
    return need.wanted or (settings.enabled and (not need.is_trained or need.is_outdated or need.changed > 0))


def _due(need: Need, settings: TrainingSettings) -> float:
    settled = 0.0 if need.wanted else need.last_change + settings.settle_seconds
    if need.failures == 0:
        return settled
    return max(settled, need.failed_at + min(_RETRY_SECONDS * 2.0 ** (need.failures - 1), _LONGEST_RETRY))
