"""Accepting: each key takes exactly what it says, as text that can be undone, repeated and taken back by itself."""

from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted

_TEXT = "def size(a):\n    return len(a)\n"


def _begin(editor: Editor, scripted: Scripted, goal: str, typed: str, keys: str = "i") -> None:
    scripted.goals = [goal]
    editor.keys(keys + typed.replace("<", "<lt>"))
    editor.until_rest(goal.removeprefix(typed))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("<Tab>", "size(a, b):\n    go"),
        ("<M-Right>", "size"),
        ("<M-Down>", "size(a, b):"),
        ("<M-l>", "si"),
        ("<M-CR>", "size(a,"),
    ],
)
def test_pieces(editor: Editor, scripted: Scripted, key: str, text: str) -> None:
    """All, a word, a line, a character, to the confident end: what is left stays shown, and the daemon is told."""
    scripted.confident = 6
    whole = "size(a, b):\n    go"
    _begin(editor, scripted, whole, "s")
    editor.keys(key)
    editor.until_text(text)
    editor.until_ghost(whole.removeprefix(text))
    editor.synchronise()
    assert scripted.heard("accepted") == [{"suggestion": 1, "length": len(text) - 1}]


def test_piece_by_piece(editor: Editor, scripted: Scripted) -> None:
    """Pieces can be accepted one after the other, faster than the daemon answers, also over line ends."""
    _begin(editor, scripted, "a.b(c)\n\t\tdé = 日本語\nend", "a")
    editor.keys("<M-Right><M-Right><M-Right>")
    editor.until_text("a.b(")
    editor.keys("<M-Down>")
    editor.until_text("a.b(c)")
    editor.keys("<M-l>")
    editor.until_text("a.b(c)\n")
    editor.keys("<M-Right><M-Right>")
    editor.until_text("a.b(c)\n\t\tdé =")
    editor.keys("<M-Down><M-Down>")
    editor.until_text("a.b(c)\n\t\tdé = 日本語\nend")


def test_undo(editor: Editor, scripted: Scripted) -> None:
    """Undo takes back the accepted text alone, with what was typed before and after it in steps of their own."""
    _begin(editor, scripted, "hello world", "hello")
    editor.keys("<Tab>")
    editor.until_text("hello world")
    editor.keys("!<Esc>")
    editor.keys("u")
    editor.until_text("hello world")
    editor.keys("u")
    editor.until_text("hello")
    editor.keys("u")
    editor.until_text("")
    editor.keys("<C-r><C-r><C-r>")
    editor.until_text("hello world!")


@pytest.mark.parametrize("goal", ["return x", "if a:\n    return x\nelse:\n\tb"])
@pytest.mark.parametrize("filetype", ["text", "python", "c"])
def test_repeat(editor: Editor, scripted: Scripted, goal: str, filetype: str) -> None:
    """A dot repeats an insertion with its accepted text, of one line or several, whatever indents it."""
    editor.command(f"setlocal ft={filetype} autoindent formatoptions+=ro")
    _begin(editor, scripted, goal, goal[:2])
    editor.keys("<Tab>")
    editor.until_text(goal)
    editor.keys(";<Esc>")
    editor.command("call append('$', '') | normal! G")
    editor.keys(".")
    editor.until_text(f"{goal};\n{goal};")


def test_count(editor: Editor, scripted: Scripted) -> None:
    """A count repeats an insertion with its accepted text."""
    scripted.goals = ["hello "]
    editor.keys("3ihe")
    editor.until_ghost("llo ")
    editor.keys("<Tab>")
    editor.until_text("hello ")
    editor.keys("<Esc>")
    editor.until_text("hello hello hello ")


@pytest.mark.parametrize(
    "settings",
    [
        "ft=python autoindent textwidth=20",
        "ft=c cindent",
        "ft=sh autoindent formatoptions+=cro expandtab softtabstop=4",
        "noautoindent smarttab expandtab",
        "backspace=",
    ],
)
def test_exact(editor: Editor, scripted: Scripted, settings: str) -> None:
    """What is accepted is put in as it was shown, however the buffer indents, wraps and expands what is typed."""
    goal = (
        "    -- a comment that is long enough to be wrapped\n\tif (a) {\n    }\nelse:\n  b\x0cü…x\u0301 €\n\n    pass"
    )
    editor.command("set paste? | setlocal " + settings)
    _begin(editor, scripted, goal, "    -- a", "i<C-u>")
    editor.keys("<Tab>")
    editor.until_text(goal)
    editor.keys("<Esc>")
    assert editor.lua("return { vim.o.paste, vim.bo.textwidth }") == [False, 20 if "textwidth" in settings else 0]


def test_in_the_middle(editor: Editor, scripted: Scripted) -> None:
    """What stands after the cursor stays there."""
    scripted.goals = ["call(a)"]
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { '; b' })")
    editor.keys("Ic")
    editor.until_ghost("all(a)")
    editor.keys("<Tab>")
    editor.until_text("call(a); b")


def test_line_ends(editor: Editor, scripted: Scripted, tmp_path: Path) -> None:
    """In a file of fileformat=dos a suggestion has the file's line ends, and the buffer has Neovim's."""
    file = tmp_path / "project" / "dos.py"
    file.write_bytes(b"a = 1\r\nb = 2\r\n")
    editor.edit(file)
    scripted.goals = ["a = 1\r\nb = 2\r\nc = 3\r\nd = 4"]
    editor.keys("Goc")
    editor.until_ghost(" = 3\nd = 4")
    editor.keys("<M-Down>")
    editor.until_ghost("\nd = 4")
    editor.keys("<M-Right>")
    editor.until_ghost(" = 4")
    editor.keys("<Tab><Esc>")
    editor.until_text("a = 1\nb = 2\nc = 3\nd = 4")
    editor.keys(":w<CR>")
    editor.until(file.read_bytes, b"a = 1\r\nb = 2\r\nc = 3\r\nd = 4\r\n")
    assert [each["length"] for each in scripted.heard("accepted")] == [4, 3, 4]


def test_unaccept(editor: Editor, scripted: Scripted) -> None:
    """The last piece is taken back and shown again, and the one before it too; what else was typed stays."""
    _begin(editor, scripted, "hello wide world\n\tend", "he")
    editor.keys("<M-Right><M-Right>")
    editor.until_text("hello wide")
    editor.keys("<M-Left>")
    editor.until_text("hello")
    editor.until_rest(" wide world\n\tend")
    editor.keys("<M-Left>")
    editor.until_text("he")
    editor.until_rest("llo wide world\n\tend")
    editor.keys("<Tab>")
    editor.until_text("hello wide world\n\tend")
    editor.keys("<M-Left>")
    editor.until_text("he")
    editor.until_rest("llo wide world\n\tend")
    editor.keys("l")
    editor.until_rest("lo wide world\n\tend")


def test_unaccept_nothing(editor: Editor, scripted: Scripted) -> None:
    """Where something was typed after the piece, nothing is taken back."""
    _begin(editor, scripted, "hello", "he")
    editor.keys("<Tab>")
    editor.until_text("hello")
    editor.keys("!")
    editor.until_text("hello!")
    assert editor.lua("return require('charwise').unaccept()") is False
    assert editor.text == "hello!"


@pytest.mark.parametrize(
    ("flush", "mode", "confirm"),
    [("error('oops')", "r", "<CR>"), ("vim.o.eventignore = 'ModeChanged' vim.api.nvim_input('<C-c>')", "n", "")],
    ids=["error", "Ctrl-C"],
)
def test_flushed(editor: Editor, scripted: Scripted, flush: str, mode: str, confirm: str) -> None:
    """An acceptance that another plugin's error or Ctrl-C cuts short leaves the options as they were."""
    editor.command("set backspace=start")
    _begin(editor, scripted, "hello\nwide world", "he")
    once = f"if not charwise_flushed then charwise_flushed = true {flush} end return true"
    editor.lua(f"vim.api.nvim_buf_attach(0, false, {{ on_bytes = function() {once} end }})")
    editor.keys("<Tab>")
    editor.until(lambda: editor.mode, mode)
    editor.keys(confirm)
    editor.until(lambda: editor.lua("return { vim.o.paste, vim.o.backspace }"), [False, "start"])
    assert editor.text == "hello"


# --- keys that fall through -----------------------------------------------------------------------
def test_tab_indents(editor: Editor) -> None:
    """Where nothing is shown Tab is a Tab, as the options have it, and a dot repeats it."""
    editor.command("set expandtab shiftwidth=4 softtabstop=4 | setlocal noautoindent indentexpr=")
    editor.keys("o<Tab>if<Tab>x<Esc>.")
    editor.until_text("\n    if  x\n    if  x")


def _tab_is_mapped(editor: Editor, scripted: Scripted, file: Path) -> None:
    editor.edit(file)
    editor.keys("i<Tab>")
    editor.until_text("mapped")
    scripted.goals = ["mapped too"]
    editor.keys(" ")
    editor.until_ghost("too")
    editor.keys("<Tab>")
    editor.until_text("mapped too")


@pytest.mark.parametrize(
    "mapping",
    [
        "vim.keymap.set('i', '<Tab>', 'mapped')",
        "vim.keymap.set('i', '<Tab>', function() vim.api.nvim_put({ 'mapped' }, 'c', false, true) end)",
        "vim.keymap.set('i', '<Tab>', function() return 'mapped' end, { expr = true })",
        "vim.cmd([[inoremap <expr> <Tab> 'map' .. \"ped\"]])",
        "vim.cmd([[imap <Tab> map<F3>]]) vim.cmd([[inoremap <F3> ped]])",
    ],
)
def test_tab_was_mapped(start: Start, scripted: Scripted, file: Path, mapping: str) -> None:
    """Where nothing is shown Tab does what it was mapped to before, and accepts where something is."""
    editor = start("{}", mapping)
    _tab_is_mapped(editor, scripted, file)


def test_tab_of_the_first_buffer(start: Start, scripted: Scripted, file: Path) -> None:
    """Where the first buffer maps Tab for itself, the user's other mapping still holds elsewhere, and is set back."""
    mapping = "function() vim.api.nvim_put({ 'mapped' }, 'c', false, true) end"
    own = "vim.keymap.set('i', '<Tab>', 'own', { buffer = true })"
    editor = start("{}", f"vim.keymap.set('i', '<Tab>', {mapping}) {own}")
    editor.keys("i<Tab>")
    editor.until_text("own")
    editor.keys("<Esc>")
    _tab_is_mapped(editor, scripted, file)
    editor.lua("require('charwise').setup({ keys = { accept = '<C-y>' } })")
    editor.keys("<C-u><Tab>")
    editor.until_text("mapped")


@pytest.mark.parametrize("key", ["<M-l>", "<M-Right>", "<M-CR>"])
@pytest.mark.usefixtures("scripted")
def test_meta(start: Start, file: Path, key: str) -> None:
    """Where nothing is shown a key with Meta does what it does without charwise: it is <Esc> and the key without it."""
    place = "vim.g.place = { vim.fn.line('.'), vim.fn.col('.'), vim.fn.mode() }"
    seen = []
    for before in ("", "vim.o.loadplugins = false"):
        editor = start("", f"{before} vim.cmd('nnoremap l x | iabbrev on once')")
        editor.edit(file)
        editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'one two', 'three four', 'five' })")
        editor.keys(f"jwion{key}<Cmd>lua {place}<CR>")
        seen.append((editor.until(lambda at=editor: at.lua("return vim.g.place")), editor.text))
    assert seen[0] == seen[1]
    assert seen[0][0][2] == "n"


def test_other_keys(start: Start, scripted: Scripted, file: Path) -> None:
    """A key of the options accepts, one that is set to false is not mapped, and a user's mapping can call."""
    options = "{ keys = { accept = '<C-y>', accept_word = false } }"
    editor = start(options, "vim.keymap.set('i', '<C-l>', function() require('charwise').accept('word') end)")
    editor.edit(file)
    _begin(editor, scripted, "hello wide world", "he")
    editor.keys("<C-l>")
    editor.until_text("hello")
    editor.until_ghost(" wide world")
    editor.keys("<C-y>")
    editor.until_text("hello wide world")
    editor.command("setlocal noexpandtab")
    editor.keys("<Tab>")
    editor.until_text("hello wide world\t")
    assert editor.lua("return vim.fn.maparg('<M-Right>', 'i')") == ""
