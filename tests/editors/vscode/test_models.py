"""The menu of stored models, one of which a folder has."""

import re

from charwise_daemon import paths
from charwise_daemon.registry import read
from charwise_daemon.store import name_for
from tests.editors.vscode.conftest import BUILD
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench

# What it calls the folder's.
_OWN = "The workspace's own"
_ROWS = ".quick-input-widget .monaco-list-row"


def test_choose_model(window: Workbench) -> None:
    """A menu names the stored models and which is in use; what is chosen serves the folder from then on."""
    window.write(DEDENT)
    rows = _models(window)
    window.page.screenshot(path=BUILD / "models.png")
    said = [re.match(r"(.*?)1x64 lstm, \d\.\d\d bits per character", row) for row in rows]
    assert [each and each[1] for each in said] == [_OWN, "linux", "stacks"]
    assert ["in use" in row for row in rows] == [True, False, False]
    _choose(window, "linux", "linux")
    _models(window)
    _choose(window, _OWN, name_for(window.folder))


def _models(window: Workbench) -> list[str]:
    """Open the menu of models, and return what its rows say."""
    window.js("void vscode.commands.executeCommand('charwise.chooseModel')")
    rows = window.page.locator(_ROWS)
    window.until(lambda: "linux" in "".join(rows.all_inner_texts()), "no models are shown")
    return [row.strip() for row in rows.all_inner_texts()]


def _choose(window: Workbench, shown: str, name: str) -> None:
    """Choose what the menu shows as this, and return when the folder has the model of this name."""
    window.page.locator(".quick-input-widget input.input").fill(shown)  # keys are lost while the menu takes the focus
    rows = window.page.locator(_ROWS)
    window.until(lambda: [row.strip().startswith(shown) for row in rows.all_inner_texts()] == [True], "others are left")
    window.press("Enter")
    window.page.wait_for_selector(".quick-input-widget", state="hidden")
    window.until(lambda: read(paths.workspaces_file())[window.folder].model == name, f"it has not {name}")
