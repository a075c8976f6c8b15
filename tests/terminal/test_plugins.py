"""Beside other plugins of zsh, in whichever order they are loaded."""

from pathlib import Path

import pytest

from tests.terminal.conftest import SOURCE, Open
from tests.terminal.terminal import Terminal

_HIGHLIGHTING = Path("/usr/share/zsh-syntax-highlighting/zsh-syntax-highlighting.zsh")
_SUGGESTIONS = Path("/usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh")
pytestmark = pytest.mark.usefixtures("daemon")


def _sourced(plugin: Path) -> str:
    if not plugin.exists():
        pytest.skip(f"there is no {plugin} here; apt-get install {plugin.stem} has it")
    return f"source {plugin}\n"


def _is_green(terminal: Terminal) -> bool:
    """Tell whether a command is drawn as one that is there."""
    return "\x1b[32mgit" in terminal.screen()


@pytest.mark.parametrize("is_last", [True, False])
def test_syntax_highlighting(open_terminal: Open, is_last: bool) -> None:
    """The line has its colours and the ghost text its own, before and after it was accepted."""
    highlighting = _sourced(_HIGHLIGHTING)
    terminal = open_terminal(SOURCE + highlighting if is_last else highlighting + SOURCE)
    terminal.type("git commit --mess")
    ghost = terminal.until_ghost()
    terminal.until(lambda: _is_green(terminal))
    terminal.press("M-f")
    terminal.until(lambda: terminal.line.startswith("git commit --message"))
    assert _is_green(terminal)
    terminal.press("Right")
    terminal.until(lambda: terminal.line.startswith(f"git commit --mess{ghost}".rstrip()))
    terminal.until_ghost()
    assert _is_green(terminal)


@pytest.mark.parametrize("is_last", [True, False])
def test_autosuggestions(open_terminal: Open, is_last: bool) -> None:
    """As its strategy, it shows what we suggest, by its own means; ours keep still."""
    own = _sourced(_SUGGESTIONS) + "ZSH_AUTOSUGGEST_STRATEGY=(charwise)\n"
    terminal = open_terminal(SOURCE + own if is_last else own + SOURCE)
    terminal.run("true")
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("Right")
    terminal.until_line("git status")
    terminal.press("C-u")
    terminal.run("echo fourteen bananas")
    terminal.type("echo four")
    assert "teen bananas".startswith(terminal.until_ghost())


def test_autosuggestions_of_names(open_terminal: Open) -> None:
    """Its strategy knows the names of this shell too."""
    terminal = open_terminal(
        _sourced(_SUGGESTIONS) + "ZSH_AUTOSUGGEST_STRATEGY=(charwise)\nalias zz-deploy=true\n" + SOURCE
    )
    terminal.run("true")
    terminal.type("zz-d")
    assert terminal.until_ghost().startswith("eplo")


def test_other_hooks(open_terminal: Open) -> None:
    """A hook that another plugin has on drawing the line is still called."""
    hook = "zle-line-pre-redraw() print $BUFFER > ~/drawn; zle -N zle-line-pre-redraw\n"
    terminal = open_terminal(hook + SOURCE)
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.until(lambda: (terminal.folder / "drawn").read_text() == "git sta\n")
