"""The status item and its menu: training is shown, paused, resumed; what was learned can be read and forgotten."""

import pytest

from tests.editors.vscode.conftest import BUILD
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench, until

# Three seconds of computing, which a busy machine may stretch.
_TRAINED = 120.0


@pytest.mark.timeout(2 * _TRAINED)
def test_training(window: Workbench) -> None:
    """Training shows its progress in the status item, which can pause it and let it go on."""
    window.write(DEDENT)
    window.command("charwise.retrain")
    window.until(lambda: "%" in window.status and "sync" in window.status, lambda: f"{window.status!r}, no progress")
    window.page.screenshot(path=BUILD / "learning.png")
    window.command("charwise.pause")
    window.until(lambda: "debug-pause" in window.status, lambda: f"{window.status!r}, not paused")
    window.command("charwise.resume")
    window.until(lambda: "debug-pause" not in window.status, lambda: f"{window.status!r}, not resumed")
    until(lambda: "lightbulb" in window.status, lambda: f"{window.status!r}, not ready in the end", _TRAINED)


def test_menu(window: Workbench) -> None:
    """A click on the status item brings a menu; what is chosen is done."""
    window.write(DEDENT)
    window.page.mouse.move(500, 300)  # its tooltip would be in the way
    window.page.locator('.statusbar-item[id*="charwise"]').click()
    window.page.wait_for_selector(".quick-input-widget .monaco-list-row")
    window.page.screenshot(path=BUILD / "menu.png")
    window.type("what it learned")
    window.press("Enter")
    shown = "return vscode.window.tabGroups.all.flatMap(group => group.tabs).map(tab => tab.label)"
    window.until(lambda: any("What charwise learned" in label for label in window.js(shown)), "no page is shown")


def test_learned(window: Workbench) -> None:
    """What it learned is a page that names the folder."""
    uri = "vscode.Uri.parse('charwise:What%20charwise%20learned.md')"
    page = window.js(f"return (await vscode.workspace.openTextDocument({uri})).getText()")
    assert page.startswith("# ")
    assert window.folder.name in page


def test_wrong_setting(window: Workbench) -> None:
    """A setting that cannot be is told until it is mended."""
    window.write(DEDENT)
    with window.setting("charwise.suggestions.maxLines", "many"):
        window.until(lambda: "warning" in window.status, lambda: f"the status is {window.status!r}")
        window.type("w")
        window.ghost()
    window.until(lambda: "lightbulb" in window.status, lambda: f"the status is {window.status!r}")


def test_language(window: Workbench) -> None:
    """A file whose language becomes one that is off is shown as off."""
    with window.setting("charwise.enable", {"*": True, "markdown": False}):
        window.write(DEDENT, "turned.txt")
        window.until(lambda: "lightbulb" in window.status, lambda: f"the status is {window.status!r}")
        window.js("vscode.languages.setTextDocumentLanguage(vscode.window.activeTextEditor.document, 'markdown')")
        window.until(lambda: "circle-slash" in window.status, lambda: f"the status is {window.status!r}")


def test_forget_nothing(window: Workbench) -> None:
    """Where no file is open, or one that was never saved, nothing can be forgotten, and that is said."""
    for command in ("workbench.action.closeAllEditors", "workbench.action.files.newUntitledFile"):
        window.close()
        window.command(command)
        window.command("charwise.forgetFile")
        window.until(lambda: any("shall forget" in toast for toast in window.toasts), "nothing is said")
        window.command("notifications.clearAll")
    window.close()


def test_forget(window: Workbench) -> None:
    """A file that is forgotten is left out from then on."""
    window.write("secret_of_mine = 'forget me'\n" * 50, "forget_me.py")
    window.command("charwise.forgetFile")
    assert "forget_me.py" in (window.folder / ".charwiseignore").read_text()


def test_forget_notebook(window: Workbench) -> None:
    """In a cell it is the notebook."""
    window.notebook("forgotten.ipynb", DEDENT)
    window.command("charwise.forgetFile")
    assert "forgotten.ipynb" in (window.folder / ".charwiseignore").read_text()
