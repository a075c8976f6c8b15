"""Beside the editor's own popup and snippets."""

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench

_POPUP = ".suggest-widget.visible .monaco-list-row"


def test_continues_the_chosen_item(window: Workbench) -> None:
    """With the popup open a suggestion goes on from the item that is chosen, and Tab takes that item alone."""
    with (
        window.setting("editor.quickSuggestions", {"other": "on"}),
        window.setting("editor.wordBasedSuggestions", "currentDocument"),
    ):
        window.write(DEDENT.removesuffix("text"))
        window.type("t")
        window.page.wait_for_selector(_POPUP)
        window.type("extw")  # after the popup: the editor may otherwise offer the word that is being typed as its own
        chosen = window.page.locator(f"{_POPUP}.focused")
        window.until(
            lambda: chosen.inner_text().strip().startswith("textwrap"), lambda: f"{chosen.inner_text()!r} is chosen"
        )
        window.until(lambda: window.drawn.startswith("rap"), lambda: f"{window.drawn!r} is drawn")
        window.press("Tab")
        window.until_text(f"{DEDENT}wrap")


def test_snippet(window: Workbench) -> None:
    """Nothing is shown in a snippet's placeholder, unless it is asked for by the editor's own setting."""
    insert = "await vscode.window.activeTextEditor.insertSnippet(new vscode.SnippetString('${1:name}${2:other}'))"
    window.write(DEDENT)
    window.js(insert)
    window.type("w")
    window.nothing()
    with window.setting("editor.inlineSuggest.suppressInSnippetMode", value=False):
        window.write(DEDENT)
        window.js(insert.replace("${2:other}", "$0"))
        window.type("w")
        window.ghost()
