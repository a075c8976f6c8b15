"""A project, a model really trained on it, and a home of its own for each test: what every real editor is started with.

Run by `make test-editors`. The editors themselves are installed in a cache folder, by the folder that drives them.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import QUIET, configure, make_project, stop_daemon

# A model that learns a little in seconds.
TINY = ("--epochs", "8", "--layers", "1", "--width", "64", "--threads", "1")


@dataclass(frozen=True)
class Learned:
    """A folder of real Python, and the CHARWISE_HOME in which a model of it was trained."""

    project: Path
    home: Path


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """A project and its trained model, made once: no test may change either."""
    folder = tmp_path_factory.mktemp("editors")
    project = make_project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(folder / "home"))
        configure(QUIET)
        subprocess.run(
            [sys.executable, "-m", "charwise", "train", str(project), *TINY], check=True, capture_output=True
        )
        stop_daemon()
    return Learned(project, folder / "home")


@pytest.fixture
def home(learned: Learned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A CHARWISE_HOME of the test's own, with the trained model; a daemon that was started in it is stopped."""
    home = tmp_path / "home"
    shutil.copytree(learned.home, home)
    monkeypatch.setenv("CHARWISE_HOME", str(home))
    yield home
    stop_daemon()


@pytest.fixture
def project(learned: Learned) -> Path:
    """The project that the model has learned; a test that writes files copies it."""
    return learned.project
