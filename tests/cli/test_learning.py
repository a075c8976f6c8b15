"""Which model a workspace gets, where nobody has said so and where somebody has."""

from pathlib import Path

import pytest

from charwise import learning
from charwise_daemon import paths, registry
from charwise_daemon.registry import Entry
from charwise_trainer import base
from charwise_trainer.config import config_for


@pytest.mark.usefixtures("home")
def test_quick_model(tmp_path: Path) -> None:
    """Where a key has little time the model is the smallest, whatever there is to learn; a size asked for counts."""
    entry = Entry(str(tmp_path), "commands", base=False, quick=True)
    assert learning._asked(10_000_000, {}, entry) == config_for(0)
    assert learning._asked(10_000_000, {}, Entry(str(tmp_path), "project")) is None
    asked = learning._asked(10_000_000, {"width": 64}, entry)
    assert asked
    assert asked.width == 64


@pytest.mark.usefixtures("home")
def test_enlist(tmp_path: Path) -> None:
    """What was said of a workspace once holds until something else is said."""
    quick = Entry(str(tmp_path), "commands", base=False, quick=True)
    registry.write(paths.workspaces_file(), {tmp_path: quick})
    assert learning.enlist(tmp_path, "", None, "") == quick
    other = tmp_path / "other"
    assert learning.enlist(other, "mine", True, "") == Entry(str(other), "mine", lines=True)
    assert not learning.enlist(other, "", None, base.NO_BASE).base
    assert not learning.enlist(other, "", None, "").base
    assert learning.enlist(other, "", None, base.NAME).base
    assert registry.read(paths.workspaces_file())[other].lines
