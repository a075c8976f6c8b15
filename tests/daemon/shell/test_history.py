"""Histories of each shell: their formats, and what is wrong with files."""

import os
import sqlite3
import threading
import time
import tracemalloc
from pathlib import Path

import pytest

from charwise_daemon.errors import CharwiseError
from charwise_daemon.shell.history import MOST_COMMANDS, default_file, read


def _read(shell: str, folder: Path, data: bytes) -> list[str]:
    file = folder / "history"
    file.write_bytes(data)
    return read(shell, file)


def test_zsh_plain_and_extended(tmp_path: Path) -> None:
    """Lines as they are, and those with times before them, even mixed."""
    data = b": 1700000000:0;git status\nls -la\n: 1700000003:12;echo ': 1:2;x'\n:\n"
    assert _read("zsh", tmp_path, data) == ["git status", "ls -la", "echo ': 1:2;x'", ":"]


def test_zsh_lines_that_go_on(tmp_path: Path) -> None:
    """A newline in a command has a backslash before it; a backslash of the command's own stays."""
    data = b": 1700000000:0;for f in *; do\\\n  echo $f\\\ndone\n: 1700000001:0;make \\\\\n  test\nls\n"
    assert _read("zsh", tmp_path, data) == ["for f in *; do\n  echo $f\ndone", "make \\\n  test", "ls"]


def test_zsh_metafied(tmp_path: Path) -> None:
    """Zsh writes some bytes as two: a marker, and the byte with one bit turned."""
    text = "echo 'naïve ÿ 日本'"
    metafied = bytearray()
    for byte in text.encode():
        metafied += bytes([0x83, byte ^ 0x20]) if 0x83 <= byte <= 0xA2 or byte == 0 else bytes([byte])
    assert bytes(metafied) != text.encode()
    assert _read("zsh", tmp_path, bytes(metafied) + b"\n") == [text]


def test_bash(tmp_path: Path) -> None:
    """Lines; where they have times, all lines up to the next time are one command."""
    assert _read("bash", tmp_path, b"ls\ncd /tmp\n# a comment\n") == ["ls", "cd /tmp", "# a comment"]
    data = b"#1700000000\nfor x in 1 2; do\n  echo $x\ndone\n#1700000001\nls\n"
    assert _read("bash", tmp_path, data) == ["for x in 1 2; do\n  echo $x\ndone", "ls"]


def test_fish(tmp_path: Path) -> None:
    """Entries with escapes, and with times and paths that are none of them."""
    data = rb"""- cmd: git commit -m "a\\nb"
  when: 1700000000
- cmd: for x in 1 2\n  echo $x\nend
  when: 1700000001
  paths:
    - a file
"""
    assert _read("fish", tmp_path, data) == ['git commit -m "a\\nb"', "for x in 1 2\n  echo $x\nend"]


def test_python(tmp_path: Path) -> None:
    """Lines, those of 3.13 that go on, and libedit's octal numbers."""
    assert _read("python", tmp_path, b"x = 1\ndef f():\r\n    return x\nprint(x)\n") == [
        "x = 1", "def f():\n    return x", "print(x)",
    ]  # fmt: skip
    assert _read("python", tmp_path, b"_HiStOrY_V2_\nprint(1,\\0402)\n") == ["print(1, 2)"]


def test_ipython(tmp_path: Path) -> None:
    """The database is read while it is written to, and is not written."""
    file = tmp_path / "history.sqlite"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE history (session integer, line integer, source text, source_raw text)")
        rows = [(1, 1, "", "import os"), (1, 2, "", "%timeit f()"), (2, 1, "", "for x in y:\n    z(x)")]
        database.executemany("INSERT INTO history VALUES (?, ?, ?, ?)", rows)
        database.commit()
        before = file.read_bytes()
        database.execute("BEGIN")
        database.execute("INSERT INTO history VALUES (2, 2, '', 'unfinished')")
        assert read("ipython", file) == ["import os", "%timeit f()", "for x in y:\n    z(x)"]
        database.rollback()
    assert file.read_bytes() == before
    database.close()


def test_ipython_damaged(tmp_path: Path) -> None:
    """A database that is none is an error that names it."""
    file = tmp_path / "history.sqlite"
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(CharwiseError, match=r"history\.sqlite cannot be read"):
        read("ipython", file)


@pytest.mark.parametrize("shell", ["zsh", "bash", "fish", "python"])
def test_read_damaged(shell: str, tmp_path: Path) -> None:
    """Bytes that are no UTF-8, NULs, controls, endless lines and broken ends are read somehow, and bounded."""
    data = bytes(range(256)) * 20 + b"\xff\xfe\n- cmd: \xe9\x1b[31m\n" + b"x" * 2**20 + b"\n\x83"
    commands = _read(shell, tmp_path, data)
    assert all(len(command) <= 4096 for command in commands)


@pytest.mark.parametrize("shell", ["zsh", "bash", "fish", "ipython", "python"])
def test_read_missing(shell: str, tmp_path: Path) -> None:
    """What is not there, is a folder or a pipe, is an error that says what to do, and is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("nothing", ".", "pipe"):
        with pytest.raises(CharwiseError, match=r"--history|no file"):
            read(shell, tmp_path / name)


def test_read_half_a_million(tmp_path: Path) -> None:
    """Half a million lines take bounded memory; of more, the newest are taken."""
    file = tmp_path / "history"
    lines = (f": 17{number:08}:0;git commit -m 'number {number}'\n" for number in range(MOST_COMMANDS + 1000))
    file.write_text("".join(lines))
    tracemalloc.start()
    began = time.process_time()
    commands = read("zsh", file)
    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(commands), commands[-1]) == (MOST_COMMANDS, f"git commit -m 'number {MOST_COMMANDS + 999}'")
    assert peak < 500 * 2**20
    print(f"{seconds:.1f} s, {peak >> 20} MiB")  # noqa: T201 - for whoever looks


def test_read_rewritten_meanwhile(tmp_path: Path) -> None:
    """A file that is rewritten and replaced while it is read gives whole lines of some state, and no error."""
    file, stop = tmp_path / "history", threading.Event()
    file.write_bytes(b"git status\n" * 50_000)

    def rewrite() -> None:
        while not stop.is_set():
            file.write_bytes(b"git status\n" * 50_000)
            new = tmp_path / "new"
            new.write_bytes(b"git push\n" * 50_000)
            new.replace(file)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(20):
            commands = read("zsh", file)
            assert set(commands[:-1]) <= {"git status", "git push"}
    finally:
        stop.set()
        writer.join()


def test_default_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual places, as variables move them."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ZDOTDIR", "XDG_DATA_HOME", "IPYTHONDIR", "PYTHON_HISTORY"):
        monkeypatch.delenv(name, raising=False)
    assert default_file("zsh") == tmp_path / ".zsh_history"
    (tmp_path / ".histfile").touch()
    assert default_file("zsh") == tmp_path / ".histfile"
    monkeypatch.setenv("XDG_DATA_HOME", "/elsewhere")
    assert default_file("fish") == Path("/elsewhere/fish/fish_history")
    with pytest.raises(CharwiseError, match="no shell that is known"):
        default_file("dosbox")
