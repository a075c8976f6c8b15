"""At the prompt of a real bash: a key completes the line; with ble.sh, where that is installed, ghost text."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from charwise import plugins
from charwise_daemon import launch, paths
from charwise_daemon.shell import importing
from tests.conftest import daemon_pid, wait_for_end
from tests.terminal.conftest import Start
from tests.terminal.terminal import PROMPT, Terminal

OpenBash = Callable[..., Terminal]
_SOURCE = f"{plugins.line('bash')}\n_charwise_pause=1\n"
_BLE = [
    Path(os.environ.get("BLE_SH", "/")),
    *(
        folder / "blesh/ble.sh"
        for folder in (Path("/usr/share"), Path("/usr/local/share"), Path.home() / ".local/share")
    ),
]


@pytest.fixture
def open_bash(start: Start) -> OpenBash:
    """Return what opens a terminal with a bash that the user lets be learned from."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    importing.enable(paths.state_dir(), "bash", None)
    return lambda rc=_SOURCE, **environment: start(
        "bash", {".bashrc": f"PS1='{PROMPT}'\nbind 'set bell-style none'\n{rc}"}, **environment
    )


@pytest.fixture
def bash(daemon: Path, open_bash: OpenBash) -> Terminal:  # noqa: ARG001 - it is to run
    """A bash with the plugin and nothing else, with a daemon that has learned."""
    return _connected(open_bash())


def _connected(terminal: Terminal) -> Terminal:
    """Return when the relay is there, which is started at the first prompt, and its daemon."""
    terminal.until(lambda: _has_run(terminal, "[[ $_charwise_state == on ]] && echo conne''cted"))
    return terminal


def _has_run(terminal: Terminal, command: str) -> bool:
    terminal.press("C-l")
    terminal.until(lambda: terminal.plain.rstrip() == PROMPT.rstrip())
    terminal.run(command)
    return "\nconnected\n" in terminal.plain


def test_all(bash: Terminal) -> None:
    """The key puts all that is suggested on the line, which is then edited and run as any."""
    bash.type("git sta")
    bash.press("C-x", "Tab")
    bash.until_line("git status")
    bash.type(" --short")
    bash.until_line("git status --short")
    bash.press("C-_", "C-u")
    bash.type("echo grüß")
    bash.press("C-x", "Tab")
    bash.until(lambda: bash.line.startswith("echo grüße"))
    bash.press("Enter")
    bash.until(lambda: "\ngrüße" in bash.plain)


def test_word(bash: Terminal) -> None:
    """Alt-Right puts the next word on the line, at whose end only; elsewhere it moves as it did."""
    bash.type("git com")
    bash.press("M-Right")
    bash.until_line("git commit")
    bash.until(lambda: bash.line.startswith("git commit --message") or bash.press("M-Right"))
    bash.press("C-u")
    bash.type("ü git sta")
    bash.press("C-a", "M-Right", "M-Right")
    bash.until(lambda: bash.cursor[1] == len("> ü git"))
    bash.press("C-x", "Tab")
    bash.type("!")
    bash.until_line("ü git! sta")


def test_learned_at_once(bash: Terminal) -> None:
    """What was run is known at once, with its folder and how it ended; not what was kept out of the history."""
    bash.run("HISTCONTROL=ignorespace HISTIGNORE='secret*:apple*'")
    bash.run("cd /")
    for command in (" echo private", "secret thing", "apple=1", "ls /nowhere", "for x in 1; do", "echo $x; done"):
        bash.type(command)
        bash.press("Enter")
    bash.until(lambda: bash.plain.endswith("\n1\n> "))
    bash.run("echo last")
    bash.until(lambda: "echo last" in _log())
    ran = [line.partition("$ ")[2] for line in _log().splitlines()]
    assert ran[-3:] == ["ls /nowhere", "for x in 1; do echo $x; done", "echo last"]
    assert "\n2 /$ for x in 1" in _log()
    assert not {"private", "secret", "apple=1"} & set(_log().replace("HISTIGNORE", " ").split())
    bash.press("C-l")
    bash.until(lambda: bash.plain.rstrip() == PROMPT.rstrip())
    for _ in range(3):
        bash.run("echo fourteen bananas")
    bash.type("echo fo")
    bash.press("C-x", "Tab")
    bash.until(lambda: bash.line.startswith("echo fourt"))


def test_same_twice(bash: Terminal) -> None:
    """With a history without repetitions, an old entry is not learned again for what was kept out of it."""
    bash.run("HISTCONTROL=ignoreboth:erasedups")
    for command in ("echo one", "echo two", "echo one", " echo private", "true"):
        bash.run(command)
    bash.until(lambda: _log().endswith("$ true\n"))
    assert [line.partition("$ ")[2] for line in _log().splitlines()][-4:] == [
        "echo one",
        "echo two",
        "echo one",
        "true",
    ]


def test_names(bash: Terminal) -> None:
    """A command that cannot be run is not suggested; as a function, once it was run, it is."""
    bash.type("zz-d")
    bash.press("C-x", "Tab")
    bash.type("!")
    bash.until_line("zz-d!")
    bash.press("C-u")
    bash.run("zz-deploy() { true; }")
    bash.run("zz-deploy everything now")
    bash.type("zz-d")
    bash.press("C-x", "Tab")
    bash.until(lambda: bash.line.startswith("zz-deploy"))


def test_prompt_is_left(bash: Terminal) -> None:
    """Exit status, last process, jobs and options are the user's own; PROMPT_COMMAND's others are called."""
    bash.run("PROMPT_COMMAND+=('seen=$?')")
    bash.run("false")
    bash.run("echo status $? $seen")
    bash.run("set -eu; sleep 0 & wait; echo jobs $(jobs | wc -l)")
    bash.run("echo fine ${!:+and} well; set +eu")
    assert "\nstatus 1 1\n" in bash.plain
    assert "\njobs 0\n" in bash.plain
    assert "\nfine and well\n" in bash.plain
    assert "charwise" not in bash.plain.split("fine and well")[1]


def test_no_daemon(home: Path, open_bash: OpenBash) -> None:
    """Without a daemon there is no relay, the keys do nothing, and nothing is said; once there is one, it is used."""
    terminal = open_bash()
    terminal.run("echo alone")
    terminal.type("git sta")
    terminal.press("C-x", "Tab", "M-Right")
    terminal.until_line("git sta")
    assert terminal.plain.rstrip().split("\n") == ["> echo alone", "alone", "> git sta"]
    assert not launch.is_running()
    assert not list(home.rglob("bash-*"))
    terminal.press("C-u")
    launch.ensure_running()
    _completes(_connected(terminal))


def test_killed(bash: Terminal) -> None:
    """A daemon that is killed costs nothing, and the next one is used; so is the next relay."""
    pid = daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    bash.type("git sta")
    bash.press("C-x", "Tab")
    bash.type("!")
    bash.until_line("git sta!")
    bash.press("C-u")
    launch.ensure_running()
    bash.until(lambda: _is_completed(bash))
    bash.press("C-u")
    relay = _relay(bash)
    relay.kill()
    relay.wait(10)
    bash.run("echo still here")
    _completes(_connected(bash))


@pytest.mark.parametrize("is_relay", [True, False])
def test_hanging(bash: Terminal, is_relay: bool) -> None:
    """A daemon or a relay that hangs holds up a key for a third of a second, and prompts not at all."""
    pid = _relay(bash).pid if is_relay else daemon_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        for number in range(8):
            bash.run(f": {'x' * 60} {number}")
        bash.type("git sta")
        bash.press("C-x", "Tab")
        bash.type("!")
        bash.until_line("git sta!")
        bash.press("C-u")
    finally:
        os.kill(pid, signal.SIGCONT)
    bash.run("true")
    bash.until(lambda: _is_completed(bash))


def test_relay_ends(bash: Terminal) -> None:
    """With bash its relay ends, though something that bash has started still runs."""
    bash.run("sleep 60 &")
    relay = _relay(bash)
    bash.close()
    relay.wait(20)
    assert not list((paths.shell_socket_file().parent).glob("bash-*"))


def test_ble(daemon: Path, open_bash: OpenBash) -> None:  # noqa: ARG001 - it is to run
    """With ble.sh there is ghost text, and what is run is learned."""
    ble = next((path for path in _BLE if path.is_file()), None)
    if ble is None:
        pytest.skip("there is no ble.sh here; BLE_SH names one")
    terminal = _connected(open_bash(f"source {ble} --noattach\n{_SOURCE}ble-attach\n", USER="somebody"))
    terminal.until(lambda: _has_ghost(terminal))
    terminal.press("Right")
    terminal.until(lambda: terminal.before == "git status")
    terminal.press("Enter")
    terminal.until(lambda: "$ git status\n" in _log())
    for word in ("private", "last"):
        terminal.type(f" echo {word}" if word == "private" else f"echo {word}")
        terminal.until(lambda word=word: terminal.before.endswith(word))
        terminal.press("Enter")
        terminal.until(lambda word=word: f"\n{word}\n" in terminal.plain)
    terminal.until(lambda: "echo last" in _log())
    assert "private" not in _log()


def _has_ghost(terminal: Terminal) -> bool:
    """Type, and tell whether there is ghost text within a second: ble.sh loads what shows it while nobody types."""
    terminal.press("C-u")
    terminal.type("git sta")
    latest = time.monotonic() + 1
    while terminal.after != "tus" and time.monotonic() < latest:
        time.sleep(0.05)
    return terminal.after == "tus"


def _completes(terminal: Terminal) -> None:
    terminal.type("git sta")
    terminal.press("C-x", "Tab")
    terminal.until_line("git status")


def _is_completed(terminal: Terminal) -> bool:
    """Try whether the line is completed, from a new one."""
    terminal.press("C-u")
    terminal.type("git sta")
    terminal.press("C-x", "Tab")
    terminal.type("!")
    terminal.until(lambda: terminal.line.endswith("!"))
    return terminal.line == "git status!"


def _relay(bash: Terminal) -> psutil.Process:
    """Return the relay of a bash."""
    mine = [str(paths.shell_socket_file()), str(bash.process)]
    found = ((process, process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"]))
    return next(process for process, words in found if [*words[-3:-2], *words[-1:]] == mine)


def _log() -> str:
    file = paths.state_dir() / "shell/new.sh"
    return file.read_text() if file.exists() else ""
