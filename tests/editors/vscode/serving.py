"""Runs VS Code's web server, and a browser to look at it with."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.editors.vscode import installing
from tests.editors.vscode.workbench import until

DRIVER = Path(__file__).with_name("driver")
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


@dataclass(frozen=True)
class Served:
    """A code-server that runs."""

    url: str
    pid: int
    ports: Path  # where the driver of each window notes its port, by its folder's name
    folder: Path


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser; pages of it are windows."""
    found = installing.browser()
    flags = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.program, args=flags, env={**found.environment})
        yield browser
        browser.close()


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Run code-server with our extension and the driver, its data in a folder; `charwise` is that of this Python."""
    extensions = [installing.extension(), installing.pack(DRIVER, folder / "driver.vsix")]
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
            server.command(*where, *flags),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            start_new_session=True,
        )
    try:
        yield Served(_url(process), process.pid, ports, folder)
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End code-server and all that it has started: a language server that is left would start the daemon again."""
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()
    if process.stdout:
        process.stdout.close()
    until(lambda: not _has_members(process.pid), "something that code-server started does not end")


def _has_members(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"HTTP server listening on (http://\S+?)/?\s*$", line):
            return found[1]
    raise AssertionError("code-server ended before it listened")
