"""Whatever changes a buffer, the daemon has the bytes that would be written to the file."""

import random
import subprocess
from pathlib import Path

import pytest

from tests.editors.nvim.editor import PLUGIN, Editor
from tests.editors.nvim.remote import PATIENCE
from tests.editors.nvim.scripted import Scripted

_ENDS = {"unix": "\n", "dos": "\r\n", "mac": "\r"}
# What a user does, and what plugins do: each is run from normal mode and ends there.
_ACTS = (
    "normal! ggOfirst\x1b",
    "normal! Golast ü 日本\x1b",
    "normal! gg0x",
    "normal! Gdd",
    "normal! ggyyP",
    "normal! gg>>",
    "normal! GkJ",
    "normal! ggVGp",
    "normal! u",
    "normal! uu",
    "normal! \x12",
    "%s/e/ee/g",
    "g/^/m0",
    "2,3d",
    "%d",
    "normal! 3itext\rand more\x1b",
    "normal! ggdG",
    "normal! Aend\x1b",
    "call setline(1, ['set', 'by', 'script'])",
    "call append(line('$'), ['appended'])",
    "lua vim.api.nvim_buf_set_text(0, 0, 0, 0, 0, { 'by', 'the API' })",
    "normal! gg2ddGp",
    "earlier 3",
    "later 2",
    "%!sort",
    "normal! ggcGall new\rtext\x1b",
)


@pytest.mark.parametrize(
    ("kind", "is_ended"), [("unix", True), ("dos", True), ("unix", False), ("dos", False), ("mac", True)]
)
def test_any_change(editor: Editor, scripted: Scripted, tmp_path: Path, kind: str, is_ended: bool) -> None:
    """After any sequence of changes the mirror is the file that would be written."""
    file, end = tmp_path / "project" / "mirrored.txt", _ENDS[kind]
    file.write_bytes(end.join(["one", "two ü", "three 日本語", "four"]).encode() + end.encode() * is_ended)
    editor.command("set nofixendofline")
    editor.edit(file)
    if kind == "mac":
        editor.command("edit ++ff=mac")
    editor.until(lambda: file.name in scripted.texts, True)
    chance = random.Random(7)
    for _ in range(60):
        act = chance.choice(_ACTS)
        editor.lua("pcall(vim.cmd, ...)", "silent! " + act)
        if chance.random() < 0.6:
            editor.lua("require('charwise.mirror').of(0 + vim.api.nvim_get_current_buf()):flush()")
            editor.synchronise()
            written = editor.text.replace("\n", end) + end * editor.lua("return vim.bo.endofline")
            assert scripted.texts[file.name].decode() == written, act
    assert not scripted.heard("error")


def test_last_line(editor: Editor, scripted: Scripted, tmp_path: Path) -> None:
    """A last line without an end gets one where writing would add it, and none where it would not."""
    file = tmp_path / "project" / "noeol.txt"
    file.write_bytes(b"no end")
    editor.edit(file)
    editor.until(lambda: scripted.texts.get(file.name), b"no end\n")
    editor.command("setlocal nofixendofline")
    editor.keys("i")
    editor.until(lambda: scripted.texts.get(file.name), b"no end")


def test_renamed(editor: Editor, scripted: Scripted, file: Path) -> None:
    """A buffer that gets another name is told by that, and one that is reloaded is told anew."""
    editor.keys("ione<Esc>")
    editor.command("saveas " + str(file.with_name("other.py")))
    editor.keys("a")
    editor.until(lambda: scripted.texts.get("other.py"), b"one\n")
    editor.keys("<Esc>")
    file.with_name("other.py").write_text("changed elsewhere\n")
    editor.command("edit!")
    editor.keys("i")
    editor.until(lambda: scripted.texts.get("other.py"), b"changed elsewhere\n")


def test_commands_of_the_start(program: Path, scripted: Scripted, file: Path, tmp_path: Path) -> None:
    """What `nvim FILE -c COMMAND` waits for finds the cursor in no line; that is no error."""
    init = tmp_path / "init.lua"
    init.write_text(f"vim.opt.rtp:prepend([[{PLUGIN}]])\nvim.o.swapfile = false\n")
    waits = f"lua vim.wait({PATIENCE * 1000:.0f}, require('charwise.daemon').is_connected, 5)"
    arguments = ["--headless", "-u", init, "-i", "NONE", file, "-c", waits, "-c", "qa!"]
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=2 * PATIENCE, check=True)
    assert done.stderr == ""
    assert file.name in scripted.texts


def test_closed(editor: Editor, scripted: Scripted, file: Path) -> None:
    """A buffer that is unloaded is forgotten."""
    editor.command("enew | bwipeout " + str(file))
    editor.until(lambda: file.name in scripted.texts, False)


def test_once(editor: Editor, scripted: Scripted) -> None:
    """A thousand changes by a macro are one edit."""
    editor.keys("i1<Esc>qqyyp<C-a>q")
    editor.keys("999@q")
    editor.until(lambda: len(editor.text.split("\n")), 1001)
    before = len(scripted.heard("edit"))
    editor.keys("o")
    editor.until(lambda: len(scripted.heard("edit")), before + 1)
    editor.synchronise()
    assert len(scripted.heard("edit")) == before + 1
    assert scripted.texts["text.py"].count(b"\n") == 1002
