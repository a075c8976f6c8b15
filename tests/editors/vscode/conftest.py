"""One code-server for all tests of this folder, with the packed extension, a real server, daemon and model."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from charwise_daemon import paths
from charwise_daemon.store import name_for
from tests.conftest import QUIET, configure, stop_daemon
from tests.editors.conftest import Learned
from tests.editors.vscode import installing
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench

SETTINGS = """{
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
  "editor.wordBasedSuggestions": "off",
  "editor.inlineSuggest.showToolbar": "always",
  "editor.minimap.enabled": false,
  "editor.cursorBlinking": "solid",
  "files.autoSave": "off",
  "files.hotExit": "off",
  "git.enabled": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none"
}"""
# Only when asked, not for long, and not behind whatever else the machine does.
_TRAINING = f"{QUIET}minutes = 0.05\nniceness = 0\ncpu_share = 1.0\n"
BUILD = Path(__file__).parents[3] / "build" / "vscode"


@dataclass(frozen=True)
class Served:
    """A code-server that runs."""

    url: str
    pid: int
    ports: Path  # where the driver of each window notes its port, by its folder's name
    folder: Path


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
    return Learned(project, home)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser; pages of it are windows."""
    found = installing.browser()
    arguments = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found.program, args=arguments, env={**found.environment})
        yield launched
        launched.close()


@pytest.fixture(scope="package")
def served(place: Learned, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The editor's server, with our extension and the driver installed."""
    folder = tmp_path_factory.mktemp("code-server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(place.home))
        with serving(folder, [installing.extension(), installing.pack(DRIVER, folder / "driver.vsix")]) as served:
            yield served
        stop_daemon()


DRIVER = Path(__file__).with_name("driver")


@contextmanager
def serving(folder: Path, extensions: list[Path]) -> Iterator[Served]:
    """Run code-server with these extensions and its data in a folder; `charwise` is that of this Python."""
    server, (data, ports) = installing.code_server(), (folder / "data", folder / "ports")
    (data / "User").mkdir(parents=True)
    ports.mkdir()
    (data / "User" / "settings.json").write_text(SETTINGS)
    (folder / "config.yaml").write_text("bind-addr: 127.0.0.1:0\nauth: none\ncert: false\n")
    where = ["--config", folder / "config.yaml", "--user-data-dir", data, "--extensions-dir", folder / "extensions"]
    flags = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"]
    installs = [part for each in extensions for part in ("--install-extension", each)]
    user = folder / "user"
    user.mkdir()
    # Extensions get the PATH of the user's login shell.
    (user / ".profile").write_text(f'export PATH="{Path(sys.executable).parent}:$PATH"\n')
    environment = dict(os.environ) | {"HOME": str(user), "SHELL": "/bin/bash", "CHARWISE_TEST_DRIVER": str(ports)}
    subprocess.run(server.command(*where, *installs), check=True, capture_output=True, env=environment)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            server.command(*where, *flags), stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
    try:
        yield Served(_url(process), process.pid, ports, folder)
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"HTTP server listening on (http://\S+?)/?\s*$", line):
            return found[1]
    raise AssertionError("code-server ended before it listened")


@pytest.fixture(scope="package")
def window(served: Served, chromium: Browser, place: Learned) -> Workbench:
    """The window that most tests share, each with a file of its own."""
    BUILD.mkdir(parents=True, exist_ok=True)
    page = chromium.new_page(viewport={"width": 1000, "height": 700})
    window = Workbench(page, served.url, place.project, served.ports).start().trust()
    window.write(DEDENT)
    window.type_until_ghost("w")  # the server runs, the daemon has read the project
    return window
