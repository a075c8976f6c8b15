"""The whole way: a real Neovim, the real daemon, and a model that was really trained on a real project."""

import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import paths
from charwise_daemon.store import Store, name_for
from tests.conftest import configure, daemon_pid, stop_daemon, wait_for_end
from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor

# Each does what a user waits for: a daemon and perhaps a training are started.
pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("home")]
# Seconds for a trainer to begin: on a busy machine it takes a minute to import what it needs.
_BEGINS = 300.0

# A training of its own that lasts until the test has seen enough of it.
_TRAINS = "[training]\nenabled = true\nminutes = 5\nresume_seconds = 0.1\nniceness = 0\ncpu_share = 1.0\n"
_OPTIONS = "{ root_markers = { 'textwrap.py' } }"
# What the project says more than once: typing it needs no luck.
_TYPED, _REST = "def __init__(se", "lf"


def _open(start: Start, file: Path) -> Editor:
    editor = start(_OPTIONS)
    editor.edit(file)
    editor.until(lambda: editor.lua("return require('charwise.daemon').is_connected()"), True)
    return editor


def _type(editor: Editor) -> None:
    """Type until something is suggested: what is typed before the project is read is answered without it."""

    def typed() -> bool:
        editor.keys("<Esc>ggcGclass A:<CR>" + _TYPED)
        editor.until(lambda: editor.text.endswith(_TYPED), True)
        editor.synchronise()
        return editor.ghost.startswith(_REST)

    editor.until(typed, True)


def test_suggests(start: Start, project: Path) -> None:
    """The plugin starts the daemon, and shows, accepts and undoes what a model suggests that knows the project."""
    editor = _open(start, project / "new.py")
    _type(editor)
    ghost = editor.ghost
    editor.keys("<Tab>")
    editor.until(lambda: editor.text.endswith(_TYPED + ghost), True)
    editor.keys("<Esc>u")
    editor.until(lambda: editor.text.endswith(_TYPED), True)
    seen = _status(editor)
    assert seen["suggestions"]["accepted"] == 1
    assert [(each["path"], each["step"] is None) for each in seen["workspaces"]] == [(str(project), False)]


def test_killed(start: Start, project: Path) -> None:
    """A daemon that is killed under the editor is started again, and suggests in the same buffer, with nothing said."""
    editor = _open(start, project / "new.py")
    _type(editor)
    pid = daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    editor.until(lambda: editor.ghost, "")
    editor.keys("<C-w><C-w>se")
    editor.until(lambda: editor.lua("return require('charwise.daemon').is_connected()"), True)
    assert daemon_pid() != pid
    _type(editor)
    assert editor.messages == ""


def test_learns(start: Start, project: Path) -> None:
    """The statusline shows the progress of a training, until the daemon stops; then that it is gone."""
    stop_daemon()
    configure(_TRAINS)
    editor = _open(start, project / "new.py")
    editor.lua("vim.o.statusline = '%{v:lua.require(\"charwise\").status()}'; vim.o.laststatus = 2")
    editor.edit(project / "textwrap.py")
    editor.command("Charwise retrain")
    shown = "return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str"
    editor.until(lambda: editor.lua(shown).startswith("learning") and "%" in editor.lua(shown), True, seconds=_BEGINS)
    editor.command("Charwise pause")
    editor.until(lambda: editor.lua(shown), "paused")
    editor.command("Charwise resume")
    editor.until(lambda: editor.lua(shown).startswith("learning"), True)


def test_beside_the_language_server(start: Start, project: Path) -> None:
    """Where the language server suggests the same by Neovim's own client, the health check says that it is too much."""
    editor = _open(start, project / "new.py")
    if not editor.lua("return vim.lsp.inline_completion ~= nil"):
        pytest.skip("this Neovim has no client for inline completions")
    editor.lua("vim.lsp.config('charwise', { cmd = { 'charwise', 'lsp' } })")
    editor.lua("vim.lsp.enable('charwise') vim.bo.filetype = 'python'")
    editor.until(lambda: editor.lua("return #vim.lsp.get_clients({ name = 'charwise' })"), 1)
    editor.lua("vim.lsp.inline_completion.enable(true)")
    editor.command("checkhealth charwise")
    editor.until(lambda: "suggests too" in editor.text, True)


def test_generates(start: Start, project: Path) -> None:
    """The model writes on at the cursor, as long as was asked, and one undo takes all of it back."""
    editor = _open(start, project / "new.py")
    editor.keys("iimport os<CR><Esc>")
    editor.until_text("import os\n")
    editor.until(lambda: _is_learned(editor), True)
    editor.command("Charwise generate 50")
    editor.until(lambda: "characters, seed" in editor.messages, True)
    assert "50 characters" in editor.messages
    assert len(editor.text.encode()) == len("import os\n") + 50
    editor.keys("u")
    editor.until_text("import os\n")
    editor.command("Charwise generate 1000000000")
    editor.until(lambda: len(editor.text) > 100, True)
    editor.keys("<C-c>")
    editor.until(lambda: editor.lua("return require('charwise.generate').is_running()"), False)
    editor.synchronise()
    assert len(editor.text) < 1_000_000_000


def test_chooses_a_model(start: Start, project: Path) -> None:
    """A model is chosen by its name, which the command line completes, or of a menu: the project's own comes first."""
    own, store = name_for(project), Store(paths.models_dir())
    shutil.copytree(store.directory(own), store.directory("linux"))
    editor = _open(start, project / "new.py")
    editor.until(lambda: _is_learned(editor), True)
    assert editor.lua("return vim.fn.getcompletion('Charwise model l', 'cmdline')") == ["linux"]
    editor.command("Charwise model linux")
    editor.until(lambda: [each["model"] for each in _status(editor)["workspaces"]], ["linux"])
    editor.lua("""vim.ui.select = function(models, options, done)
      charwise_offered = vim.tbl_map(options.format_item, models)
      done(models[1])
    end""")
    editor.command("Charwise model")
    editor.until(lambda: [each["model"] for each in _status(editor)["workspaces"]], [own])
    first, second = editor.lua("return charwise_offered")
    assert re.fullmatch(rf"{own}: 1x64 lstm, \d\.\d\d bits per character, its own", first)
    assert second.startswith("linux: ")
    assert second.endswith(", in use")


def test_forgets(start: Start, project: Path, tmp_path: Path) -> None:
    """A file that is forgotten is on no list of what is learned any more, and its project is learned anew."""
    copied = tmp_path / "copied"
    shutil.copytree(project, copied)
    editor = _open(start, copied / "textwrap.py")
    editor.lua("vim.fn.confirm = function() return 1 end")
    editor.until(lambda: any(each["files"] for each in _status(editor)["workspaces"]), True)
    editor.command("Charwise forget")
    ignored = copied / ".charwiseignore"
    editor.until(lambda: ignored.exists() and "textwrap.py" in ignored.read_text(), True)  # it is there before its line


def _status(editor: Editor) -> dict[str, Any]:
    editor.lua("charwise_seen = nil")
    editor.lua("require('charwise.daemon').request('status', nil, function(_, seen) charwise_seen = seen end)")
    seen: dict[str, Any] = editor.until(lambda: editor.lua("return charwise_seen"))
    return seen


def _is_learned(editor: Editor) -> bool:
    return any(each["step"] for each in _status(editor)["workspaces"])
