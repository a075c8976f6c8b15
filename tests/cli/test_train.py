"""`charwise train` and what goes with it, as a user types it: what it prints, refuses and leaves behind."""

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
from charwise_daemon.store import Store, name_for
from charwise_trainer.checkpoint import training_lock
from tests.cli.conftest import Run
from tests.conftest import configure

pytestmark = pytest.mark.usefixtures("home")

# A model that learns a little in two seconds.
_TINY = ("--epochs", "4", "--layers", "1", "--width", "32", "--threads", "1")


def _start(*arguments: object, full_disk: bool = False) -> subprocess.Popen[str]:
    def limit() -> None:  # no file may grow beyond 20 KB: writing fails as on a full disk
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "charwise", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, preexec_fn=limit if full_disk else None, **pipes)  # noqa: PLW1509


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


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_train_interrupted(project: Path, wish: signal.Signals) -> None:
    """Ctrl-C saves and leaves a usable model, with exit code 0; run again, it continues from there.

    A terminal that is closed is the same, and so is a system that shuts down.
    """
    options = ["--minutes", "10", "--layers", "1", "--width", "32", "--threads", "1", "--evaluate-every", "0.5"]
    for beginning in ("new model", "continuing from step"):
        training = _start("train", project, *options)
        assert training.stdout
        assert training.stdout.readline().startswith(beginning)
        assert any(line.startswith("step ") for line in training.stdout)  # one evaluation; now it is learning
        training.send_signal(wish)
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
    assert list(paths.models_dir().iterdir()) == []
    assert registry.read(paths.workspaces_file()) == {}


def test_train_refuses_a_name(run: Run, project: Path) -> None:
    """A name that cannot be a model's is refused, and is not the workspace's from then on."""
    code, _, err = run("train", project, "--model", "my/model", *_TINY)
    assert code == 1
    assert "'my/model' cannot name a model" in err
    assert registry.read(paths.workspaces_file()) == {}
    assert run("workspace", "add", project)[0] == 0


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
def test_served_as_it_is_stored(run: Run, project: Path, tmp_path: Path) -> None:
    """A model that is trained under another name, deleted or brought back is so for a running daemon at once."""

    def serves(model: str, step: int | None) -> None:
        def served() -> tuple[str, int | None]:
            workspace = json.loads(run("daemon", "status", "--json")[1])["workspaces"][0]
            return workspace["model"], workspace["step"]

        while served() != (model, step):
            time.sleep(0.05)  # it is read in the background

    configure("[training]\nenabled = false\n")
    assert run("workspace", "add", project)[0] == 0
    serves(name_for(project), None)
    assert run("train", project, *_TINY, "--model", "other")[0] == 0
    step = Store(paths.models_dir()).meta("other").step
    serves("other", step)
    assert run("models", "export", "other", "-o", tmp_path / "other.charwise")[0] == 0
    assert run("models", "remove", "other")[0] == 0
    serves("other", None)
    assert not Store(paths.models_dir()).directory("other").exists()
    assert run("models", "import", tmp_path / "other.charwise")[0] == 0
    serves("other", step)


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
