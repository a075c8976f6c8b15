"""Never in the way: where nothing is shown, nothing is asked, and nothing is read."""

from pathlib import Path

import pytest

from charwise_trainer import secrets
from tests.editors.nvim.conftest import Start
from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted

_NOT_SECRET = """
local function is_secret(path)
  return vim.iter(require('charwise.options').get().secrets):any(function(glob)
    return vim.glob.to_lpeg(glob):match(glob:find('/', 1, true) and path or vim.fs.basename(path)) ~= nil
  end)
end
return vim.iter(...):filter(function(path) return not is_secret(path) end):totable()
"""


def _is_quiet(editor: Editor, scripted: Scripted) -> bool:
    editor.synchronise()
    return not editor.ghost and not scripted.asked


def _suggests(editor: Editor, scripted: Scripted, file: Path) -> None:
    scripted.goals = ["abc"]
    editor.edit(file)
    editor.keys("iab")
    editor.until_ghost("c")


@pytest.mark.parametrize(
    "name", [".env", ".env.local", "prod.env", "key.pem", "id_rsa", ".ssh/config", "secrets/a.yaml", ".netrc"]
)
def test_secret(editor: Editor, scripted: Scripted, file: Path, name: str) -> None:
    """A file that looks secret is not even told to the daemon."""
    secret = file.parent / name
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("TOKEN=1\n")
    editor.edit(secret)
    editor.keys("oTOKEN<M-Bslash><M-]><Tab>")
    editor.until(lambda: editor.text.startswith("TOKEN=1\nTOKEN"), True)
    editor.command("Charwise generate")
    assert _is_quiet(editor, scripted)
    assert not any("TOKEN" in str(params) for _, params in scripted.told)
    assert editor.lua("return require('charwise').status()") == "off"


def test_all_secrets(start: Start) -> None:
    """Whatever the trainer never learns by its name is secret here too."""
    editor = start()
    globs = [glob.replace("[-_]", "-") for glob in f"{secrets._KEYS} {secrets._SSH} {secrets._ACCOUNTS}".split()]
    paths = [glob.replace("*", "a") for glob in globs] + [f"{folder}/a" for folder in sorted(secrets._FOLDERS)]
    bare = [glob.removesuffix("*").replace("*.json", ".json") for glob in globs if not glob.endswith(".*")]
    paths += [glob.replace("*", "a") for glob in bare]
    assert all(secrets.secret_path(path) for path in paths)
    assert editor.lua(_NOT_SECRET, [f"/project/{path}" for path in paths]) == []


@pytest.mark.parametrize(
    ("options", "name", "content"),
    [
        ("{ max_bytes = 1000 }", "big.txt", b"a" * 1001),
        ("{}", "binary.bin", b"a\0b\n"),
        ("{ ignore = { '*.min.js' } }", "a.min.js", b"a\n"),
        ("{ ignore = { '**/vendor/**' } }", "vendor/a.js", b"a\n"),
        ("{ filetypes = { make = false } }", "a.mk", b"a\n"),
        ("{ filetypes = { ['*'] = false, c = true } }", "a.js", b"a\n"),
    ],
)
def test_off(start: Start, scripted: Scripted, file: Path, options: str, name: str, content: bytes) -> None:
    """Large and binary files, and what the user has listed, are left alone; another file beside them is not."""
    other = file.parent / name
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(content)
    editor = start(options)
    editor.edit(other)
    editor.keys("Goab<Esc>")
    editor.until(lambda: editor.text.endswith("ab"))
    assert _is_quiet(editor, scripted)
    assert name not in scripted.texts
    _suggests(editor, scripted, file.with_name("fine.c"))


@pytest.mark.parametrize(
    "command",
    [
        "setlocal buftype=nofile",
        "new | setlocal buftype=prompt",
        "terminal cat",
        "setlocal nomodifiable",
        "setlocal buftype=help",
    ],
)
def test_other_buffers(editor: Editor, scripted: Scripted, command: str) -> None:
    """In what is no file nothing is asked: scratch buffers, prompts, terminals, help."""
    editor.command("only | " + command)
    editor.keys("iab")
    assert _is_quiet(editor, scripted)


def test_command_line_window(editor: Editor, scripted: Scripted) -> None:
    """In the window of the command line nothing is asked."""
    editor.keys("q:iab")
    editor.until_text("ab")
    assert editor.ghost == ""
    assert not scripted.asked


def test_macro(editor: Editor, scripted: Scripted) -> None:
    """While a macro is recorded or replayed nothing is shown, and Tab is a Tab in it, so it does the same each time."""
    scripted.goals = ["abc\tx\nabc", "abc\tx\nabc\tx"]
    editor.command("setlocal noexpandtab")
    editor.keys("qqiab")
    editor.until_text("ab")
    assert _is_quiet(editor, scripted)
    editor.keys("c<Tab>x<Esc>q")
    editor.until_text("abc\tx")
    editor.keys("o<Esc>@q")
    editor.until_text("abc\tx\nabc\tx")
    assert editor.lua("return vim.fn.getreg('q')") == "iabc\tx\x1b"
    editor.keys("o<Esc>2@q")
    editor.until_text("abc\tx\nabc\tx\nabc\tabc\txx")
    assert editor.ghost == ""


def test_snippet(start: Start, scripted: Scripted, file: Path) -> None:
    """Within a snippet's placeholders nothing is shown, unless the user wants it."""
    scripted.goals = ["for abc"]
    for options, ghost in (("{}", ""), ("{ snippets = true }", "c")):
        editor = start(options)
        editor.edit(file)
        editor.keys("i")
        editor.until(lambda at=editor: at.mode, "i")
        editor.lua("vim.snippet.expand('for $1')")
        editor.keys("ab")
        editor.until_text("for ab")
        editor.synchronise()
        assert editor.ghost == ghost
        editor.lua("vim.snippet.stop()")
        editor.keys("<BS>b")
        editor.until_ghost("c")


def test_undo(editor: Editor, scripted: Scripted) -> None:
    """After an undo nothing is shown until something is typed, within insert mode and when it is entered."""
    scripted.goals = ["one two three"]
    editor.keys("ione two<Esc>a three<Esc>u")
    editor.until_text("one two")
    asked = len(scripted.asked)
    editor.keys("a")
    editor.until(lambda: editor.mode, "i")
    editor.synchronise()
    assert (editor.ghost, len(scripted.asked)) == ("", asked)
    editor.keys(" t")
    editor.until_ghost("hree")
    editor.keys("<C-o>u")
    editor.until_text("one two")
    editor.synchronise()
    assert editor.ghost == ""
    editor.keys(" ")
    editor.until_ghost("three")


def test_blocked(start: Start, scripted: Scripted, file: Path) -> None:
    """A function of the user's can forbid, as while another plugin's menu is open."""
    scripted.goals = ["abc"]
    editor = start("{ is_blocked = function(buf) return vim.b[buf].menu end }")
    editor.edit(file)
    editor.lua("vim.b.menu = true")
    editor.keys("ia")
    editor.until_text("a")
    assert _is_quiet(editor, scripted)
    editor.lua("vim.b.menu = false")
    editor.keys("b")
    editor.until_ghost("c")


def test_switches(editor: Editor, scripted: Scripted, file: Path) -> None:
    """It is switched off and on for a buffer, a type of file and everywhere; what is off is not mirrored."""
    scripted.goals = ["abc"]
    for scope in ("buffer", "filetype", "global", ""):
        editor.command(f"Charwise disable {scope}")
        editor.keys("iab")
        editor.until_text("ab")
        editor.synchronise()
        assert (editor.ghost, file.name in scripted.texts) == ("", False)
        assert editor.lua("return require('charwise').status()") == "off"
        editor.keys("<Esc>")
        editor.command(f"Charwise toggle {scope}")
        editor.keys("S")
        editor.keys("ab")
        editor.until_ghost("c")
        editor.keys("<C-u><Esc>")
        editor.until_text("")
        editor.lua("vim.b.charwise = nil")
    editor.lua("vim.b.charwise = false")
    editor.keys("iab")
    editor.until_text("ab")
    editor.synchronise()
    assert editor.ghost == ""


@pytest.mark.usefixtures("scripted")
def test_options(start: Start) -> None:
    """An option that is not understood is named in one message, and has its default."""
    sizes = "max_bytes = 'many', max_characters = math.huge, max_lines = 1.5"
    editor = start(f"{{ shadow = 1, popup = 'show', keys = {{ acept = '<Tab>' }}, {sizes} }}")
    wrong = ("shadow", "popup", "keys.acept", "max_bytes", "max_characters", "max_lines")
    assert all(name in editor.messages for name in wrong)
    assert editor.lua("return require('charwise.options').get().max_bytes") == 1_000_000


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{ root_markers = { '.git', 5 } }", "root_markers[2] is 5, but must be a string"),
        ("{ root_markers = { git = true } }", "root_markers is { git = true }, but must be a list"),
        ("{ command = { 5 } }", "command[1] is 5, but must be a string"),
        ("{ command = {} }", "command is {}, but must be a program and its arguments"),
        ("{ filetypes = { python = 'yes' } }", 'filetypes.python is "yes", but must be a boolean'),
        ("{ filetypes = { 'python' } }", 'filetypes.1 is "python", but must be a boolean'),
        ("{ keys = { accept = '' } }", 'keys.accept is "", but must be a key or false'),
        ("'x'", 'setup\'s argument is "x", but must be a table'),
    ],
)
@pytest.mark.usefixtures("scripted")
def test_wrong_within(start: Start, given: str, problem: str) -> None:
    """What is wrong within an option is one sentence, and the option has its default."""
    editor = start(given)
    assert editor.messages == f"charwise: {problem}"
    editor.lua("charwise_options = require('charwise.options').get(); require('charwise.options').set()")
    assert editor.lua("return vim.deep_equal(charwise_options, require('charwise.options').get())")


def test_bad_globs(start: Start, scripted: Scripted, file: Path) -> None:
    """A bad glob is named; the others hold, and so do the defaults, lest what is secret be seen."""
    editor = start("{ secrets = { 5, '[', '*.hush' }, ignore = { '*.min.js', '{a' } }")
    assert "secrets[1] is 5, but must be a string" in editor.messages
    is_strict = not editor.lua("return (pcall(vim.glob.to_lpeg, '['))")  # Neovim 0.11 takes it as it stands
    for problem in ('secrets[2] is "[", but must be a glob', 'ignore[2] is "{a", but must be a glob'):
        assert (problem in editor.messages) == is_strict
    for name in (".env", "a.hush", "a.min.js"):
        editor.edit(file.with_name(name))
        editor.keys("iab<Esc>")
        editor.until_text("ab")
        assert _is_quiet(editor, scripted)
        assert name not in scripted.texts
    _suggests(editor, scripted, file.with_name("fine.c"))


@pytest.mark.usefixtures("scripted")
def test_global_options_that_are_no_table(start: Start) -> None:
    """What is no table in `vim.g.charwise` is one sentence, and what is set up holds."""
    editor = start("{ shading = false }", "vim.g.charwise = 'x'")
    assert editor.messages == 'charwise: vim.g.charwise is "x", but must be a table'
    assert editor.lua("return require('charwise.options').get().shading") is False


def test_global_options(start: Start, scripted: Scripted, file: Path) -> None:
    """With no setup at all it starts with the first text, with the options of `vim.g.charwise`."""
    scripted.goals = ["abc"]
    editor = start("", "vim.g.charwise = { shading = false }")
    editor.edit(file)
    editor.keys("iab")
    editor.until_ghost("c")
    assert editor.lua("return require('charwise.options').get().shading") is False
