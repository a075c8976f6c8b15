"""The battery, which no test can unplug: its answers are made up."""

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from charwise_daemon.power import is_on_battery


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        pytest.param(None, False, id="none"),
        pytest.param(SimpleNamespace(power_plugged=True), False, id="plugged in"),
        pytest.param(SimpleNamespace(power_plugged=False), True, id="unplugged"),
        pytest.param(SimpleNamespace(power_plugged=None), False, id="does not say"),
    ],
)
def test_is_on_battery(monkeypatch: pytest.MonkeyPatch, battery: Any, expected: bool) -> None:
    """Only a battery that says that it is unplugged counts."""
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert is_on_battery() is expected


@pytest.mark.parametrize("error", [FileNotFoundError("energy_now"), ValueError("no number")])
def test_is_on_battery_not_known(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """A driver that cannot be read keeps nobody from training."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(psutil, "sensors_battery", fail, raising=False)
    assert is_on_battery() is False


def test_is_on_battery_other_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system whose batteries are not known is plugged in."""
    monkeypatch.delattr(psutil, "sensors_battery", raising=False)
    assert is_on_battery() is False


def test_loaded_when_asked() -> None:
    """What asks the battery is loaded only when it is asked."""
    script = "import charwise_daemon.training, sys; print('psutil' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout == b"False\n"
