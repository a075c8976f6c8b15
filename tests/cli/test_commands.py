"""The `charwise` command, as a user types it: what it prints, its exit codes, and one line for each error."""

import asyncio
import importlib.metadata
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from charwise_daemon import paths, registry
from charwise_daemon.client import AsyncClient, Client, completion_of
from charwise_daemon.protocol import Complete, Feedback, Open, WorkspacePath
from charwise_daemon.store import Store, name_for
from charwise_trainer.checkpoint import training_lock
from tests.cli.conftest import Run
from tests.conftest import MODULES, configure, stop_daemon
from tests.daemon.texts import SPLINES

pytestmark = pytest.mark.usefixtures("home")

# A model that learns a little in two seconds.
_TINY = ("--epochs", "4", "--layers", "1", "--width", "32", "--threads", "1")
_VERBS = (
    ("train",), ("pretrain",), ("sample",), ("complete",), ("eval",), ("experiment",), ("inspect",), ("lsp",),
    ("status",), ("doctor",),
    *(("daemon", verb) for verb in ("start", "stop", "restart", "run", "status", "logs", "pause", "resume", "train")),
    *(("workspace", verb) for verb in ("add", "show", "remove", "list", "forget")),
    *(("shell", verb) for verb in ("enable", "disable", "init", "socket", "status", "forget")),
    *(("models", verb) for verb in ("list", "show", "rollback", "remove", "export", "import")),
)  # fmt: skip


def _start(*arguments: object, full_disk: bool = False) -> subprocess.Popen[str]:
    def limit() -> None:  # no file may grow beyond 20 KB: writing fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "charwise", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, preexec_fn=limit if full_disk else None, **pipes)  # noqa: PLW1509


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


# --- training ------------------------------------------------------------------------------------
@pytest.mark.timeout(120)
def test_train_sample_complete(run: Run, project: Path) -> None:
    """A folder is learned, its model is listed, writes text, and takes part in completions."""
    code, out, _ = run("train", project, *_TINY)
    assert code == 0
    assert "new model: 1x32 lstm" in out
    assert "stored at step" in out
    name = name_for(project)
    assert Store(paths.models_dir()).names() == [name]
    assert run("models", "list")[1].startswith(f"{name}  1x32 lstm  step ")
    assert json.loads(run("models", "show", name)[1])["model"]["width"] == 32

    text = run("sample", "--workspace", project, "--length", "80", "--seed", "3", "--prime", "def ")[1]
    assert text.startswith("def ")
    assert len(text) > 40
    assert run("sample", "--model", name, "--length", "80", "--seed", "3", "--prime", "def ")[1] == text

    new = project / "new.py"
    new.write_text("import textwrap\nwrapper = textwrap.TextWr\n")
    code, out, _ = run("complete", new, "--line", "1", "--character", "26", "--json")  # starts the daemon
    assert code == 0
    answer = json.loads(out)
    assert set(answer) == {"suggestions", "sources", "milliseconds"}
    assert answer["sources"] == ["lstm", "corpus", "documents", "nearby", "habits"]
    assert answer["suggestions"][0]["text"].startswith("apper")

    code, out, _ = run("train", project, "--epochs", "1", "--threads", "1")
    assert code == 0
    assert "continuing from step" in out

    file = project.parent / "taken.charwise"
    assert run("models", "export", name, "-o", file)[0] == 0
    assert run("models", "import", file)[0] == 0
    assert Store(paths.models_dir()).names() == sorted([name, "taken"])
    code, _, err = run("models", "import", file)
    assert (code, "there is a model taken already" in err) == (1, True)
    code, out, _ = run("train", project / "textwrap.py", "--from", "taken", "--epochs", "1", "--threads", "1")
    assert (code, "continuing from step" in out) == (0, True)
    code, _, err = run("train", project / "textwrap.py", "--from", "taken", "--epochs", "1")
    assert (code, "remove it first to begin from taken" in err) == (1, True)
    assert run("workspace", "forget", project / "textwrap.py")[0] == 0
    assert run("models", "remove", "taken")[0] == 0

    code, out, _ = run("workspace", "forget", new)
    assert code == 0
    assert f"{new} is never learned again" in out
    assert (project / ".charwiseignore").read_text() == "/new.py\n"
    assert Store(paths.models_dir()).names() == []
    assert run("workspace", "forget", project)[0] == 0


@pytest.mark.timeout(120)
def test_train_lines(run: Run, tmp_path: Path) -> None:
    """Each line is a text of its own, in later trainings too; a sample is lines of such a file."""
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"anna{number % 97}\nbert{number % 89}" for number in range(400)))
    size = ["--layers", 1, "--width", 32, "--embedding", 16, "--dropout", 0, "--seed", 1]
    assert run("train", names, "--epochs", 40, "--lines", *size)[0] == 0
    assert run("train", names, "--epochs", 1)[0] == 0
    assert registry.read(paths.workspaces_file())[names].lines
    where = ("--model", name_for(names), "--file", "names.txt")
    lines = run("sample", *where, "--length", 300, "--temperature", 0.5)[1].split()
    assert len(lines) > 20
    assert sum(line.startswith(("anna", "bert")) for line in lines) > 0.8 * len(lines)
    assert run("train", names, "--epochs", 1, "--no-lines")[0] == 0
    assert not registry.read(paths.workspaces_file())[names].lines


def test_train_interrupted(project: Path) -> None:
    """Ctrl-C saves and leaves a usable model, with exit code 0; run again, it continues from there."""
    for beginning in ("new model", "continuing from step"):
        training = _start("train", project, "--minutes", "10", "--layers", "1", "--width", "32", "--threads", "1")
        assert training.stdout
        for line in training.stdout:
            if line.startswith(beginning):
                break
        time.sleep(1)  # somewhere in the middle of it
        training.send_signal(signal.SIGINT)
        out, err = training.communicate(timeout=60)
        assert training.returncode == 0, err
        assert "interrupted, stored at step" in out
        assert repr(Store(paths.models_dir()).load(name_for(project)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({}, "holds no files"),
        ({"a.bin": bytes(range(256)) * 9, "b.png": b"\x89PNG\r\n"}, "nothing to learn from"),
        ({".env": b"TOKEN=1\n"}, "nothing to learn from"),
        ({"a.txt": b"0123456789"}, "10 "),
    ],
    ids=["empty", "binaries", "secrets", "ten bytes"],
)
def test_train_refuses(run: Run, tmp_path: Path, content: dict[str, bytes], said: str) -> None:
    """A folder without text to learn from is one clear error, and no model is stored."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    code, _, err = run("train", folder, *_TINY)
    assert code == 1
    assert err.startswith("charwise: ")
    assert err.count("\n") == 1
    assert said in err
    assert Store(paths.models_dir()).names() == []


def test_train_missing(run: Run, tmp_path: Path) -> None:
    """A path that does not exist is named."""
    assert run("train", tmp_path / "nothing")[::2] == (
        1,
        f"charwise: {tmp_path / 'nothing'} does not exist; name a folder or a file\n",
    )


def test_train_busy(run: Run, project: Path) -> None:
    """A second trainer on the same workspace is refused, naming the first."""
    with training_lock(Store(paths.models_dir()).directory(name_for(project))):
        code, _, err = run("train", project, *_TINY)
    assert code == 1
    assert f"is being trained by process {os.getpid()}" in err


@pytest.mark.timeout(120)
def test_models_rollback(run: Run, project: Path) -> None:
    """The model is served as it was before its last training, by a running daemon too; there is an end to that."""
    assert run("train", project, *_TINY)[0] == 0
    name, store = name_for(project), Store(paths.models_dir())
    before = store.meta(name).step
    code, _, err = run("models", "rollback", name)
    assert code == 1
    assert "has no checkpoint to go back to" in err
    while store.meta(name).step == before:  # a training that is no worse
        assert run("train", project, "--epochs", "1", "--threads", "1")[0] == 0
    assert run("workspace", "add", project)[0] == 0
    code, out, _ = run("models", "rollback", name)
    assert code == 0
    assert f"is back at step {before:,}" in out
    assert store.meta(name).step == before
    assert f"step {before}" in run("daemon", "status")[1]
    with training_lock(store.directory(name)):
        code, _, err = run("models", "rollback", name)
    assert code == 1
    assert "is being trained" in err


@pytest.mark.timeout(120)
def test_train_on_a_full_disk(run: Run, project: Path) -> None:
    """A checkpoint that cannot be written is one error; the one before it is still served and continued from."""
    assert run("train", project, *_TINY)[0] == 0
    step = Store(paths.models_dir()).meta(name_for(project)).step
    training = _start("train", project, "--epochs", "1", "--threads", "1", full_disk=True)
    _, err = training.communicate(timeout=60)
    assert training.returncode == 1
    assert "cannot write" in err
    assert "what was stored before is whole" in err
    assert Store(paths.models_dir()).meta(name_for(project)).step == step
    assert run("train", project, "--epochs", "1", "--threads", "1")[0] == 0


def test_train_other_size(run: Run, project: Path) -> None:
    """A stored model is not continued at another size: the error says what to do."""
    assert run("train", project, "--epochs", "0.1", "--layers", "1", "--width", "16", "--threads", "1")[0] == 0
    code, _, err = run("train", project, "--epochs", "0.1", "--layers", "1", "--width", "24", "--threads", "1")
    assert code == 1
    assert "1x16" in err
    assert "1x24" in err


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
    [line] = [line for line in run("daemon", "status")[1].splitlines() if "memory holds" in line]
    assert line.startswith("  memory holds the newest and nearest 0.0")


async def _memory_of(project: Path) -> None:
    """Return when the memory of a workspace is there."""
    client, ready = await AsyncClient.connect("test"), asyncio.Event()
    client.on_notification = lambda _, event: ready.set() if event["kind"] == "memory" else None
    await client.request("subscribe")
    if not (await client.request("workspace_add", WorkspacePath(str(project))))["files"]:
        await ready.wait()
    await client.close()


def test_workspace_add_list_remove(run: Run, project: Path) -> None:
    """A workspace is listed until it is removed, also by the next daemon."""
    assert run("workspace", "add", project)[0] == 0
    run("daemon", "restart")
    [listed] = json.loads(run("workspace", "list", "--json")[1])
    assert listed == {"path": str(project), "model": name_for(project), "lines": False, "base": True, "quick": False}
    assert run("workspace", "remove", project)[0] == 0
    assert json.loads(run("workspace", "list", "--json")[1]) == []
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


def test_doctor(run: Run) -> None:
    """A sound installation passes; a wrong setting is found, and said."""
    code, out, err = run("doctor")
    assert code == 0, out + err
    paths.settings_file().write_text("[training]\nminuets = 1\n")
    code, out, _ = run("doctor")
    assert code == 1
    assert "BAD  settings: " in out
    assert "unknown parameter 'minuets'" in out


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


def test_status_json(run: Run) -> None:
    """Scripts get all of it in one object."""
    _accept_a_suggestion()
    seen = json.loads(run("status", "--json")[1])
    ((of),) = seen["counts"].values()
    assert of[".py"]["accepted"] == 1
    assert seen["daemon"]["suggestions"]["accepted"] == 1
