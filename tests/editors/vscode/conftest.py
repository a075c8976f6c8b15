"""One code-server for all tests of this folder, with the packed extension, a real server, daemon and model."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from charwise_daemon import paths
from charwise_daemon.store import name_for
from tests.conftest import QUIET, configure, stop_daemon
from tests.editors.conftest import TINY, Learned
from tests.editors.vscode.serving import Served, browsing, serving
from tests.editors.vscode.texts import DEDENT, LATEX
from tests.editors.vscode.workbench import Workbench

# Only when asked, not for long, and not behind whatever else the machine does; and models of their own for some files.
_TRAINING = f"""{QUIET}minutes = 0.05
niceness = 0
cpu_share = 1.0
[models]
"*.c" = "linux"
"*.tex" = "stacks"
"""
KERNEL = Path(__file__).parents[3] / "daemon/charwise_daemon/kernel_lstm.h"
BUILD = Path(__file__).parents[3] / "build" / "vscode"


@pytest.fixture(scope="package")
def place(learned: Learned, tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """The project and its model, in copies that the tests of this folder may change."""
    folder = tmp_path_factory.mktemp("vscode").resolve()
    project, home = folder / "project", folder / "home"
    shutil.copytree(learned.project, project)
    shutil.copytree(learned.home, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(home))
        configure(_TRAINING)
        (paths.models_dir() / name_for(learned.project)).rename(paths.models_dir() / name_for(project))
        for name, text in (("linux", KERNEL.read_text("utf-8")), ("stacks", LATEX)):
            source = folder / name
            source.write_text(text)
            subprocess.run(
                [sys.executable, "-m", "charwise", "train", source, "--model", name, *TINY],
                check=True,
                capture_output=True,
            )
        stop_daemon()
    return Learned(project, home)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser; pages of it are windows."""
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="package")
def served(place: Learned, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The editor's server, with our extension and the driver installed."""
    folder = tmp_path_factory.mktemp("code-server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(place.home))
        with serving(folder) as served:
            yield served
        stop_daemon()


@pytest.fixture(scope="package")
def window(served: Served, chromium: Browser, place: Learned) -> Workbench:
    """The window that most tests share, each with a file of its own."""
    BUILD.mkdir(parents=True, exist_ok=True)
    page = chromium.new_page(viewport={"width": 1000, "height": 700})
    window = Workbench(page, served.url, place.project, served.ports).start().trust()
    window.write(DEDENT)
    window.type_until_ghost("w")  # the server runs, the daemon has read the project
    return window
