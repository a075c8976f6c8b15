"""The Python side: found, offered once, or made in an environment of the extension's own; else it says what to do."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.editors.vscode.serving import Served
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package that pip installs without a network, whose `charwise` is the one that is tested."""
    path = tmp_path / "charwise-0.1.0-py3-none-any.whl"
    about = "charwise-0.1.0.dist-info"
    program = f"import os, sys\ndef main(): os.execv({sys.executable!r}, ['python', '-m', 'charwise', *sys.argv[1:]])\n"
    files = {
        "charwise_stub.py": program,
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: charwise\nVersion: 0.1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\ncharwise = charwise_stub:main\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{about}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"]))
    return path


def test_own_environment(window: Workbench, served: Served, wheel: Path) -> None:
    """The command makes the environment, whose charwise then serves."""
    with (
        window.setting("charwise.install.python", sys.executable),
        window.setting("charwise.install.requirement", str(wheel)),
    ):
        window.command("charwise.install")
    made = list((served.folder / "data").glob("User/globalStorage/charwise.charwise/venv/bin/charwise"))
    assert made
    with window.setting("charwise.path", str(made[0])):
        window.write(DEDENT)
        window.type_until_ghost("w")


def test_not_found(window: Workbench) -> None:
    """Where none is found, one message offers what can be done, and the status item says it on."""
    with window.setting("charwise.path", "/nowhere/charwise"):
        said = "there is no /nowhere/charwise"
        window.until(lambda: any(said in toast for toast in window.toasts), lambda: f"only {window.toasts} is said")
        window.page.get_by_role("button", name="Not Now").click()
        window.until(lambda: "warning" in window.status, lambda: f"the status is {window.status!r}")
        window.command("charwise.restart")
        window.until(lambda: not window.toasts, "it is said again")
    window.write(DEDENT)
    window.type_until_ghost("w")


def test_installation_fails(window: Workbench) -> None:
    """An installation that fails says why, and what to do."""
    with window.setting("charwise.install.python", "/nowhere/python3"):
        window.command("charwise.install")
        window.until(lambda: any("3.11" in toast for toast in window.toasts), lambda: f"only {window.toasts} is said")
        window.command("notifications.clearAll")
        window.until(lambda: not window.toasts, "the messages stay")
