"""The scheduler's decisions, as a table."""

from dataclasses import replace
from pathlib import Path

import pytest

from charwise_daemon.scheduler import Action, Job, Need, decide
from charwise_daemon.settings import TrainingSettings

_HERE, _THERE = Path("/here"), Path("/there")
_SETTINGS = TrainingSettings(first_minutes=10, minutes=3, settle_seconds=30)
_NEW = Need(_HERE, characters=50_000, is_trained=False, changed=0, last_change=100.0)
_TRAINED = replace(_NEW, is_trained=True)
_CHANGED = replace(_TRAINED, changed=2)
_NOW = 1000.0


@pytest.mark.parametrize(
    ("needs", "job", "paused_until", "wanted"),
    [
        pytest.param([], None, 0, Action("wait"), id="nothing in use"),
        pytest.param([_NEW], None, 0, Action("start", _HERE, 10), id="new and settled"),
        pytest.param([replace(_NEW, last_change=990)], None, 0, Action("wait", until=1020), id="new, not settled"),
        pytest.param([replace(_NEW, characters=100)], None, 0, Action("wait"), id="too small"),
        pytest.param([replace(_NEW, held=True)], None, 0, Action("wait"), id="trained in the foreground"),
        pytest.param([_TRAINED], None, 0, Action("wait"), id="nothing changed"),
        pytest.param([_CHANGED], None, 0, Action("start", _HERE, 3), id="changed"),
        pytest.param([replace(_CHANGED, last_change=980)], None, 0, Action("wait", until=1010), id="just changed"),
        pytest.param(
            [replace(_CHANGED, last_change=980, wanted=True)],
            None,
            0,
            Action("start", _HERE, 3),
            id="asked for: no waiting",
        ),
        pytest.param([replace(_TRAINED, wanted=True)], None, 0, Action("start", _HERE, 3), id="asked for, unchanged"),
        pytest.param(
            [_CHANGED, replace(_CHANGED, workspace=_THERE, last_change=50)],
            None,
            0,
            Action("start", _THERE, 3),
            id="oldest first",
        ),
        pytest.param([_CHANGED], Job(_HERE, is_stopped=False), 0, Action("wait"), id="one at a time"),
        pytest.param([_CHANGED], Job(_HERE, is_stopped=False), 2000, Action("pause", _HERE, until=2000), id="pause"),
        pytest.param([_CHANGED], Job(_HERE, is_stopped=True), 2000, Action("wait", until=2000), id="is paused"),
        pytest.param([_CHANGED], Job(_HERE, is_stopped=True), 900, Action("resume", _HERE), id="pause is over"),
        pytest.param([_CHANGED], None, float("inf"), Action("wait"), id="paused without end"),
        pytest.param([_CHANGED], None, 2000, Action("wait", until=2000), id="paused, nothing runs"),
        pytest.param(
            [replace(_CHANGED, failures=1, failed_at=990)],
            None,
            0,
            Action("wait", until=1050),
            id="a minute after a failure",
        ),
        pytest.param(
            [replace(_CHANGED, failures=3, failed_at=990)], None, 0, Action("wait", until=1230), id="later after three"
        ),
    ],
)
def test_decide(needs: list[Need], job: Job | None, paused_until: float, wanted: Action) -> None:
    """Each situation has one action."""
    assert decide(needs, job, paused_until, _SETTINGS, _NOW) == wanted


def test_decide_disabled() -> None:
    """Training that is switched off starts only when the user asks."""
    settings = replace(_SETTINGS, enabled=False)
    assert decide([_CHANGED], None, 0, settings, _NOW) == Action("wait")
    assert decide([replace(_CHANGED, wanted=True)], None, 0, settings, _NOW).kind == "start"
