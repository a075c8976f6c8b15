"""At the prompt of a real fish: a key completes the line."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from charwise import plugins
from charwise_daemon import launch, paths
from charwise_daemon.shell import importing
from tests.conftest import daemon_pid, wait_for_end
from tests.terminal.conftest import Start
from tests.terminal.terminal import PROMPT, Terminal

OpenFish = Callable[[], Terminal]
_CONFIG = f"""
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function fish_prompt; echo '{PROMPT}'; end
{plugins.line("fish")}
set -g _charwise_pause 1
"""


@pytest.fixture
def open_fish(start: Start) -> OpenFish:
    """Return what opens a terminal with a fish that the user lets be learned from."""
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here, which these tests type into; apt-get install fish has it")
    importing.enable(paths.state_dir(), "fish", None)
    return lambda: start("fish", {".config/fish/config.fish": _CONFIG}, XDG_CONFIG_HOME="", XDG_DATA_HOME="")


@pytest.fixture
def fish(daemon: Path, open_fish: OpenFish) -> Terminal:  # noqa: ARG001 - it is to run
    """A fish with a daemon that has learned."""
    return _connected(open_fish())


def _connected(terminal: Terminal) -> Terminal:
    """Return when the daemon learns what is run: the relay is started at the first prompt."""
    terminal.until(lambda: _has_learned(terminal))
    return terminal


def _has_learned(terminal: Terminal) -> bool:
    terminal.run("true")
    terminal.press("C-l")
    terminal.until(lambda: terminal.plain.rstrip() == PROMPT.rstrip())
    return "$ true\n" in _log()


def test_keys(fish: Terminal) -> None:
    """A key puts all that is suggested on the line, another the next word; not where the cursor is within the line."""
    fish.type("git sta")
    fish.press("M-j")
    fish.until_line("git status")
    fish.press("C-u")
    fish.type("git com")
    fish.press("M-k")
    fish.until_line("git commit")
    fish.until(lambda: fish.line.startswith("git commit --message") or fish.press("M-k"))
    fish.press("C-u")
    fish.type("git sta")
    fish.press("C-a", "M-j")
    fish.type("!")
    fish.until_line("!git sta")
    fish.press("C-u", "C-k")
    fish.type("echo grüß")
    fish.press("M-j")
    fish.until(lambda: fish.line.startswith("echo grüße"))


def test_learned(fish: Terminal) -> None:
    """What was run is known at once, with its folder and how it ended, and of several lines; no private one."""
    fish.run("cd /")
    fish.run(" echo private")
    fish.run("false")
    fish.until(lambda: _log().endswith("/$ false\n"))
    fish.type("for x in 1")
    fish.press("Enter")
    fish.type("echo two$x")
    fish.press("Enter")
    fish.type("end")
    fish.press("Enter")
    fish.until(lambda: "\n1 /$ for x in 1\n> " in _log())
    fish.run("echo 'fourteen bananas'")
    fish.until(lambda: _log().endswith("/$ echo 'fourteen bananas'\n"))
    assert "private" not in _log()


def test_no_daemon(home: Path, open_fish: OpenFish) -> None:
    """Without a daemon there is no relay, the keys do nothing, and nothing is said; once there is one, it is used."""
    terminal = open_fish()
    terminal.run("echo alone")
    terminal.type("git sta")
    terminal.press("M-j", "M-k")
    terminal.type("!")
    terminal.until_line("git sta!")
    assert terminal.plain.rstrip().split("\n") == ["> echo alone", "alone", "> git sta!"]
    assert not launch.is_running()
    assert not list(home.rglob("fish-*"))
    terminal.press("C-u")
    launch.ensure_running()
    _connected(terminal)


def test_killed_and_hanging(fish: Terminal) -> None:
    """A daemon that hangs or is killed costs a key a third of a second at most; the next one is used."""
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    fish.type("git sta")
    fish.press("M-j")
    fish.type("!")
    fish.until_line("git sta!")
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    fish.press("C-u")
    fish.type("git sta")
    fish.press("M-j")
    fish.type("!")
    fish.until_line("git sta!")
    fish.press("C-u")
    launch.ensure_running()
    fish.until(lambda: _is_completed(fish))


def _is_completed(terminal: Terminal) -> bool:
    """Try whether the line is completed, from a new one."""
    terminal.press("C-u")
    terminal.type("git sta")
    terminal.press("M-j")
    terminal.type("!")
    terminal.until(lambda: terminal.line.endswith("!"))
    return terminal.line == "git status!"


def _log() -> str:
    file = paths.state_dir() / "shell/new.sh"
    return file.read_text() if file.exists() else ""
