"""Beside Neovim's completion menu: one of the two is seen at a time, or the suggestion goes on with the chosen item."""

from pathlib import Path

from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted

_WORDS = "prefix_one prefix_two"


def _open_menu(editor: Editor, scripted: Scripted, completeopt: str) -> None:
    editor.command(f"set completeopt={completeopt}")
    scripted.goals = [f"{_WORDS}\nprefix_one(a)", f"{_WORDS}\nprefix_two[b]"]
    editor.keys(f"i{_WORDS}<CR>pref")
    editor.until_ghost("ix_one(a)")
    editor.keys("<C-x><C-n>")
    editor.until(lambda: editor.lua("return vim.fn.pumvisible()"), 1)


def test_hides(editor: Editor, scripted: Scripted) -> None:
    """While the menu is open and nothing is chosen in it, nothing is shown; when it is closed, it is again."""
    _open_menu(editor, scripted, "menuone,noselect")
    editor.until_ghost("")
    editor.keys("<C-e>")
    editor.until_ghost("ix_one(a)")


def test_goes_on_with_item(editor: Editor, scripted: Scripted) -> None:
    """Where an item is chosen that is not in the text yet, its rest and what follows it are shown and accepted."""
    _open_menu(editor, scripted, "menuone,noinsert")
    editor.until_ghost("ix_one(a)")
    editor.synchronise()
    assert scripted.asked[-1]["instead"] == [len(_WORDS) + 1, b"prefix_one"] or scripted.asked[-1]["instead"] == [
        len(_WORDS) + 1,
        "prefix_one",
    ]
    editor.keys("<Down>")
    editor.until_ghost("ix_two[b]")
    editor.keys("<Tab>")
    editor.until_text(f"{_WORDS}\nprefix_two[b]")
    assert editor.lua("return vim.fn.pumvisible()") == 0
    editor.synchronise()
    assert scripted.heard("accepted") == [{"suggestion": 2, "length": len("[b]")}]
    editor.keys("!<Esc>uu")
    editor.until_text(f"{_WORDS}\npref")


def test_goes_on_with_inserted_item(editor: Editor, scripted: Scripted) -> None:
    """Where the chosen item is in the text, what follows it is shown, and accepting closes the menu and keeps both."""
    _open_menu(editor, scripted, "menuone")
    editor.until_ghost("(a)")
    editor.keys("<Tab>")
    editor.until_text(f"{_WORDS}\nprefix_one(a)")
    assert editor.lua("return vim.fn.pumvisible()") == 0


def test_always_hides(start: Start, scripted: Scripted, file: Path) -> None:
    """With the option "hide" nothing is shown as long as the menu is open."""
    editor = start("{ popup = 'hide' }")
    editor.edit(file)
    _open_menu(editor, scripted, "menuone,noinsert")
    editor.until_ghost("")
    asked = len(scripted.asked)
    editor.keys("<Down>")
    editor.synchronise()
    assert (editor.ghost, len(scripted.asked)) == ("", asked)
