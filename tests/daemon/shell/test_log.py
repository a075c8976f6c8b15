"""The log: whole whatever happens, the user's alone, bounded."""

import stat
from pathlib import Path

from charwise_daemon.shell import log as logs
from charwise_daemon.shell.log import Log, bounded
from charwise_daemon.shell.text import Command, record


def _command(text: str, directory: str = "~/x") -> Command:
    return Command(directory, "main", 0, text)


def _texts(log: Log) -> list[str]:
    return [command.text for piece in log.read() for command in piece]


def test_append_and_settle(tmp_path: Path) -> None:
    """What is appended is read at once, and joins the files of the workspace when that is time."""
    log = Log(tmp_path / "shell")
    for number in range(3):
        log.append(_command(f"echo {number}"), 0)
    assert _texts(log) == ["echo 0", "echo 1", "echo 2"]
    assert log.new() == b"".join(record(_command(f"echo {number}"), 0) for number in range(3))
    assert not list(log.commands_folder.iterdir())
    log.settle()
    log.append(_command("echo 3"), 1)
    assert _texts(log) == ["echo 0", "echo 1", "echo 2", "echo 3"]
    assert [path.name for path in log.commands_folder.iterdir()] == ["ran-000000.sh"]
    log.settle()
    log.settle()
    assert _texts(log) == ["echo 0", "echo 1", "echo 2", "echo 3"]


def test_files_are_private(tmp_path: Path) -> None:
    """Files are 0600 and folders 0700."""
    log = Log(tmp_path / "shell")
    log.append(_command("ls"), 0)
    log.settle()
    log.append(_command("ls"), 0)
    log.import_("zsh", [_command("pwd", "")])
    for path in (tmp_path / "shell").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_settle_in_pieces(tmp_path: Path, monkeypatch: object) -> None:  # noqa: ARG001 - as pytest calls it
    """Pieces are bounded, and the oldest go."""
    log = Log(tmp_path)
    for number in range(40):
        log.append(_command(f"echo {number} {'x' * 4000}"), 0)
        if number % 8 == 7:
            log.settle()
    pieces = sorted(log.commands_folder.iterdir())
    assert len(pieces) == 2
    assert all(path.stat().st_size <= 128 * 1024 for path in pieces)
    for number in range(logs._MOST_PIECES + 2):
        (log.commands_folder / f"ran-{100 + number:06}.sh").write_bytes(record(_command(f"old {number}"), 0) * 5000)
    log.append(_command("new"), 0)
    log.settle()
    assert len(list(log.commands_folder.glob("ran-*"))) == logs._MOST_PIECES
    assert _texts(log)[-1] == "new"


def test_import_takes_the_place(tmp_path: Path) -> None:
    """A history that is imported again takes the place of what was imported; other shells' stay."""
    log = Log(tmp_path)
    assert log.import_("zsh", [_command("a", ""), _command("b", "")]) == 2
    log.import_("bash", [_command("c", "")])
    log.import_("zsh", [_command("d", "")])
    assert sorted(_texts(log)) == ["c", "d"]
    log.drop("zsh")
    assert _texts(log) == ["c"]


def test_bounded() -> None:
    """The newest are kept as they were, of the older ones each once, the newest of them."""
    commands = [_command(f"older {number % 50}", "") for number in range(1000)]
    commands += [_command("newest", "")] * 10
    kept = [command.text for command in bounded(commands, 2000)]
    assert sum(len(record(_command(text, ""), 0)) for text in kept) <= 2000
    assert kept[-10:] == ["newest"] * 10
    older = [text for text in kept if text.startswith("older")]
    assert len(set(older[: len(older) // 3])) == len(older[: len(older) // 3])


def test_forget(tmp_path: Path) -> None:
    """What is forgotten is in no file, and the others are as they were, with what is known of them."""
    log = Log(tmp_path)
    log.import_("zsh", [_command("ssh old", ""), _command("ls", "")])
    for text in ("ssh host", "make", "ssh -p 22 host"):
        log.append(Command("~", "", 2, text), 0)
        log.settle()
    log.append(_command("ssh new"), 0)
    assert log.forget(lambda command: command.startswith("ssh")) == (4, True)
    assert _texts(log) == ["ls", "make"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"ssh" in path.read_bytes()]
    log.append(_command("ssh newer"), 0)
    assert log.forget(lambda command: command.startswith("ssh")) == (1, False)
