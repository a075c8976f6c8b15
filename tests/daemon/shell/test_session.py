"""A shell and the real daemon: what is suggested, learned, forgotten, and never said."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charwise_daemon import launch, paths
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError, InvalidRequestError
from charwise_daemon.protocol import Empty, ShellPattern
from charwise_daemon.shell import importing
from charwise_daemon.shell.lines import is_safe, line
from tests.conftest import daemon_pid, wait_for_end
from tests.daemon.shell.conftest import Enabled
from tests.daemon.shell.planted import SECRETS
from tests.daemon.shell.shell import Shell

_HISTORY = ("git status", "git commit -m 'first thing'", "git push origin main", "make test", "make install") * 4


def _until(condition: Callable[[], object]) -> None:
    """Return when something is so that the daemon does after its answer."""
    latest = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.01)


def _goes_on(suggested: str, rest: str) -> bool:
    """Tell whether something is suggested, and that is how the command goes on, to its end or not."""
    return bool(suggested) and rest.startswith(suggested)


def _learned() -> Iterator[bytes]:
    folder = paths.state_dir() / importing.FOLDER
    yield from (path.read_bytes() for path in folder.rglob("*.sh"))


def _is_learned(text: str) -> bool:
    return any(text.encode() in data for data in _learned())


def test_imported_history(enabled: Enabled) -> None:
    """What is in the history that the user gave is suggested at once."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    assert shell.greeting[3] == "on"
    assert shell.complete("git pu").startswith("sh")
    assert shell.complete("make ins") == "tall"


def test_what_was_run_is_known_at_once(enabled: Enabled, tmp_path: Path) -> None:
    """A command is suggested from its first run on, where it was run, whatever was run elsewhere."""
    shell = enabled()
    one, other = str(tmp_path / "one"), str(tmp_path / "other")
    for folder in (one, other):
        os.mkdir(folder)  # noqa: PTH102 - text
    for _ in range(3):
        shell.send("ran", one, "main", "0", "make flowers")
        shell.send("ran", other, "", "0", "make furniture")
    assert shell.complete("make f", one).startswith("lowers")
    assert shell.complete("make f", other).startswith("urniture")
    _until(lambda: _is_learned("make furniture"))


def test_after_the_command_before(enabled: Enabled) -> None:
    """What is run after a command is suggested after it, at an empty prompt too."""
    shell = enabled()
    for _ in range(6):
        for command in ("git add -A", "git commit -m wip", "git push origin main", "ls"):
            shell.send("ran", "/", "", "0", command)
    shell.send("ran", "/", "", "0", "git add -A")
    assert _goes_on(shell.complete(""), "git commit -m wip")
    assert _goes_on(shell.complete("git "), "commit -m wip")
    shell.send("ran", "/", "", "0", "git commit -m wip")
    assert shell.complete("git ").startswith("push")


def test_typed_through(enabled: Enabled) -> None:
    """While a suggestion is typed it stays; where something else is typed it is gone, and another may come."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    whole = shell.complete("git pu")
    for length in range(1, len(whole)):
        assert shell.complete("git pu" + whole[:length]) == whole[length:]
    assert shell.complete("git pu") == whole
    assert not shell.complete("git puq").startswith("sh")


def test_not_allowed(home: Path) -> None:  # noqa: ARG001 - the daemon's files
    """Nothing is suggested or learned of a shell that the user has not enabled; and from then on, it is told so."""
    shell = Shell("bash")
    assert shell.greeting[3] == "off"
    for _ in range(3):
        shell.send("ran", "/", "", "0", "make flowers")
    assert shell.complete("make fl") == ""
    assert not list(_learned())
    importing.enable(paths.state_dir(), "bash", None)
    with Client("test", start=False) as client:
        client.request("shell_reload")
    assert shell.read()[3] == "on"
    shell.send("ran", "/", "", "0", "make flowers")
    assert _goes_on(shell.complete("make fl"), "owers")
    importing.disable(paths.state_dir(), "bash")
    with Client("test", start=False) as client:
        client.request("shell_reload")
    assert shell.read()[3] == "off"
    assert shell.complete("make fl") == ""
    shell.close()


def test_only_what_can_work(enabled: Enabled, tmp_path: Path) -> None:
    """A file that is gone and a command that does not resolve are not suggested; what is there is."""
    shell = enabled()
    folder = str(tmp_path)
    for _ in range(4):
        shell.send("ran", folder, "", "0", "cat chapter-one.txt")
        shell.send("ran", folder, "", "127", "frobnicate --all")
    assert shell.complete("cat ch", folder) == ""
    (tmp_path / "chapter-one.txt").touch()
    shell.send("ran", folder, "", "0", "true")
    assert _goes_on(shell.complete("cat ch", folder), "apter-one.txt")
    assert shell.complete("frob", folder) == ""
    shell.send("names", "function", "frobnicate")
    assert _goes_on(shell.complete("frob", folder), "nicate --all")


def test_names_of_the_folder(enabled: Enabled, tmp_path: Path) -> None:
    """What is in the folder helps to complete what was never typed."""
    shell = enabled(*_HISTORY)
    (tmp_path / "Unmistakable-Report.txt").touch()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/Incomparable.txt").touch()
    _until(lambda: shell.complete("git pu"))
    assert _goes_on(shell.complete("cat Unmist", str(tmp_path)), "akable-Report.txt")
    assert _goes_on(shell.complete("cat deeper/Incom", str(tmp_path)), "parable.txt")


def test_cursor_inside(enabled: Enabled) -> None:
    """With the cursor inside the line nothing is suggested, nor after a blank at its beginning."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    assert shell.ask("complete", "7", "/", "git pu", "3") == ["suggest", "7", ""]
    assert shell.complete(" git pu") == ""


def test_newer_request(enabled: Enabled) -> None:
    """Of requests that come one after the other each is answered, and the last with a suggestion."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    buffers = [f"{'x' * number}" for number in range(20)] + ["make ins"]
    for number, buffer in enumerate(buffers):
        shell.send("complete", str(number), "/", buffer, str(len(buffer)))
    answers = [shell.read() for _ in buffers]
    assert sorted(int(answer[1]) for answer in answers) == list(range(len(buffers)))
    assert answers[-1] == ["suggest", str(len(buffers) - 1), "tall"]


def test_outdated_before_it_began(enabled: Enabled) -> None:
    """A request is answered once, even if what comes with it makes it outdated; and one under way as well."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    asked = line("complete", "7", "/", "make ins", "8")
    shell.socket.sendall(asked + line("ran", "/", "", "0", "true") + line("forget", "nothing"))
    assert [shell.read()[:2] for _ in range(2)] == [["suggest", "7"], ["forgot", "0"]]
    shell.socket.sendall(asked + line("complete", "8", "/", "make ", "2"))
    assert [shell.read() for _ in range(2)] == [["suggest", "7", ""], ["suggest", "8", ""]]
    shell.send("complete", "9", "/", "x", "1")
    shell.send("complete", "10", "/", "xy", "2")
    assert [shell.read()[1] for _ in range(2)] == ["9", "10"]
    assert shell.complete("make ins", number="11")


def test_accepted_is_counted(enabled: Enabled) -> None:
    """What is accepted shows in the statistics, as of shells."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    text = shell.complete("make ins", number="9")
    shell.send("accepted", "9", str(len(text)))
    assert shell.complete("true") == ""
    with Client("test", start=False) as client:
        counts = client.request("statistics")["counts"]
    (day,) = counts.values()
    assert day["prompt"]["accepted"] == 1
    assert day["prompt"]["characters"] == 4


def test_nothing_can_be_written(enabled: Enabled) -> None:
    """Where the log cannot be written, what was run is known all the same, and the daemon goes on."""
    shell = enabled()
    (paths.state_dir() / importing.FOLDER / "new.sh").mkdir()
    for _ in range(3):
        shell.send("ran", "/", "", "0", "make flowers")
    assert _goes_on(shell.complete("make fl"), "owers")
    _until(lambda: "new.sh" in paths.log_file().read_text())
    assert _goes_on(shell.complete("make f"), "lowers")


def test_flood(enabled: Enabled) -> None:
    """Twenty thousand commands at once, as a script's, hold nobody up for long, and lose nothing that was known."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    for number in range(20):
        shell.socket.sendall(b"".join(b"ran\x1f/\x1f\x1f0\x1fls %d\n" % (number * 1000 + each) for each in range(1000)))
    other = Shell()
    assert other.complete("make ins", "/usr")
    assert shell.complete("make ins", "/usr")
    other.close()


def test_strange_requests(enabled: Enabled) -> None:
    """Folders that are none, NULs, controls, pasted texts and lines of all kinds are answered, with nothing."""
    shell = enabled(*_HISTORY)
    for directory in ("", "relative", "/nul\0", "/" + "x" * 5000, "/nothing/there"):
        shell.send("ran", directory, "", "0", "make it")
        shell.complete("make ", directory)
    for buffer in ("\0", "\x1b[31m", "x" * 5000, "make\n" * 900, "'", '"', "$(", "cat \\", "if true; then\nmake t"):
        shell.complete(buffer)
    for status in ("-1", "999", "0"):
        shell.send("ran", "/", "b" * 500, status, "true")
    assert shell.ask("ran", "/", "", "x", "true")[0] == "error"
    shell.send("accepted", "1", "-5")
    assert shell.complete("git pu") is not None


# --- what must not be known ----------------------------------------------------------------------
def test_secrets(enabled: Enabled, home: Path) -> None:
    """Of more than thirty kinds of secrets, imported and run, none is suggested, or in any file."""
    commands = [command for command, _ in SECRETS]
    shell = enabled(*_HISTORY, *commands, *commands)
    for command in commands * 3:
        shell.send("ran", "/", "", "0", command)
    for _ in range(70):  # what is new joins the files
        shell.send("ran", "/", "", "0", "make install")
    _until(lambda: any("ran-" in path.name for path in home.rglob("*.sh")))
    shell.send("names", "function", *{command.split()[0] for command in commands})
    for command, secret in SECRETS:
        at = command.find(secret)
        for length in {0, min(3, at), min(len(command.split()[0]) + 1, at), at, at + 2}:
            assert secret not in command[:length] + shell.complete(command[:length])
    shell.send("ran", "/", "", "0", "true")
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for _, secret in SECRETS if secret.encode() in data], path


def test_kept_out(enabled: Enabled) -> None:
    """What begins with a blank, or matches the patterns that the shell tells, is neither learned nor suggested."""
    shell, bash = enabled(), enabled(kind="bash")
    shell.send("names", "ignore", "(ls|make private*)")
    bash.send("names", "ignore", "pwd:make hidden*")
    for _ in range(4):
        shell.send("ran", "/", "", "0", " make blanks")
        shell.send("ran", "/", "", "0", "make private things")
        bash.send("ran", "/", "", "0", "make hidden things")
        shell.send("ran", "/", "", "0", "make love")
    assert shell.complete("make l") == "ove"
    assert bash.complete("make h") == ""
    _until(lambda: _is_learned("make love"))
    assert not any(map(_is_learned, ("blanks", "private", "hidden")))


def test_controls(enabled: Enabled) -> None:
    """Control characters and escape sequences in the history, or run, are neither learned nor ever sent."""
    bad = ["echo \x1b]0;title\x07", "echo \x1b[31mred", "echo \x9b2Jclear", "echo back\x08\x08", "echo \u202egnp.exe"]
    shell = enabled(*bad, *bad, *_HISTORY)
    for command in bad * 3:
        shell.send("ran", "/", "", "0", command)
    shell.socket.sendall(b"ran\x1f/\x1f\x1f0\x1fecho \xff\xfe\x1b[2J\n" * 3)
    for buffer in ("", "echo", "echo ", "echo \x1b", "echo \x1b]0;t", "echo b", *bad):
        assert is_safe(shell.complete(buffer))
    assert not any(b"\x1b" in data or b"\x9b2J" in data for data in _learned())


def test_forget_command(enabled: Enabled) -> None:
    """The key that forgets takes a command out of memory and files; run again, it is known again."""
    shell = enabled(*_HISTORY)
    shell.send("ran", "/", "", "0", "make install")
    _until(lambda: shell.complete("make ins"))
    _until(lambda: _is_learned("/$ make install"))
    name, count = shell.ask("forget", "make install")
    assert (name, int(count) >= 4) == ("forgot", True)
    _until(lambda: not _is_learned("make install"))
    assert shell.complete("make ins") == ""
    again = Shell()
    assert again.complete("make ins") == ""
    again.close()
    for _ in range(3):
        shell.send("ran", "/", "", "0", "make install")
    assert shell.complete("make ins") == "tall"


def test_forget_pattern(enabled: Enabled) -> None:
    """What matches a pattern is gone from memory and files, and is not imported again."""
    shell = enabled(*_HISTORY, "make installer")
    shell.send("ran", "/", "", "0", "make install")
    _until(lambda: shell.complete("make ins"))
    with Client("test", start=False) as client:
        assert client.request("shell_forget", ShellPattern("make inst*"))["forgotten"] == 6
    assert not _is_learned("make inst")
    assert _is_learned("make test")
    assert shell.complete("make ins") == ""
    importing.enable(paths.state_dir(), "zsh", Path(importing.consent.read(_file()).shells["zsh"]))
    assert not _is_learned("make inst")


def test_forget_before_any_shell(home: Path) -> None:
    """The first thing that a daemon hears takes nothing back of what the user allows, and status knows it."""
    history = home / "history"
    history.write_text("".join(f"{command}\n" for command in _HISTORY))
    for kind in ("zsh", "bash"):
        importing.enable(paths.state_dir(), kind, history, ["git c*"])
    with Client("test") as client:
        before = client.request("shell_status", Empty())
        assert client.request("shell_forget", ShellPattern("make inst*"))["forgotten"] == 8
        after = client.request("shell_status", Empty())
    assert before["shells"] == after["shells"] == dict.fromkeys(("zsh", "bash"), str(history))
    assert (before["commands"], after["commands"]) == (32, 24)
    consent = importing.consent.read(_file())
    assert (consent.shells, consent.ignore, consent.patterns) == (after["shells"], ["git c*"], ["make inst*"])


@pytest.mark.parametrize("pattern", ["", " "])
def test_forget_nothing(enabled: Enabled, pattern: str) -> None:
    """A blank pattern, which would be in every command, is refused, now and for what is imported later."""
    shell = enabled(*_HISTORY)
    _until(lambda: shell.complete("git pu"))
    with Client("test", start=False) as client, pytest.raises(InvalidRequestError, match="name a command"):
        client.request("shell_forget", ShellPattern(pattern))
    assert _is_learned("git push")
    assert not importing.consent.read(_file()).patterns


def test_forget_damaged_consent(enabled: Enabled) -> None:
    """What the user allows is not written over where it cannot be read, and nothing is forgotten then."""
    enabled(*_HISTORY)
    _file().write_text("{damaged")
    with Client("test", start=False) as client:
        client.request("shell_reload", Empty())
        with pytest.raises(CharwiseError, match="cannot be used"):
            client.request("shell_forget", ShellPattern("make inst*"))
    assert _file().read_text() == "{damaged"
    assert _is_learned("make inst")


def _file() -> Path:
    return paths.state_dir() / importing.FOLDER / importing.FILE


def test_python_prompts_are_apart(enabled: Enabled) -> None:
    """What was typed into Python is suggested there, unlooked at by the shell's rules, and not in a shell."""
    python, shell = enabled(kind="ipython"), enabled()
    for _ in range(4):
        python.send("ran", "/", "", "0", "frame.describe(include='all')")
    assert python.complete("frame.de").startswith("scribe")
    assert shell.complete("frame.de") == ""


def test_killed_daemon_has_lost_nothing(enabled: Enabled) -> None:
    """What was run is known after a daemon that was killed."""
    shell = enabled()
    for _ in range(3):
        shell.send("ran", "/", "", "0", "make flowers")
    _until(lambda: _is_learned("make flowers"))
    pid = daemon_pid()
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    _until(lambda: not launch.is_running())  # its threads may outlive it
    again = Shell()
    _until(lambda: again.complete("make fl"))
    assert _goes_on(again.complete("make fl"), "owers")
    again.close()


def test_half_a_million(enabled: Enabled) -> None:
    """A history of half a million commands is taken in with bounded files, and answered from."""
    shell = enabled(*(f"git commit -m 'number {number}'" for number in range(500_000)), *_HISTORY)
    assert sum(map(len, _learned())) <= 33 * 128 * 1024
    _until(lambda: shell.complete("make ins"))
    assert shell.complete("make ins") == "tall"


def test_bye(enabled: Enabled) -> None:
    """A shell that says that it ends is left, though its connection is held open."""
    shell = enabled("git status")
    shell.send("bye")
    assert shell.read() == [""]
