"""The scheduler's decisions, as tables."""

from dataclasses import replace
from pathlib import Path

import pytest

from charwise_daemon.scheduler import Action, Job, Moment, Need, decide
from charwise_daemon.settings import TrainingSettings

_HERE, _THERE = Path("/here"), Path("/there")
_SETTINGS = TrainingSettings(first_minutes=10, minutes=3, settle_seconds=30, resume_seconds=2)
_NEW = Need(_HERE, characters=50_000, is_trained=False, changed=0, last_change=100.0)
_TRAINED = replace(_NEW, is_trained=True)
_CHANGED = replace(_TRAINED, changed=2)
_JUST_CHANGED = replace(_CHANGED, last_change=980)
_WANTED = replace(_JUST_CHANGED, wanted=True)
_NOW = 1000.0
_FREE = Moment()


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        pytest.param([], Action("wait"), id="nothing in use"),
        pytest.param([_NEW], Action("start", _HERE, 10), id="new and settled"),
        pytest.param([replace(_NEW, last_change=990)], Action("wait", until=1020), id="new, not settled"),
        pytest.param([replace(_NEW, characters=100)], Action("wait"), id="too small"),
        pytest.param([replace(_NEW, held=True)], Action("wait"), id="trained in the foreground"),
        pytest.param([_TRAINED], Action("wait"), id="nothing changed"),
        pytest.param([replace(_TRAINED, is_outdated=True)], Action("start", _HERE, 10), id="a newer base"),
        pytest.param([_CHANGED], Action("start", _HERE, 3), id="changed"),
        pytest.param([_JUST_CHANGED], Action("wait", until=1010), id="just changed"),
        pytest.param([_WANTED], Action("start", _HERE, 3), id="asked for: no waiting"),
        pytest.param([replace(_TRAINED, wanted=True)], Action("start", _HERE, 3), id="asked for, unchanged"),
        pytest.param(
            [_CHANGED, replace(_CHANGED, workspace=_THERE, last_change=50)],
            Action("start", _THERE, 3),
            id="oldest first",
        ),
        pytest.param(
            [replace(_CHANGED, failures=1, failed_at=990)], Action("wait", until=1050), id="a minute after a failure"
        ),
        pytest.param(
            [replace(_CHANGED, failures=3, failed_at=990)], Action("wait", until=1230), id="later after three"
        ),
    ],
)
def test_decide_what_to_train(needs: list[Need], expected: Action) -> None:
    """Each situation of the workspaces has one action, where nothing speaks against training."""
    assert decide(needs, None, _FREE, _SETTINGS, _NOW) == expected


_BY_YOU, _TYPING, _BATTERY = "paused by you", "paused while you type", "paused on battery"
_RUNNING, _STOPPED = Job(_HERE, is_stopped=False), Job(_HERE, is_stopped=True)
_ENDING = replace(_RUNNING, is_ending=True)
_ASKED_FOR = replace(_RUNNING, is_wanted=True)
_PAUSED, _PAUSED_FOR_GOOD = Moment(paused_until=2000), Moment(paused_until=float("inf"))
_TYPED, _TYPED_BEFORE = Moment(typed_at=999.5), Moment(typed_at=998)
_UNPLUGGED = Moment(on_battery=True)


@pytest.mark.parametrize(
    ("needs", "job", "moment", "expected"),
    [
        # by the user
        pytest.param([_CHANGED], None, _PAUSED_FOR_GOOD, Action("wait", why=_BY_YOU), id="paused without end"),
        pytest.param([_CHANGED], None, _PAUSED, Action("wait", until=2000, why=_BY_YOU), id="paused for a while"),
        pytest.param([], None, _PAUSED, Action("wait", until=2000, why=_BY_YOU), id="paused, nothing to train"),
        pytest.param([_WANTED], None, _PAUSED_FOR_GOOD, Action("wait", why=_BY_YOU), id="paused, then asked for"),
        pytest.param([], _RUNNING, _PAUSED, Action("pause", _HERE, until=2000, why=_BY_YOU), id="pause"),
        pytest.param([], _STOPPED, _PAUSED, Action("wait", until=2000, why=_BY_YOU), id="is paused"),
        pytest.param([], _STOPPED, Moment(paused_until=900), Action("resume", _HERE), id="pause is over"),
        # by typing
        pytest.param([_CHANGED], None, _TYPED, Action("wait", until=1001.5, why=_TYPING), id="due while typing"),
        pytest.param([_WANTED], None, _TYPED, Action("wait", until=1001.5, why=_TYPING), id="asked for while typing"),
        pytest.param([_JUST_CHANGED], None, _TYPED, Action("wait", until=1010), id="typing, not due yet"),
        pytest.param([_TRAINED], None, _TYPED, Action("wait"), id="typing, nothing to train"),
        pytest.param([_CHANGED], None, _TYPED_BEFORE, Action("start", _HERE, 3), id="typed a while ago"),
        pytest.param([], _RUNNING, _TYPED, Action("pause", _HERE, until=1001.5, why=_TYPING), id="typed"),
        pytest.param([], _ASKED_FOR, _TYPED, Action("pause", _HERE, until=1001.5, why=_TYPING), id="typed, too"),
        pytest.param([], _STOPPED, _TYPED, Action("wait", until=1001.5, why=_TYPING), id="still typing"),
        pytest.param([], _STOPPED, _TYPED_BEFORE, Action("resume", _HERE), id="typing is over"),
        # by the battery
        pytest.param([_CHANGED], None, _UNPLUGGED, Action("wait", until=1060, why=_BATTERY), id="due on battery"),
        pytest.param([_JUST_CHANGED], None, _UNPLUGGED, Action("wait", until=1010), id="on battery, not due yet"),
        pytest.param([_TRAINED], None, _UNPLUGGED, Action("wait"), id="on battery, nothing to train"),
        pytest.param([_WANTED], None, _UNPLUGGED, Action("start", _HERE, 3), id="asked for on battery"),
        pytest.param([], _RUNNING, _UNPLUGGED, Action("pause", _HERE, until=1060, why=_BATTERY), id="unplugged"),
        pytest.param([], _STOPPED, _UNPLUGGED, Action("wait", until=1060, why=_BATTERY), id="still on battery"),
        pytest.param([], _ASKED_FOR, _UNPLUGGED, Action("wait"), id="asked for, then unplugged"),
        # what goes before what
        pytest.param(
            [], _RUNNING, replace(_TYPED, on_battery=True), Action("pause", _HERE, until=1001.5, why=_TYPING), id="both"
        ),
        pytest.param(
            [], _STOPPED, replace(_TYPED, paused_until=2000), Action("wait", until=2000, why=_BY_YOU), id="you first"
        ),
        # a trainer that runs
        pytest.param([_CHANGED], _RUNNING, _FREE, Action("wait"), id="one at a time"),
        pytest.param([], _ENDING, _TYPED, Action("wait"), id="ending: typing does not stop it"),
        pytest.param([], _ENDING, _PAUSED, Action("wait"), id="ending: nor does a pause"),
    ],
)
def test_decide_whether_to_train(needs: list[Need], job: Job | None, moment: Moment, expected: Action) -> None:
    """The user's pause, typing and the battery stop a trainer and keep one from starting, each as long as it lasts."""
    assert decide(needs, job, moment, _SETTINGS, _NOW) == expected


def test_decide_disabled() -> None:
    """Training that is switched off starts only when the user asks."""
    settings = replace(_SETTINGS, enabled=False)
    assert decide([_CHANGED], None, _FREE, settings, _NOW) == Action("wait")
    assert decide([replace(_CHANGED, wanted=True)], None, _FREE, settings, _NOW).kind == "start"


def test_decide_on_battery_allowed() -> None:
    """Who allows it trains on battery; who sets no pause for typing trains on while typing."""
    settings = replace(_SETTINGS, on_battery=True, resume_seconds=0)
    moment = Moment(typed_at=_NOW, on_battery=True)
    assert decide([_CHANGED], None, moment, settings, _NOW) == Action("start", _HERE, 3)
    assert decide([], _RUNNING, moment, settings, _NOW) == Action("wait")
