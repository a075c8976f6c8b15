"""`:Charwise`, the statusline and the health check, and what comes of them in the daemon."""

from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted


def _status(editor: Editor) -> str:
    return str(editor.lua("return require('charwise').status()"))


def test_status(editor: Editor) -> None:
    """`:Charwise status` says how it does here and what suggestions came to."""
    editor.lua("vim.api.nvim_echo = function(chunks) charwise_said = chunks[1][1] end")
    editor.command("Charwise status")
    said = str(editor.until(lambda: editor.lua("return charwise_said")))
    assert said.split("\n") == ["charwise here: ready", "suggestions: 3 shown, 2 accepted, 1 rejected"]


@pytest.mark.parametrize(
    ("base", "step", "bpc", "words"),
    [
        (False, None, None, "memory only"),
        (True, None, None, "base model"),
        (False, 7, 1.256, "step 7, 1.26 bits per character"),
        (False, 7, None, "step 7, not measured"),
    ],
)
def test_status_of_a_model(editor: Editor, scripted: Scripted, base: bool, step: int, bpc: float, words: str) -> None:
    """It says how well each folder's model does, as far as there is one and that was measured."""
    folder = {"path": "/p", "files": 3, "characters": 400, "base": base, "step": step, "bpc": bpc, "error": ""}
    scripted.workspaces = [folder]
    editor.lua("vim.api.nvim_echo = function(chunks) charwise_said = chunks[1][1] end")
    editor.command("Charwise status")
    said = str(editor.until(lambda: editor.lua("return charwise_said")))
    assert said.split("\n")[1] == f"/p: 3 files, 400 characters; {words}"


def test_statusline(editor: Editor, scripted: Scripted, file: Path) -> None:
    """The statusline follows the training of the editor's folders, and of no others."""
    told = "table.insert(charwise_told, require('charwise').status())"
    editor.lua("charwise_told = {}")
    editor.lua(
        f"vim.api.nvim_create_autocmd('User', {{ pattern = 'CharwiseStatus', callback = function() {told} end }})"
    )
    event = {"kind": "training", "workspace": str(file.parent), "state": "progress", "message": "", "done": 0.43}
    scripted.say("event", event | {"workspace": "/elsewhere", "done": 0.12})
    scripted.say("event", event)
    editor.until(lambda: _status(editor), "learning 43%")
    told = editor.lua("return charwise_told")  # "ready" is what the daemon answered at the beginning
    assert [each for each in told if each != "ready"] == ["learning 43%"]
    scripted.say("event", event | {"state": "paused", "message": "paused while you type", "done": 0.5})
    editor.until(lambda: _status(editor), "learning 50%")
    scripted.say("event", event | {"state": "paused", "message": "paused on battery"})
    editor.until(lambda: _status(editor), "paused")
    scripted.say("event", event | {"state": "finished"})
    editor.until(lambda: _status(editor), "ready")
    scripted.say("event", {"kind": "settings", "message": "minutes is 0; mend it"})
    editor.until(lambda: _status(editor), "error")
    scripted.say("event", {"kind": "settings", "message": ""})
    editor.until(lambda: _status(editor), "ready")


def test_told(editor: Editor, scripted: Scripted, file: Path) -> None:
    """Pause, resume, retrain and forget reach the daemon, with what they are about."""
    editor.lua("vim.fn.confirm = function() return 1 end")
    for command in ("pause", "pause 5", "pause 0", "pause -3", "pause 5x", "pause inf", "resume", "retrain", "forget"):
        editor.command(f"Charwise {command}")
    editor.synchronise()
    assert [each["seconds"] for each in scripted.heard("pause")] == [0, 300]
    assert editor.messages.count("are no minutes") == 4
    assert len(scripted.heard("resume")) == 1
    assert scripted.heard("train") == [{"path": str(file.parent)}]
    assert scripted.heard("forget_file") == [{"path": str(file)}]


def test_workspace(editor: Editor, scripted: Scripted, start: Start, file: Path) -> None:
    """The folder of the project is learned, once, and by the option not at all."""
    editor.edit(file.with_name("other.py"))
    editor.until(lambda: "other.py" in scripted.texts, True)
    assert scripted.heard("workspace_add") == [{"path": str(file.parent)}]
    other = start("{ learn = false }")
    other.edit(file.with_name("third.py"))
    other.until(lambda: "third.py" in scripted.texts, True)
    other.synchronise()
    assert len(scripted.heard("workspace_add")) == 1


def test_home_is_no_project(start: Start, scripted: Scripted, tmp_path: Path) -> None:
    """A home folder is never learned as a whole, though it may be a repository."""
    (tmp_path / ".git").mkdir()
    editor = start("{}", f"vim.uv.os_homedir = function() return '{tmp_path}' end")
    editor.edit(tmp_path / "notes.txt")
    editor.until(lambda: "notes.txt" in scripted.texts, True)
    editor.synchronise()
    assert not scripted.heard("workspace_add")


def test_candidates(editor: Editor) -> None:
    """The command line completes the words of the command and their scopes; a wrong one is named."""
    assert "status" in editor.lua("return vim.fn.getcompletion('Charwise st', 'cmdline')")
    assert editor.lua("return vim.fn.getcompletion('Charwise disable ', 'cmdline')") == ["buffer", "filetype", "global"]
    editor.command("Charwise dance")
    assert "no :Charwise dance" in editor.messages


def test_log(editor: Editor) -> None:
    """`:Charwise log` shows the daemon's log in a window, or why there is none."""
    editor.command("Charwise log")
    editor.until(lambda: "log" in editor.text and editor.lua("return vim.bo.buftype") == "nofile", True)


def test_no_log(start: Start, tmp_path: Path) -> None:
    """Where charwise cannot be run `:Charwise log` says so in one message, and opens no window."""
    editor = start("{ command = { '/nowhere/charwise' } }", f"vim.env.CHARWISE_HOME = '{tmp_path / 'none'}'")
    editor.command("Charwise log")
    assert editor.messages.startswith("charwise: cannot run /nowhere/charwise (ENOENT")
    assert len(editor.messages.splitlines()) == 1
    assert editor.lua("return vim.fn.winnr('$')") == 1


def test_health(editor: Editor) -> None:
    """`:checkhealth charwise` finds the command, the daemon and the keys in order."""
    editor.command("checkhealth charwise")
    editor.until(lambda: "connected to the daemon" in editor.text, True)
    assert "ERROR" not in editor.text
    assert "WARNING" not in editor.text


def test_no_charwise(start: Start, tmp_path: Path, file: Path) -> None:
    """Where charwise cannot be run there is one word of it in the status, and what to do in the health check."""
    editor = start("{ command = { '/nowhere/charwise' } }", f"vim.env.CHARWISE_HOME = '{tmp_path / 'none'}'")
    editor.edit(file)
    editor.until(lambda: _status(editor), "error")
    editor.keys("iab<Tab><Esc>")
    editor.until(lambda: editor.mode, "n")
    assert editor.text.startswith("ab")
    editor.command("checkhealth charwise")
    editor.until(lambda: "cannot be run" in editor.text and "pipx install charwise" in editor.text, True)


def test_generate(editor: Editor, scripted: Scripted) -> None:
    """What is generated streams in at the cursor as one undo step, and ends with the answer."""
    editor.keys("ibegin  end<Esc>4hu<C-r>0f ")
    scripted.is_held = True
    editor.command("Charwise generate 40")
    editor.until(lambda: len(scripted.heard("generate")), 1)
    asked = scripted.heard("generate")[0]
    assert (asked["offset"], asked["length"]) == (len("begin "), 40)
    for text in ("one\n", "tw", "o é"):
        scripted.say("generated", {"msgid": scripted.held, "text": text})
    editor.until_text("begin one\ntwo é end")
    scripted.answer({"characters": 9, "seed": 7})
    editor.until(lambda: "9 characters, seed 7" in editor.messages, True)
    editor.keys("u")
    editor.until_text("begin  end")


@pytest.mark.parametrize(
    ("keys", "offset"),
    [("iun café<Esc>:Charwise generate<CR>", 8), ("i日本<Esc>0i<C-o>:Charwise generate<CR>", 0)],
    ids=["after a letter", "by Ctrl-O"],
)
def test_generate_between_letters(editor: Editor, scripted: Scripted, keys: str, offset: int) -> None:
    """It begins after the whole letter under the cursor, and where the cursor is in insert mode."""
    scripted.is_held = True
    editor.keys(keys)
    editor.until(lambda: len(scripted.heard("generate")), 1)
    assert scripted.heard("generate")[0]["offset"] == offset


def test_generate_nothing(editor: Editor, scripted: Scripted) -> None:
    """What is no length is named, and nothing is written."""
    for length in ("abc", "0", "1.5", "inf", "nan"):
        editor.command(f"Charwise generate {length}")
    editor.synchronise()
    assert editor.messages.count("is no length") == 5
    assert not scripted.heard("generate")


def _generate(editor: Editor, scripted: Scripted) -> None:
    """Return when a first piece has been put in."""
    scripted.is_held = True
    editor.command("Charwise generate")
    editor.until(lambda: scripted.is_held, False)
    scripted.say("generated", {"msgid": scripted.held, "text": "text"})
    editor.until_text("text")


def _is_stopped(editor: Editor, scripted: Scripted) -> None:
    """Return when the writing has been cancelled once; what came stays, and what still comes is dropped."""
    editor.until(lambda: scripted.heard("cancel")[-1:], [{"msgid": scripted.held}])
    came = editor.text
    scripted.say("generated", {"msgid": scripted.held, "text": "more"})
    editor.synchronise()
    assert editor.text == came
    assert scripted.heard("cancel").count({"msgid": scripted.held}) == 1
    assert editor.lua("return vim.fn.maparg('<C-c>', 'n')") == ""


def test_generate_stops(editor: Editor, scripted: Scripted) -> None:
    """`<C-c>` and `:Charwise stop` end it; what came stays, and what still comes is dropped."""
    for stop in ("<C-c>", ":Charwise stop<CR>"):
        _generate(editor, scripted)
        editor.keys(stop)
        _is_stopped(editor, scripted)
        editor.keys("dd")
        editor.until_text("")


def test_generate_interrupted(editor: Editor, scripted: Scripted) -> None:
    """One `<C-c>` ends it, too, where it comes while a piece is put in, or while Neovim is at anything else."""
    _generate(editor, scripted)
    press = "vim.api.nvim_input('<C-c>')"
    editor.lua(f"vim.api.nvim_buf_attach(0, false, {{ on_bytes = function() {press} return true end }})")
    scripted.say("generated", {"msgid": scripted.held, "text": " and more"})
    _is_stopped(editor, scripted)
    assert "rror" not in editor.messages
    editor.keys("dd")
    editor.until_text("")
    _generate(editor, scripted)
    editor.lua(f"vim.schedule(function() {press} end)")
    _is_stopped(editor, scripted)


# As if it had been typed while Neovim waits for keys: one that comes while it is at anything else is an interrupt,
# which no mapping gets.
_MAPPED_CTRL_C = "vim.api.nvim_feedkeys(vim.keycode('<C-c>'), 'mt', false)"


@pytest.mark.parametrize(
    "stop", ["require('charwise.generate').stop()", "vim.api.nvim_input('<C-c>')"], ids=["stopped", "interrupted"]
)
def test_generate_keeps_a_mapping(editor: Editor, scripted: Scripted, stop: str) -> None:
    """The buffer's own mappings of `<C-c>` are there again afterwards, in whichever buffer it ends."""
    editor.command("nnoremap <buffer> <C-c> Amapped<Esc>")
    editor.lua("vim.keymap.set('i', '<C-c>', function() return '!' end, { buffer = true, expr = true })")
    for elsewhere in ("", "new"):
        _generate(editor, scripted)
        editor.command(elsewhere)
        editor.lua(f"vim.schedule(function() {stop} end)")
        editor.until(lambda: editor.lua("return require('charwise.generate').is_running()"), False)
        editor.command("silent! only! | buffer text.py")
        editor.keys("S")
        editor.until(lambda: editor.mode, "i")
        editor.lua(_MAPPED_CTRL_C)
        editor.until_text("!")
        editor.keys("<Esc>")
        editor.until(lambda: editor.mode, "n")
        editor.lua(_MAPPED_CTRL_C)
        editor.until_text("!mapped")
        editor.keys("S<Esc>")
        editor.until_text("")
