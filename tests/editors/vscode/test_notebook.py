"""Cells of notebooks."""

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


def test_file(window: Workbench) -> None:
    """What is switched off for this file is off in all cells of the notebook."""
    window.notebook("cells.ipynb", DEDENT)
    window.type_until_ghost("w")
    window.command("charwise.toggleFile")
    window.command("notebook.focusPreviousEditor")
    window.press("Control+End")
    window.type("w")
    window.nothing()
    assert "circle-slash" in window.status
    window.command("charwise.toggleFile")


def test_cell(window: Workbench) -> None:
    """A cell goes on as another one began."""
    window.close()
    code = """
    const cell = text => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'python');
    const data = new vscode.NotebookData([cell(text), cell('')]);
    const document = await vscode.workspace.openNotebookDocument('jupyter-notebook', data);
    await vscode.window.showNotebookDocument(document, { selections: [new vscode.NotebookRange(1, 2)] });
    await vscode.commands.executeCommand('notebook.cell.edit');
    """
    window.js(code, text=DEDENT)
    window.page.wait_for_selector(".notebook-editor .monaco-editor.focused")
    window.type("def third(text):\n")
    window.type("return text")
    window.type_until_ghost("w")
