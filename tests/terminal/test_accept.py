"""The keys that accept what is shown, or forget it."""

import pytest

from tests.terminal.conftest import SOURCE, Open
from tests.terminal.terminal import Terminal

_VI = "bindkey -v; KEYTIMEOUT=1\n" + SOURCE


@pytest.fixture
def offered(terminal: Terminal) -> str:
    """What is shown after the commit that the terminal's line begins with: several words."""
    return _offered(terminal)


def _offered(terminal: Terminal) -> str:
    terminal.type("git commit --mess")
    ghost = terminal.until_ghost()
    assert ghost.startswith("age")
    return ghost


@pytest.mark.parametrize("key", ["Right", "End", "C-e", "C-f"])
def test_all(terminal: Terminal, key: str) -> None:
    """Right and End, and what else moves there, accept all."""
    _offered(terminal)
    terminal.press(key)
    terminal.until(lambda: terminal.line.startswith("git commit --message"))


@pytest.mark.parametrize("key", ["M-f", "C-Right", "M-Right"])
def test_word(terminal: Terminal, offered: str, key: str) -> None:
    """A word is accepted, and what is left stays."""
    terminal.press(key)
    terminal.until(lambda: terminal.line in {"git commit --message", "git commit --message '"})  # zsh's idea of a word
    assert len(offered) > len("age")


def test_character(terminal: Terminal, offered: str) -> None:
    """Shift-Right accepts a character."""
    terminal.press("S-Right")
    terminal.until_line("git commit --messa")
    terminal.until(lambda: terminal.ghost.startswith(offered[1:3]))
    terminal.press("S-Right")
    terminal.until_line("git commit --messag")


def test_run(terminal: Terminal) -> None:
    """Ctrl-X Enter accepts all and runs it."""
    terminal.type("echo grü")
    ghost = terminal.until_ghost()
    terminal.press("C-x", "Enter")
    terminal.until(lambda: f"\ngrü{ghost.rstrip()}\n" in terminal.plain)


def test_forget(terminal: Terminal) -> None:
    """Shift-Delete forgets what is shown; it is not suggested again, and the line stays as it is."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("S-DC")
    terminal.until(lambda: "charwise: forgotten" in terminal.plain)
    assert terminal.plain.startswith("> git sta")
    assert "git status" not in terminal.plain
    terminal.press("C-u")
    terminal.interrupt()
    terminal.type("git stat")
    terminal.until_line("git stat")
    assert not terminal.ghost.startswith("us")


def test_keys_without_ghost(terminal: Terminal) -> None:
    """Where nothing is shown, or the cursor is inside the line, the keys do what they always did."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("C-a")
    terminal.until_ghost("")
    assert terminal.cursor[1] == 2
    terminal.press("Right")
    terminal.until(lambda: terminal.cursor[1] == 3)
    terminal.press("M-f")
    terminal.until(lambda: terminal.cursor[1] == len("> git "))
    assert terminal.line == "git sta"


def test_undo(terminal: Terminal) -> None:
    """What was accepted can be undone."""
    _offered(terminal)
    terminal.press("Right")
    terminal.until(lambda: terminal.line.startswith("git commit --message"))
    terminal.press("C-_")
    terminal.until_line("git commit --mess")


def test_vi(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """In vi's insert mode Right accepts; in its command mode l and $ accept all, w and f as far as they move."""
    terminal = open_terminal(_VI)
    _offered(terminal)
    terminal.press("Right")
    terminal.until(lambda: terminal.line.startswith("git commit --message"))
    for key in ("l", "$", "e"):
        terminal.interrupt()  # the next line begins in insert mode
        _offered(terminal)
        terminal.press("Escape")
        terminal.until(lambda: terminal.cursor[1] < len("> git commit --mess"))
        terminal.press(key)
        terminal.until(lambda: terminal.line.startswith("git commit --message"))
    terminal.type("0dw")
    terminal.until(lambda: terminal.line.startswith("commit"))


def test_no_keys(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - as above
    """Whoever wants no keys bound has none, and can bind the widgets themselves."""
    terminal = open_terminal("CHARWISE_KEYS=no\n" + SOURCE + "bindkey '^G' charwise-accept-character\n")
    _offered(terminal)
    terminal.press("C-g")
    terminal.until_line("git commit --messa")
