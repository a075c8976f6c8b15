"""The `charwise` command, as a user types it: what it prints, its exit codes, and one line for each error."""

import asyncio
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from charwise import figures
from charwise_daemon import paths
from charwise_daemon.client import AsyncClient, Client, completion_of
from charwise_daemon.protocol import Complete, Feedback, ModelsFor, Open, WorkspacePath
from charwise_daemon.store import Store, name_for
from tests.cli.conftest import Run
from tests.conftest import MODULES, configure, daemon_pid, stop_daemon, wait_for_end
from tests.daemon.texts import SPLINES

pytestmark = pytest.mark.usefixtures("home")

_VERBS = (
    ("train",), ("pretrain",), ("sample",), ("complete",), ("eval",), ("experiment",), ("inspect",), ("lsp",),
    ("status",), ("doctor",),
    *(("daemon", verb) for verb in ("start", "stop", "restart", "run", "status", "logs", "pause", "resume", "train")),
    *(("workspace", verb) for verb in ("add", "show", "remove", "list", "forget")),
    *(("shell", verb) for verb in ("enable", "disable", "init", "socket", "status", "forget")),
    *(("models", verb) for verb in ("list", "show", "rollback", "remove", "export", "import")),
)  # fmt: skip


_NO_WORKSPACE = "there is no workspace yet; `charwise workspace add PATH` adds one, and so do editors\n"


# --- help and wrong use --------------------------------------------------------------------------
@pytest.mark.parametrize("verb", _VERBS, ids=" ".join)
def test_help(run: Run, verb: tuple[str, ...]) -> None:
    """Every verb explains itself in a sentence."""
    code, out, _ = run(*verb, "--help")
    assert code == 0
    assert "Usage:" in out
    assert any(line.strip().endswith(".") for line in out.splitlines()[:6])


@pytest.mark.parametrize(
    "arguments",
    [
        ("levitate",),
        ("train",),
        ("train", ".", "--colour", "red"),
        ("complete", "/no/such/file", "--line", "0"),
        ("models", "show"),
        ("models", "import"),
    ],
)
def test_wrong_use(run: Run, arguments: tuple[str, ...]) -> None:
    """Wrong use is one line on stderr and exit code 2."""
    code, _, err = run(*arguments)
    assert code == 2
    assert err.startswith("charwise: ")
    assert err.count("\n") == 1


def test_version(run: Run) -> None:
    """The version is that of the installed package."""
    assert run("--version") == (0, f"charwise {importlib.metadata.version('charwise')}\n", "")


# --- workspaces, models, completions, doctor -----------------------------------------------------
def test_workspace_show(run: Run, project: Path) -> None:
    """What is learned and what is left out is listed, with the reason for each."""
    (project / ".env").write_text("TOKEN=1\n")
    (project / "picture.png").write_bytes(b"\x89PNG\r\n")
    (project / "key.py").write_text('a = 1\nAWS = "AKIAIOSFODNN7EXAMPLE"\n')
    code, out, _ = run("workspace", "show", project)
    assert code == 0
    assert "+ textwrap.py" in out
    assert "+ key.py  6  (1 lines with secrets left out)" in out
    assert "- .env  " in out
    assert "- picture.png  " in out
    shown = json.loads(run("workspace", "show", project, "--json")[1])
    assert len(shown["files"]) == len(MODULES) + 1
    assert {each["name"] for each in shown["left_out"]} == {".env", "picture.png"}


def test_workspace_larger_than_the_memory(run: Run, project: Path) -> None:
    """What the memory has no room for is told beforehand, and when the daemon has made its choice."""
    configure("[training]\nenabled = false\n[corpus]\nmemory_bytes = 50_000\n")
    shown = run("workspace", "show", project)[1].splitlines()[-1]
    assert shown.startswith("memory holds the newest and nearest 0.05 of 0.")
    assert shown.endswith(" MB; the model learns from all of it")
    assert run("workspace", "add", project)[0] == 0
    asyncio.run(_memory_of(project))
    lines = run("daemon", "status")[1].splitlines()
    assert any(line.endswith(", 0 left out when all was last listed") for line in lines)
    [line] = [line for line in lines if "memory holds" in line]
    assert line.startswith("  memory holds the newest and nearest 0.0")


async def _memory_of(project: Path) -> None:
    """Return when the memory of a workspace is there."""
    client, ready = await AsyncClient.connect("test"), asyncio.Event()
    client.on_notification = lambda _, event: ready.set() if event["kind"] == "memory" else None
    await client.request("subscribe")
    if not (await client.request("workspace_add", WorkspacePath(str(project))))["files"]:
        await ready.wait()
    await client.close()


def test_nothing_to_list(run: Run) -> None:
    """Where nothing is stored yet, people are told how it comes about, and scripts get nothing."""
    code, out, err = run("models", "list")
    assert (code, out) == (0, "")
    assert "`charwise train PATH` makes one" in err
    assert run("models", "list", "--json")[1:] == ("{}\n", "")


def test_workspace_add_list_remove(run: Run, project: Path) -> None:
    """A workspace is listed until it is removed, also by the next daemon."""
    assert run("workspace", "add", project)[0] == 0
    run("daemon", "restart")
    [listed] = json.loads(run("workspace", "list", "--json")[1])
    assert listed == {"path": str(project), "model": name_for(project), "lines": False, "base": True, "quick": False}
    assert run("workspace", "remove", project)[0] == 0
    assert json.loads(run("workspace", "list", "--json")[1]) == []
    assert run("workspace", "list")[1:] == ("", _NO_WORKSPACE)
    code, _, err = run("workspace", "remove", project)
    assert code == 1
    assert "is no workspace" in err


def test_complete_past_the_end(run: Run, project: Path) -> None:
    """A line that the file does not have is named, with how many it has."""
    code, _, err = run("complete", project / "stat.py", "--line", "9999", "--character", "0")
    assert code == 1
    assert "line 9999 is past the end" in err


@pytest.mark.parametrize(
    "verb",
    [
        ("sample", "--model", "nobody"),
        *(("models", verb, "nobody") for verb in ("show", "rollback", "remove", "export")),
    ],
)
def test_unknown_model(run: Run, verb: tuple[str, ...]) -> None:
    """A model that is not stored is named, with what is."""
    code, _, err = run(*verb)
    assert code == 1
    assert "there is no model nobody; stored are none" in err


def test_broken_model(run: Run, project: Path) -> None:
    """A checkpoint that is no checkpoint is one error, here and in the doctor, and the daemon goes on without it."""
    directory = Store(paths.models_dir()).directory(name_for(project)) / "c00000001"
    directory.mkdir(parents=True)
    (directory / "weights.safetensors").write_bytes(b"\x80\x04\x95 a pickle")
    (directory / "meta.json").write_text("{}")
    for pointer in ("best", "last"):
        (directory.parent / pointer).write_text("c00000001")
    code, _, err = run("sample", "--model", name_for(project))
    assert code == 1
    assert "meta.json" in err
    assert run("doctor")[0] == 1
    assert run("workspace", "add", project)[0] == 0
    assert run("daemon", "status")[0] == 0


@pytest.mark.timeout(120)
def test_broken_model_beside_another(run: Run, project: Path) -> None:
    """The models that can be read are listed, and what is wrong with the others is said."""
    store = Store(paths.models_dir())
    assert run("train", project, "--model", "good", "--epochs", 0.1, "--layers", 1, "--width", 32)[0] == 0
    shutil.copytree(store.directory("good"), store.directory("bad"))
    next(store.directory("bad").glob("*/weights.safetensors")).write_bytes(b"short")
    for arguments in ((), ("--json",)):
        code, out, err = run("models", "list", *arguments)
        assert code == 1
        assert "good" in out
        assert err.count("\n") == 1
        assert "weights.safetensors cannot be used" in err
    with Client("test") as client:
        assert [each["name"] for each in client.request("models", ModelsFor())] == ["good"]


def test_output_that_cannot_be_written() -> None:
    """A full disk is one line, whether it fills up at once or at the end."""
    command = [sys.executable, "-m", "charwise", "doctor"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"charwise: .*No space left on device.*\n", done.stderr)


def test_output_that_nobody_reads_to_its_end(project: Path) -> None:
    """More than a pipe holds, of which one line is wanted, is no failure."""
    many = "-".join(["x"] * 40)
    for number in range(3_000):
        (project / f"{many}{number}.py").write_bytes(b"x = 1\n")
    command = [sys.executable, "-m", "charwise", "workspace", "show", project]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout
        assert shown.stderr
        assert shown.stdout.readline().startswith(b"+ ")
        shown.stdout.close()
        assert shown.stderr.read() == b""
    assert shown.returncode == 0


def test_poor_alphabet(tmp_path: Path) -> None:
    """What a terminal's encoding has not is written otherwise, and no error."""
    (tmp_path / "é €.py").write_text("one = 1\n")
    command = [sys.executable, "-m", "charwise", "workspace", "show", tmp_path]
    done = subprocess.run(command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"}, check=False)
    assert done.returncode == 0, done.stderr
    assert b"\xe9 \\u20ac.py" in done.stdout


def test_relative_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon, which works in another folder, has the one that its starter means."""
    home.mkdir(exist_ok=True)
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("CHARWISE_HOME", home.name)
    with Client("test") as client:
        assert client.hello["pid"]
    assert (home / "runtime" / "daemon.json").exists()


def test_daemon_life(run: Run) -> None:
    """The daemon is started, looked at, paused, resumed and stopped."""
    assert run("daemon", "status")[::2] == (1, "charwise: no daemon runs; start it with `charwise daemon start`\n")
    assert run("daemon", "start")[0] == 0
    assert run("daemon", "pause")[0] == 0
    assert json.loads(run("daemon", "status", "--json")[1])["training"]["state"] == "paused"
    assert "training: paused by you\n" in run("daemon", "status")[1]
    assert run("daemon", "resume")[0] == 0
    assert "training: idle" in run("daemon", "status")[1]
    assert "listens on" in run("daemon", "logs")[1]
    assert run("daemon", "stop") == (0, "the daemon has stopped\n", "")
    assert run("daemon", "stop") == (0, "no daemon runs\n", "")


def test_daemon_train_of_too_little(run: Run, tmp_path: Path) -> None:
    """What a training would need is said where a folder has not enough; its memory serves it all the same."""
    small = tmp_path / "small"
    small.mkdir()
    (small / "one.py").write_text("x = 1\n")
    code, out, err = run("daemon", "train", small)
    assert (code, out) == (1, "")
    assert re.search(rf"{small} has \d+ characters to learn, and a model needs 2,000", err)
    assert str(small) in run("daemon", "status")[1]


def test_daemon_without_its_socket(run: Run) -> None:
    """A daemon whose socket was removed can be stopped, and started again."""
    assert run("daemon", "start")[0] == 0
    paths.socket_file().unlink()
    assert "`charwise daemon restart`" in run("daemon", "start")[2]
    assert run("daemon", "stop") == (0, "the daemon has stopped\n", "")
    assert run("daemon", "start")[0] == 0
    paths.socket_file().unlink()
    assert run("daemon", "restart")[0] == 0
    assert run("daemon", "status")[0] == 0


def test_daemon_without_its_folder(run: Run) -> None:
    """A daemon whose folder was removed does not take the next one's socket with it when it ends."""
    assert run("daemon", "start")[0] == 0
    first = daemon_pid()
    shutil.rmtree(paths.socket_file().parent)
    assert run("daemon", "start")[0] == 0
    os.kill(first, signal.SIGTERM)
    wait_for_end(first)
    assert run("daemon", "status")[0] == 0


def test_doctor(run: Run) -> None:
    """A sound installation passes; a wrong setting is found, and said."""
    code, out, err = run("doctor")
    assert code == 0, out + err
    paths.settings_file().write_text("[training]\nminuets = 1\n")
    code, out, _ = run("doctor")
    assert code == 1
    assert "BAD  settings: " in out
    assert "unknown parameter 'minuets'" in out


def test_doctor_names_rules_without_a_model(run: Run, project: Path) -> None:
    """A rule whose model is not there is told with those that are, and no more once it is."""
    assert run("train", project, "--model", "known", "--epochs", 0.1, "--layers", 1, "--width", 32)[0] == 0
    paths.settings_file().write_text('[models]\n"*.c" = "linux"\n"*.py" = "known"\n')
    code, out, _ = run("doctor")
    assert code == 1
    wrong = "*.c in [models]: there is no model linux; stored are known; until then its workspace's completes it"
    assert [line for line in out.splitlines() if line.startswith("BAD ")] == [f"BAD  settings: {wrong}"]
    paths.settings_file().write_text('[models]\n"*.py" = "known"\n')
    assert run("doctor")[0] == 0


def test_doctor_says_what_the_daemon_cannot_follow(run: Run, project: Path) -> None:
    """What keeps a workspace from being learned is said, as the daemon that runs knows it."""
    with Client("test") as client:
        client.request("subscribe")
        client.request("workspace_add", WorkspacePath(str(project)))
        events = (event for each in client.notifications() if (event := each.params)["kind"] == "memory")
        next(events)
        assert "BAD  learning" not in run("doctor")[1]
        project.rename(project.parent / "away")
        assert next(events)["files"] == 0
        code, out, _ = run("doctor")
    assert code == 1
    assert f"BAD  learning: {project} does not exist: what was known of it is forgotten" in out


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('[daemon]\nlog_level = "LOUD"', "log_level is LOUD, but must be one of DEBUG, INFO, WARNING, ERROR"),
        ("[daemon]\nidle_minutes = 0", "idle_minutes is 0"),
        ('[models]\n"*.c" = "../x"', "'../x' cannot name a model"),
        ('[models]\n"[" = "m"', "'[' means no files"),
        ('[models]\n"*.c" = 5', 'models."*.c" is 5, but must be a model\'s name'),
    ],
)
def test_doctor_finds_wrong_values(run: Run, setting: str, said: str) -> None:
    """What the daemon would not start with is found before it starts."""
    paths.settings_file().write_text(setting)
    code, out, _ = run("doctor")
    assert code == 1
    assert "BAD  settings: " in out
    assert said in out


# --- status ----------------------------------------------------------------------------------------
def _accept_a_suggestion() -> None:
    with Client("test") as client:
        client.request("open", Open("d", SPLINES, 1, "/x/a.py"))
        offered = completion_of(client.request("complete", Complete("d", 1, len(SPLINES)))).suggestions[0]
        client.request("shown", Feedback(offered.id))
        client.request("accepted", Feedback(offered.id, len(offered.text.encode())))


def test_status(run: Run) -> None:
    """It says what the daemon does and what suggestions gave, with or without a daemon; clearing forgets that."""
    code, out, _ = run("status")
    assert code == 0
    assert "no daemon runs" in out
    assert "nothing was suggested yet" in out
    _accept_a_suggestion()
    code, out, _ = run("status")
    assert code == 0
    assert "documents: 0 open" in out
    assert "1 suggestions read, 1 accepted (100%)" in " ".join(out.split())
    assert ".py x 0." in out
    stop_daemon()
    _, kept, _ = run("status")
    assert kept.splitlines()[1:] == out.splitlines()[4:]
    assert run("status", "--clear")[0] == 0
    assert "nothing was suggested yet" in run("status")[1]


def test_status_of_nothing_saved() -> None:
    """Of no keystrokes there is no share, and no empty pair of brackets for it."""
    seen = {"counts": {"2026-11-28": {"prompt": {"shown": 1, "rejected": 1}}}, "scores": {}, "price_factors": {}}
    assert "0 keystrokes saved of 0; 1 suggestions read, 0 accepted" in str(next(figures.all_of(seen, 30)))


def test_status_json(run: Run) -> None:
    """Scripts get all of it in one object."""
    _accept_a_suggestion()
    seen = json.loads(run("status", "--json")[1])
    ((of),) = seen["counts"].values()
    assert of[".py"]["accepted"] == 1
    assert seen["daemon"]["suggestions"]["accepted"] == 1
