"""`charwise shell`: what it says and does."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from charwise import plugins
from charwise.app import app
from charwise.commands import doctor
from charwise_daemon import paths
from charwise_daemon.store import Store
from tests.daemon.shell.shell import Shell

pytestmark = pytest.mark.usefixtures("home")


def _run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["shell", *arguments])
    assert done.exit_code == code, done.output
    return done.output or str(done.exception)


def _history(folder: Path) -> str:
    file = folder / "history"
    file.write_text(": 1700000000:0;git status\n: 1700000001:0;mysql -phunter2secret\nmake test\nmake test\n")
    return str(file)


def test_enable(tmp_path: Path) -> None:
    """It says what was taken in, and a shell is told at once."""
    shell = Shell()
    assert shell.greeting[3] == "off"
    told = _run("enable", "zsh", "--history", _history(tmp_path), "--ignore", "git *")
    assert "2 of 4 commands" in told
    assert "2 left out" in told
    assert shell.read()[3] == "on"
    assert "zsh: learned from" in _run("status")
    assert "zsh is learned from no more" in _run("disable", "zsh")
    assert shell.read()[3] == "off"
    assert "no shell is learned from" in _run("status")
    shell.close()


def test_enable_without_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no history, what is run from now on is learned."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert "as you run commands" in _run("enable", "fish")


def test_enable_wrong(tmp_path: Path) -> None:
    """An unknown shell and a history that is not there are errors that say what there is."""
    assert "no shell that is known" in _run("enable", "dosbox", code=1)
    assert "cannot be read" in _run("enable", "zsh", "--history", str(tmp_path / "gone"), code=1)
    assert "no shell is learned from" in _run("status")


def test_enable_ipython(tmp_path: Path) -> None:
    """IPython's database is taken in as those of shells are."""
    file = tmp_path / "history.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE history (session integer, line integer, source text, source_raw text)")
        database.execute("INSERT INTO history VALUES (1, 1, '', 'import numpy as np')")
    database.close()
    told = _run("enable", "ipython", "--history", str(file))
    assert "1 of 1 commands" in told
    assert "left out" not in told


def test_forget(tmp_path: Path) -> None:
    """What is forgotten is counted, and in no file any more."""
    _run("enable", "zsh", "--history", _history(tmp_path))
    assert "2 commands are forgotten" in _run("forget", "make")
    assert "forgotten last on" in _run("status")
    assert not [path for path in (paths.state_dir() / "shell").rglob("*.sh") if b"make" in path.read_bytes()]


def test_forget_retrains(tmp_path: Path) -> None:
    """A model that has read what is forgotten is deleted at once; `status` says when another has learned the rest."""
    file = tmp_path / "history"
    file.write_text("".join(f"make test-{number % 7}\nssh host-{number % 5}\n" for number in range(300)))
    _run("enable", "zsh", "--history", str(file))
    shell, folder = Shell(), str(paths.state_dir() / "shell/commands")
    tiny = ["--epochs", "4", "--layers", "1", "--width", "32", "--threads", "1"]
    assert CliRunner().invoke(app, ["train", folder, *tiny]).exit_code == 0
    (name,) = Store(paths.models_dir()).names()
    told = _run("forget", "ssh *")
    assert "300 commands are forgotten" in told
    assert "is deleted" in told
    assert not Store(paths.models_dir()).has(name)
    assert "one that has not is trained" in _run("status")
    assert CliRunner().invoke(app, ["train", folder, *tiny]).exit_code == 0
    assert "the model has learned without it" in _run("status")
    shell.close()


def test_socket() -> None:
    """The socket's path is one line."""
    assert _run("socket").strip() == str(paths.shell_socket_file())


def test_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line for the rc file names the plugin; where that is missing, or none is made, an error says so."""
    monkeypatch.setattr(plugins, "_folders", lambda _: (tmp_path / "no", tmp_path / "with blank"))
    assert "plugin for zsh is missing" in _run("init", "zsh", code=1)
    (tmp_path / "with blank/zsh").mkdir(parents=True)
    (tmp_path / "with blank/zsh/charwise.zsh").touch()
    assert _run("init", "zsh") == f"source '{tmp_path}/with blank/zsh/charwise.zsh'\n"
    assert "there is no plugin for python" in _run("init", "python", code=1)
    assert "own prompt shows no suggestions" in _run("enable", "python")


@pytest.mark.parametrize("shell", list(plugins.FILES))
def test_init_and_doctor(shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `init` prints for a shell is known by the doctor, who says where it names what is gone."""
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME", "IPYTHONDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    rc = plugins.rc_file(shell)
    assert "has no line for it" in plugins.in_rc_file(shell)[1]
    rc.parent.mkdir(parents=True, exist_ok=True)
    rc.write_text(_run("init", shell))
    assert plugins.in_rc_file(shell) == (True, f"{rc} loads it")
    rc.write_text(_run("init", shell).replace(str(plugins.plugin(shell).parents[1]), "/gone/away"))
    is_well, seen = plugins.in_rc_file(shell)
    assert not is_well
    assert "/gone/away" in seen


def test_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says which shells are learned from, and what is wrong with their rc files and with the files' rights."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ZDOTDIR", raising=False)
    findings = lambda: {finding.subject: (finding.is_well, finding.seen) for finding in doctor._shells()}  # noqa: E731
    assert "none is learned from" in findings()["shells"][1]
    _run("enable", "zsh", "--history", _history(tmp_path))
    assert "has no line for it" in findings()["zsh"][1]
    (tmp_path / ".zshrc").write_text(f"source '{tmp_path}/charwise.zsh'\n")
    assert findings()["zsh"][0] is False
    (tmp_path / "charwise.zsh").touch()
    assert findings() == {
        "zsh": (True, f"learned from; {tmp_path}/.zshrc loads it"),
        "shells": (True, f"what was run is in {paths.state_dir() / 'shell'}, yours alone"),
    }
    next((paths.state_dir() / "shell/commands").iterdir()).chmod(0o644)
    assert findings()["shells"][0] is False
