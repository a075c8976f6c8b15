"""Ghost text: it comes with the key, stays while it is typed, and goes when something else is."""

from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted

_GROUPS = """
local marks = vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('charwise'), 0, -1, { details = true })
return marks[1][4].virt_text
"""


def test_typed(editor: Editor, scripted: Scripted) -> None:
    """What the daemon suggests is drawn after the key, and its rest after each further one that it foresaw."""
    scripted.goals = ["hello world"]
    editor.keys("ih")
    editor.until_ghost("ello world")
    editor.keys("el")
    editor.until_ghost("lo world")
    assert scripted.heard("shown") == [{"suggestion": 1}]


def test_shrinks_by_itself(editor: Editor, scripted: Scripted) -> None:
    """What is typed along the suggestion shrinks it with no answer from the daemon, and deleting brings it back."""
    scripted.goals = ["hello world"]
    editor.keys("ih")
    editor.until_ghost("ello world")
    scripted.is_silent = True
    editor.keys("ell")
    editor.until_text("hell")
    assert editor.ghost == "o world"
    editor.keys("<BS><BS>")
    editor.until_text("he")
    assert editor.ghost == "llo world"


def test_otherwise(editor: Editor, scripted: Scripted) -> None:
    """What is typed otherwise takes it away in the same tick, and so does going before its beginning."""
    scripted.goals = ["hello world"]
    editor.keys("ihe")
    editor.until_ghost("llo world")
    scripted.is_silent = True
    editor.keys("x")
    editor.until_text("hex")
    assert editor.ghost == ""
    scripted.is_silent = False
    editor.keys("<BS>")
    editor.until_ghost("llo world")
    scripted.is_silent = True
    editor.keys("<C-u>")
    editor.until_text("")
    assert editor.ghost == ""


def test_stays(editor: Editor, scripted: Scripted) -> None:
    """While it is typed, another answer of the daemon does not change it; one that nothing fits any more does."""
    scripted.goals = ["hello world"]
    editor.keys("ihe")
    editor.until_ghost("llo world")
    scripted.goals = ["help yourself"]
    asked = len(scripted.asked)
    editor.keys("l")
    editor.until(lambda: len(scripted.asked) > asked)
    editor.synchronise()
    assert editor.ghost == "lo world"
    editor.keys("p")
    editor.until_ghost(" yourself")


def test_late_answer(editor: Editor, scripted: Scripted) -> None:
    """An answer that comes after the cursor has left its place is dropped."""
    scripted.goals = ["hello world"]
    editor.keys("ih<Esc>")
    editor.until(lambda: editor.mode, "n")
    editor.synchronise()
    assert editor.ghost == ""


def test_goes(editor: Editor, scripted: Scripted) -> None:
    """It goes with insert mode, with a cursor that moves away and with the buffer."""
    scripted.goals = ["ab cd"]
    for leaving in ("<Esc>", "<C-c>", "<Left>", "<C-o>:new<CR>"):
        editor.keys("<Esc>:stopinsert<CR>:silent! only<CR>ggcGab")
        editor.until_ghost(" cd")
        editor.keys(leaving)
        editor.until(lambda: editor.ghost, "")


def test_enters(editor: Editor, scripted: Scripted) -> None:
    """Entering insert mode asks, before anything is typed."""
    scripted.goals = ["ab cd"]
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'ab' })")
    editor.keys("A")
    editor.until_ghost(" cd")


def test_lines(editor: Editor, scripted: Scripted) -> None:
    """Of several lines the first is drawn in the line, the others below it; a tab as wide as it would be."""
    scripted.goals = ["if a:\n\tb = 1\n\n\tc\n"]
    editor.command("setlocal tabstop=4")
    editor.keys("iif ")
    editor.until_ghost("a:\n    b = 1\n \n    c\n ")


def test_wide(editor: Editor, scripted: Scripted) -> None:
    """Wide, combining and astral characters are drawn whole and typed through, and a tab after them fits."""
    scripted.goals = ["日本e\u0301語\t🎉 ü"]
    editor.command("setlocal tabstop=8")
    editor.keys("i日")
    editor.until_ghost("本e\u0301語 🎉 ü")
    editor.keys("本e\u0301語")
    editor.until_ghost(" 🎉 ü")


def test_shading(start: Start, scripted: Scripted, file: Path) -> None:
    """The confident part is drawn sure, then what is likely, then the rest; without shading all alike."""
    scripted.goals, scripted.confident, scripted.probability = ["abcdefgh"], 2, 0.84
    editor = start("{}")
    editor.edit(file)
    editor.keys("ia")
    editor.until_ghost("bcdefgh")
    assert editor.lua(_GROUPS) == [["bc", "CharwiseSure"], ["d", "CharwiseLikely"], ["efgh", "CharwiseUnsure"]]
    plain = start("{ shading = false }")
    plain.edit(file)
    plain.keys("ia")
    plain.until_ghost("bcdefgh")
    assert plain.lua(_GROUPS) == [["bcdefgh", "CharwiseSure"]]


@pytest.mark.usefixtures("scripted")
def test_colours(start: Start) -> None:
    """The paler groups have colours of their own, after a change of the colour scheme too; the user's stay."""
    editor = start("{}", "vim.api.nvim_set_hl(0, 'CharwiseSure', { fg = 0x123456 })")
    colour = "return vim.api.nvim_get_hl(0, { name = ... }).fg"
    before = [editor.lua(colour, name) for name in ("CharwiseSure", "CharwiseLikely", "CharwiseUnsure")]
    assert before[0] == 0x123456
    assert len({*before}) == 3
    editor.command("set background=light | colorscheme morning")
    assert editor.lua(colour, "CharwiseLikely") not in {None, before[1]}


def test_splits(editor: Editor, scripted: Scripted, file: Path) -> None:
    """Two windows and another tab on the same buffer are one document with one ghost text."""
    scripted.goals = ["hello world"]
    editor.command("split | tab split | tabprevious")
    editor.keys("ihe")
    editor.until_ghost("llo world")
    editor.keys("<Tab>")
    editor.until_text("hello world")
    editor.keys("<Esc><C-w>w:tabnext<CR>")
    editor.synchronise()
    assert editor.ghost == ""
    assert [each["path"] for each in scripted.heard("open") if each["path"]] == [str(file)]


def test_trigger(start: Start, scripted: Scripted, file: Path) -> None:
    """Where suggestions are not automatic they come at a key, and only then."""
    scripted.goals = ["hello world"]
    editor = start("{ automatic = false }")
    editor.edit(file)
    editor.keys("ihe")
    editor.until_text("he")
    editor.synchronise()
    assert editor.ghost == ""
    assert not scripted.asked
    editor.keys("<M-Bslash>")
    editor.until_ghost("llo world")
    assert scripted.asked[-1]["trigger"] == "invoked"
    editor.keys("l")
    editor.until_ghost("lo world")


def test_dismiss(editor: Editor, scripted: Scripted) -> None:
    """Dismissing takes it away and tells so; where nothing is shown the key does what it did."""
    scripted.goals = ["hello world"]
    editor.keys("ihe")
    editor.until_ghost("llo world")
    editor.keys("<C-]>")
    editor.until(lambda: editor.ghost, "")
    editor.synchronise()
    assert scripted.heard("rejected") == [{"suggestion": 1}]
    editor.command("iabbrev teh the")
    editor.keys(" teh<C-]>")
    editor.until_text("he the")


def test_alternatives(editor: Editor, scripted: Scripted) -> None:
    """Next and previous go round the alternatives, which are asked for at the first; typing goes on with the chosen."""
    scripted.goals = ["hello world", "helium", "help"]
    editor.keys("ihel")
    editor.until_ghost("lo world")
    editor.keys("<M-]>")
    editor.until_ghost("ium")
    assert (scripted.asked[-1]["alternatives"], scripted.asked[-1]["trigger"]) == (3, "invoked")
    editor.keys("<M-]>")
    editor.until_ghost("p")
    editor.keys("<M-]>")
    editor.until_ghost("lo world")
    editor.keys("<M-[><M-[>")
    editor.until_ghost("ium")
    editor.keys("i")
    editor.until_ghost("um")
    editor.synchronise()
    assert scripted.asked[-1]["alternatives"] == 3
    assert {each["suggestion"] for each in scripted.heard("shown")} == {1, 2, 3}
    editor.keys("<Tab>")
    editor.until_text("helium")
