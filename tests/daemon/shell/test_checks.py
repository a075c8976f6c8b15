"""Only what can work is suggested: commands that resolve, paths that are there."""

import os
from pathlib import Path

import pytest

from charwise_daemon.shell.checks import Place, can_work, working
from charwise_daemon.shell.programs import Folders, Programs
from charwise_daemon.shell.words import last_word, words

_KNOWN = {
    "git",
    "ls",
    "cat",
    "cd",
    "vim",
    "mkdir",
    "ssh",
    "make",
    "sudo",
    "python",
    "cp",
    "tar",
    "pytest",
    "echo",
    "for",
    "done",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for folder in ("src/app", "docs", "with blank"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("src/app/main.py", "README.md", "with blank/x", "run.sh"):
        (tmp_path / file).touch()
    (tmp_path / "run.sh").chmod(0o755)
    return Place(
        str(tmp_path), lambda word, may: word in _KNOWN or (may and any(each.startswith(word) for each in _KNOWN))
    )


@pytest.mark.parametrize(
    ("buffer", "suggested"),
    [
        ("gi", "t status"),
        ("", "gi"),  # it may go on to git
        ("cat REA", "DME.md"),
        ("cat README.md src/a", "pp/main.py"),
        ("cat src/app/", "ma"),
        ("cat 'with blank", "/x'"),
        ("cat with\\ bl", "ank/x"),
        ("vim new", "file.py"),
        ("vim src/app/ne", "w.py"),
        ("cp README.md docs/co", "py.md"),
        ("mkdir doc", "s2"),
        ("mkdir -p a/b", "/c"),
        ("cd sr", "c/app"),
        ("cd src && cat app/m", "ain.py"),
        ("git checkout feat", "ure/nothing-here"),
        ("git checkout -b src", "2/x"),
        ("ssh host cat /no/whe", "re"),
        ("echo x > ou", "t.txt"),
        ("cat *.m", "d"),
        ("cat $HOM", "E/nothing"),
        ("python -m app", ".main"),
        ("FOO=1 ma", "ke"),
        ("sudo ma", "ke"),
        ("ls | ca", "t"),
        ("./ru", "n.sh"),
        ("cat ~", "/"),
        ("for f in *; do ", "echo $f; done"),
        ("tar czf /tmp/new.t", "gz src"),
        ("pytest src/app/main.py", "::test_x"),
    ],
)
def test_can_work(buffer: str, suggested: str, place: Place) -> None:
    """What is there, or may be made, or nobody can tell."""
    assert can_work(buffer, suggested, place)


@pytest.mark.parametrize(
    ("buffer", "suggested"),
    [
        ("gti", " status"),
        ("ls | cta", " x"),
        ("sudo mkae", " install"),
        ("cat REA", "DYOU.md"),
        ("cat src/a", "pp/gone.py"),
        ("cat /etc/", "nothing-of-this-name"),
        ("cd REA", "DME.md"),
        ("cd sr", "c/gone"),
        ("cd docs && cat app/m", "ain.py"),
        ("vim gone/n", "ew.py"),
        ("git add src/ap", "p/gone.py"),
        ("mkdir doc", "s && ls"),
        ("./READM", "E.md x"),
        ("./gon", "e.sh"),
        ("cat < ou", "t.txt"),
        ("echo x > gone/ou", "t.txt"),
        ("ls ~/nothing-of-", "this-name"),
    ],
)
def test_can_work_not(buffer: str, suggested: str, place: Place) -> None:
    """What is not there, is nothing of the kind, or cannot be made."""
    assert not can_work(buffer, suggested, place)


def test_typed_is_the_users(place: Place) -> None:
    """What was typed is not judged: a script that is only made now, a folder that another shell is in."""
    assert can_work("gti status && git ", "push", place)
    assert can_work("cat gone.txt README", ".md", place)


def test_working(place: Place) -> None:
    """What cannot work is cut off at its word; nothing is left of what begins with it."""
    assert working("cat ", "README.md src/gone.py", place) == "README.md"
    assert working("cat ", "gone.md README.md", place) == ""


def test_last_word() -> None:
    """The word that is being typed, and whether it is a command."""
    assert last_word("git add src/a") == ("src/a", False)
    assert last_word("git add 'my fi") == ("my fi", False)
    assert last_word("git add ") == ("", False)
    assert last_word("gi") == ("gi", True)
    assert last_word("ls | gre") == ("gre", True)
    assert last_word("ls;") == ("", True)
    assert last_word("") == ("", True)


def test_words_of_anything() -> None:
    """Unclosed quotes and lone signs are words or left out, never an error."""
    for line in ("'", '"', "\\", "a\\", "'a b", '"a \\', "$(", "<<<", "2>&1", "a&&", ";;", "\x00\x1b"):
        list(words(line))


def test_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are the shell's own, as it tells, and those on its PATH, as they are now."""
    monkeypatch.setattr("charwise_daemon.shell.programs._FRESH_SECONDS", 0.0)
    programs = Programs(Folders())
    programs.set_path([str(tmp_path), "/nonexistent", "relative"])
    assert programs.resolves("cd", False)
    assert not programs.resolves("frobnicate", False)
    (tmp_path / "frobnicate").touch()
    os.utime(tmp_path, ns=(1, 1))
    assert programs.resolves("frobnicate", False)
    assert programs.resolves("frob", True)
    assert not programs.resolves("frob", False)
    programs.tell("alias", ["gst"])
    programs.tell("builtin", ["zle"])
    assert programs.resolves("gst", False)
    assert not programs.resolves("cd", False)
    programs.tell("alias", [])
    assert not programs.resolves("gst", False)
