"""One window of VS Code in a browser: its keys and what it draws, and through the driver its buffers and settings."""

import contextlib
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

# A busy machine takes its time; nothing here waits for longer than it must.
PATIENCE = 30.0
# What VS Code draws of a suggestion: text within the line, and the further lines below it.
_GHOST = r"""() => {
  const texts = what => [...document.querySelectorAll('.monaco-editor ' + what)].map(each => each.textContent);
  const inline = texts('.view-lines [class*="ghost-text-decoration"]');
  const below = texts('.suggest-preview-text > div').map(each => '\n' + each);
  return [...inline, ...below].join('').replaceAll('\u00a0', ' ').replaceAll('\u200b', '');
}"""


class Workbench:
    """A window on one folder; `code-server` at `url` serves it."""

    def __init__(self, page: Page, url: str, folder: Path, ports: Path) -> None:
        self.page, self.folder = page, folder
        self._url, self._ports, self._count = url, ports / folder.name, 0

    def start(self) -> Self:
        """Load the window; its folder is not trusted."""
        self._ports.unlink(missing_ok=True)
        self.page.goto(f"{self._url}/?folder={self.folder}", wait_until="commit")
        self.page.wait_for_selector(".monaco-workbench", timeout=1000 * PATIENCE)
        until(lambda: self._ports.exists() and self._ports.read_text(), "the driver has not started")
        return self

    def trust(self) -> Self:
        """Trust the window's folder, as a user does: again where the page was drawn anew under the click."""
        self.command("workbench.trust.manage")
        button = self.page.get_by_role("button", name="Trust", exact=True)
        button.wait_for(timeout=1000 * PATIENCE)

        def trusted() -> bool:
            if button.is_visible():
                with contextlib.suppress(PlaywrightTimeoutError):
                    button.click(timeout=1000)
            return bool(self.js("return vscode.workspace.isTrusted"))

        until(trusted, "the folder is not trusted")
        self.close()
        return self

    # --- the driver ------------------------------------------------------------------------------
    def js(self, code: str, **values: Any) -> Any:
        """Run JavaScript in the extension host and return its result; `values` are variables of it."""
        known = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
        request = urllib.request.Request(f"http://127.0.0.1:{self._ports.read_text()}", (known + code).encode())
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            answer = json.loads(response.read())
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def command(self, name: str, *arguments: Any) -> Any:
        """Run a command of the editor."""
        return self.js("return await vscode.commands.executeCommand(name, ...given)", name=name, given=arguments)

    @contextlib.contextmanager
    def setting(self, key: str, value: Any) -> Iterator[None]:
        """Set one of the user's settings for a while."""
        update = "await vscode.workspace.getConfiguration().update(key, value ?? undefined, true)"
        self.js(update, key=key, value=value)
        try:
            yield
        finally:
            self.js(update, key=key, value=None)

    # --- the buffer ------------------------------------------------------------------------------
    def write(self, text: str, name: str = "", *, cursor: tuple[int, int] | None = None) -> Path:
        """Open a new file with this text, with the cursor at its end or at (line, column), and the focus in it."""
        self._count += 1
        path = self.folder / (name or f"new{self._count}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.open(path, cursor)
        return path

    def open(self, path: Path, cursor: tuple[int, int] | None = None) -> None:
        """Open a file that is there."""
        self.close()
        code = """
        const editor = await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: false });
        const end = editor.document.lineAt(editor.document.lineCount - 1).range.end;
        const at = cursor ? new vscode.Position(...cursor) : end;
        editor.selection = new vscode.Selection(at, at);
        """
        self.js(code, path=str(path), cursor=cursor)
        self.focus()

    def notebook(self, name: str, text: str) -> None:
        """Open a new notebook with this text in both of its cells, and the focus at the end of the second."""
        self.close()
        path = self.folder / name
        path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        code = """
        const document = await vscode.workspace.openNotebookDocument(vscode.Uri.file(path));
        const cell = text => new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, 'python');
        const edit = new vscode.WorkspaceEdit();
        edit.set(document.uri, [vscode.NotebookEdit.insertCells(0, [cell(text), cell(text)])]);
        await vscode.workspace.applyEdit(edit);
        await vscode.window.showNotebookDocument(document, { selections: [new vscode.NotebookRange(1, 2)] });
        await vscode.commands.executeCommand('notebook.cell.edit');
        """
        self.js(code, path=str(path), text=text)
        self.page.wait_for_selector(".notebook-editor .monaco-editor.focused")
        self.press("Control+End")

    def close(self) -> None:
        """Close what is open, without a question for what is not saved."""
        code = """
        while (vscode.window.tabGroups.activeTabGroup.activeTab)
          await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
        """
        self.js(code)

    def focus(self) -> None:
        """Turn the keys to the editor."""
        self.command("workbench.action.focusActiveEditorGroup")
        self.page.wait_for_selector(".monaco-editor.focused", timeout=1000 * PATIENCE)

    @property
    def text(self) -> str:
        """The buffer's text."""
        return str(self.js("return vscode.window.activeTextEditor.document.getText()"))

    def until_text(self, wanted: str) -> None:
        """Wait until the buffer has this text, and say what it has instead where it never does."""
        until(lambda: self.text == wanted, lambda: f"the buffer has {self.text!r}, not {wanted!r}")

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        self.page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        """Press keys by name."""
        for key in keys:
            self.page.keyboard.press(key)

    # --- what is drawn ---------------------------------------------------------------------------
    @property
    def drawn(self) -> str:
        """The ghost text that is drawn now."""
        return str(self.page.evaluate(_GHOST))

    def ghost(self, wanted: str | None = None) -> str:
        """Wait for ghost text (for this one) and return it."""
        until(
            lambda: self.drawn == wanted if wanted is not None else self.drawn,
            lambda: f"{self.drawn!r} is drawn, not {wanted or 'a suggestion'!r}, after {self.text[-100:]!r}",
        )
        return self.drawn

    def alternatives(self) -> list[str]:
        """Ask for alternatives, turn through all of them, and return them; the first one is shown again."""
        self.command("editor.action.inlineSuggest.trigger")
        until(lambda: self._shown_of()[1] > 1, lambda: f"{self.drawn!r} is the only one")
        _, count = self._shown_of()
        return [self._turned_to(number % count + 1) for number in range(1, count + 1)]

    def turn(self, key: str, number: int) -> str:
        """Turn to the alternative of this number by a key, and return it."""
        before = self.drawn
        self.press(key)
        until(lambda: self._shown_of()[0] == number, lambda: f"{self._shown_of()} instead of {number} is shown")
        until(
            lambda: self.drawn not in {"", before}, lambda: f"{before!r} is still drawn"
        )  # after the number has changed
        return self.drawn

    def _turned_to(self, number: int) -> str:
        return self.turn("Alt+]", number)

    def _shown_of(self) -> tuple[int, int]:
        """Return which alternative the editor says it shows, of how many."""
        text = " ".join(self.page.locator(".inlineSuggestionsHints").all_inner_texts())
        found = re.search(r"(\d+)/(\d+)", text)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def ghost_begins(self, wanted: str) -> None:
        """Wait for this ghost text, or more of it: as it is typed, the search may see further."""
        until(
            lambda: self.drawn.startswith(wanted) if wanted else True,
            lambda: f"{self.drawn!r} is drawn, not {wanted!r}, after {self.text[-100:]!r}",
        )

    def type_until_ghost(self, key: str, wanted: str = "") -> str:
        """Type a key, and again until what is suggested has this text: the server may be on its way."""

        def typed() -> bool:
            self.press("Backspace")
            self.type(key)
            with contextlib.suppress(AssertionError):
                until(lambda: self.drawn, "", patience=0.5)
            return self.drawn != "" and wanted in self.drawn

        self.type(key)
        until(typed, lambda: f"{self.drawn!r} is all that is suggested")
        return self.drawn

    def nothing(self) -> None:
        """Wait until the editor has asked for suggestions where the cursor is now, and see that none is drawn."""
        code = """
        const { uri, version } = vscode.window.activeTextEditor.document;
        return asked.some(([where, when]) => where === uri.toString() && when === version);
        """
        until(lambda: self.js(code), "the editor does not ask")
        self.settled()
        assert self.drawn == "", f"{self.drawn!r} is drawn after {self.text[-100:]!r}"

    def settled(self) -> None:
        """Return when what was sent to the window before has been drawn."""
        self.js("await vscode.commands.executeCommand('setContext', 'charwise.test', true)")
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def status(self) -> str:
        """The text of charwise's item in the status bar, with the names of its icons."""
        item = self.page.locator('.statusbar-item[id*="charwise"]')
        icons = item.locator(".codicon").evaluate_all("all => all.map(each => each.className)")
        return " ".join([*icons, item.inner_text()])

    @property
    def toasts(self) -> list[str]:
        """The messages that are on top of everything now."""
        return self.page.locator(".notification-toast .notification-list-item-message").all_inner_texts()

    @staticmethod
    def until(holds: Callable[[], Any], complaint: str | Callable[[], str]) -> None:
        """Return when something holds; fail with the complaint where it does not in time."""
        until(holds, complaint)


def until(holds: Callable[[], Any], complaint: str | Callable[[], str], patience: float = PATIENCE) -> None:
    """Return when something holds; fail with the complaint where it does not in time."""
    latest = time.monotonic() + patience
    while not holds():
        if time.monotonic() > latest:
            raise AssertionError(complaint if isinstance(complaint, str) else complaint())
        time.sleep(0.02)
