"""Typing with suggestions: they appear, stay while they are typed, and keep out of the way of keys."""

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


def test_ghost_text(window: Workbench) -> None:
    """Ghost text appears after typing; Tab takes all of it, and one undo takes that back alone."""
    window.write(DEDENT)
    window.type("w")
    shown = window.ghost()
    window.press("Tab")
    window.until_text(f"{DEDENT}w{shown}")
    window.press("Control+z")
    window.until_text(f"{DEDENT}w")


def test_typing_through(window: Workbench) -> None:
    """While what is suggested is typed, the rest of it stays as it is."""
    window.write(DEDENT)
    window.type("w")
    shown = window.ghost()
    for count in range(1, 4):
        window.type(shown[count - 1])
        window.ghost_begins(shown[count:])
    window.until_text(f"{DEDENT}w{shown[:3]}")


def test_escape(window: Workbench) -> None:
    """Escape dismisses a suggestion and changes nothing."""
    window.write(DEDENT)
    window.type("w")
    window.ghost()
    window.press("Escape")
    window.ghost("")
    assert window.text == f"{DEDENT}w"


def test_tab_indents(window: Workbench) -> None:
    """Where nothing is shown Tab indents, as far as the editor would."""
    window.write("if x:\n", cursor=(1, 0))
    window.press("Tab")
    window.until_text("if x:\n    ")


def test_undo_is_quiet(window: Workbench) -> None:
    """After an undo nothing is shown until the next typed character."""
    window.write(DEDENT)
    window.type("wr")
    window.ghost()
    window.press("Control+z")
    window.until_text(DEDENT)
    window.command("editor.action.inlineSuggest.hide")
    window.settled()
    assert window.drawn == ""
    window.type("w")
    window.ghost()


def test_untitled(window: Workbench) -> None:
    """A buffer that has no file has suggestions too."""
    window.close()
    window.js("await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'python' }))")
    window.focus()
    code = "await vscode.window.activeTextEditor.edit(edit => edit.insert(new vscode.Position(0, 0), text))"
    window.js(code, text=DEDENT)
    window.press("Control+End")
    window.type("w")
    assert "ra" in window.ghost()


def test_only_when_asked(window: Workbench) -> None:
    """With suggestions.automatic off nothing comes while typing, but the trigger brings it."""
    with window.setting("charwise.suggestions.automatic", value=False):
        window.write(DEDENT)
        window.type("w")
        window.nothing()
        window.command("editor.action.inlineSuggest.trigger")
        window.ghost()
