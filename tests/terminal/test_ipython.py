"""At the prompt of a real IPython, which loads the extension by the line that `charwise shell init ipython` prints."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from charwise import plugins
from charwise_daemon import launch, paths
from charwise_daemon.shell import importing
from tests.conftest import daemon_pid, wait_for_end
from tests.terminal.conftest import Start
from tests.terminal.terminal import Terminal

pytest.importorskip("IPython", reason="there is no IPython here; pip install ipython has it")

OpenIPython = Callable[[], Terminal]
_CONFIG = """
c.TerminalInteractiveShell.highlight_matching_brackets = False
c.TerminalInteractiveShell.prompts_class = "IPython.terminal.prompts.ClassicPrompts"
c.TerminalIPythonApp.display_banner = False
c.InteractiveShell.separate_in = ""
"""
_PROMPT = ">>> "


@pytest.fixture
def open_ipython(start: Start) -> OpenIPython:
    """Return what opens a terminal with an IPython that the user lets be learned from."""
    importing.enable(paths.state_dir(), "ipython", None)

    def open_one() -> Terminal:
        config = {"profile_default/ipython_config.py": f"{_CONFIG}{plugins.line('ipython')}\n"}
        command = f"{shlex.quote(sys.executable)} -m IPython"
        return start(command, config, _PROMPT, IPYTHONDIR=".", PROMPT_TOOLKIT_COLOR_DEPTH="DEPTH_1_BIT")

    return open_one


@pytest.fixture
def ipython(home: Path, open_ipython: OpenIPython) -> Terminal:  # noqa: ARG001 - the daemon's
    """An IPython with a daemon."""
    launch.ensure_running()
    terminal = open_ipython()
    terminal.run("import itertools, functools")
    return terminal


def test_learned_at_once(ipython: Terminal) -> None:
    """A cell that was run is suggested; typed along, its rest stays; the keys of IPython accept a word, and all."""
    cell = "fourteen = 'bananas in a basket'"
    _learn(ipython, cell)
    ipython.type("fourt")
    _until_offered(ipython, cell)
    ipython.type("e")
    _until_offered(ipython, cell)
    ipython.press("M-f")
    ipython.until(lambda: ipython.before.startswith("fourteen"))
    ipython.press("C-u")
    ipython.type("fourt")
    _until_offered(ipython, cell)
    offered = (ipython.before + ipython.after).rstrip()
    ipython.press("Right")
    ipython.until(lambda: ipython.before.startswith(offered))


def test_several_lines(ipython: Terminal) -> None:
    """In a cell of several lines, the line at its end has suggestions, of what was run in such a cell."""
    for _ in range(6):
        ipython.type("for number in range(3):")
        ipython.press("Enter")
        ipython.type("functools.partial(print, 'fruit')")
        # Before it stands there the last prompt may still be the one before.
        ipython.until(lambda: ipython.before.endswith("'fruit')"))
        ipython.press("Enter", "Enter")
        ipython.until(lambda: ipython.plain.rstrip().endswith("\n>>>"))
    ipython.type("for number in range(3):")
    ipython.press("Enter")
    ipython.type("functools.par")
    ipython.until(lambda: ipython.after.startswith("tial("))


def test_secret(ipython: Terminal) -> None:
    """What looks like a password is not learned."""
    ipython.run("password = 'hunter2-hunter3'")
    ipython.run("peaches = 3")
    ipython.until(lambda: b"peaches" in _log())
    assert b"hunter2" not in _log()


def test_no_daemon(open_ipython: OpenIPython) -> None:
    """Without a daemon IPython is as it was, with its own suggestions; once there is one, it is used."""
    terminal = open_ipython()
    terminal.run("'alone'")
    assert terminal.plain.rstrip().split("\n") == [">>> 'alone'", "'alone'", ">>>"]
    terminal.type("'al")
    terminal.until_after("one'")
    terminal.press("C-u")
    assert not launch.is_running()
    launch.ensure_running()
    terminal.until(lambda: _is_used(terminal))


def test_killed(ipython: Terminal) -> None:
    """A daemon that is killed costs no key, and the next one is used."""
    _learn(ipython, "fourteen = 14")
    ipython.type("fourt")
    _until_offered(ipython, "fourteen = 14")
    pid = daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    ipython.type("een + 2")
    ipython.press("Enter")
    ipython.until(lambda: "\n16\n" in ipython.plain)
    launch.ensure_running()
    ipython.until(lambda: _is_used(ipython))


def test_hanging(ipython: Terminal) -> None:
    """A daemon that hangs holds up nothing; when it goes on, so do the suggestions."""
    _learn(ipython, "fourteen = 14")
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        for number in range(8):
            ipython.run(f"fourteen + {number}")
        assert "\n21\n" in ipython.plain
    finally:
        os.kill(pid, signal.SIGCONT)
    ipython.run("'still here'")
    ipython.type("fourt")
    ipython.until(lambda: ipython.after.startswith("een"))


def test_late(ipython: Terminal) -> None:
    """What a busy daemon answers late is shown nevertheless, without another key."""
    _learn(ipython, "fourteen = 14")
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        ipython.type("fourt")
        ipython.until(lambda: ipython.before == "fourt")
        time.sleep(1)
        assert not ipython.after
    finally:
        os.kill(pid, signal.SIGCONT)
    _until_offered(ipython, "fourteen = 14")


def test_unload(ipython: Terminal) -> None:
    """Unloaded, it leaves IPython as it was: its own suggestions, and nothing that is told to the daemon."""
    ipython.run("%unload_ext charwise_ipython")
    ipython.run("fourteen = 14")
    ipython.type("fourt")
    ipython.until_after("een = 14")
    assert b"fourteen" not in _log()


def _learn(terminal: Terminal, cell: str) -> None:
    """Run a cell so often that it is foreseen."""
    for _ in range(3):
        terminal.run(cell)


def _until_offered(terminal: Terminal, cell: str) -> None:
    """Return when there is ghost text that goes on to this cell, or some of it."""
    terminal.until(lambda: terminal.after and cell.startswith(terminal.before + terminal.after))


def _is_used(terminal: Terminal) -> bool:
    """Run something, and tell whether the daemon has learned it."""
    terminal.press("C-l")
    terminal.until(lambda: terminal.plain.rstrip() == ">>>")
    terminal.run("'used'")
    return b"'used'" in _log()


def _log() -> bytes:
    return b"".join(path.read_bytes() for path in (paths.state_dir() / "shell").rglob("*.sh"))
