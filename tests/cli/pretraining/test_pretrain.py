"""`charwise pretrain`, from archives to what is shipped, and what is done with that."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from charwise.pretraining import corpus
from charwise.pretraining.clients import copy_with_sources
from charwise_daemon import paths, registry
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError
from charwise_daemon.models import Models
from charwise_daemon.predictor import first_gate
from charwise_daemon.protocol import WorkspacePath
from charwise_daemon.store import Store, gate_of_base
from charwise_trainer import base, checkpoint, portable, renewal
from charwise_trainer.errors import CheckpointError
from charwise_trainer.gate_file import save_gate
from tests.cli.pretraining import archives
from tests.conftest import MODULES, configure, make_project


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "charwise", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ | environment, check=False)


def _recipe(folder: Path) -> Path:
    """Return a recipe whose only source is some real Python, in a cache that has it already."""
    files = {f"package/{each.name}": each.read_bytes() for each in make_project(folder / "modules").iterdir()}
    file = folder / "tiny.toml"
    file.write_text(archives.text(archives.brought(folder / "cache", "modules", archives.packed(files))))
    return file


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is shipped of a base model that was really trained, for seconds."""
    folder = tmp_path_factory.mktemp("made")
    arguments = ["--cache", str(folder / "cache"), "-o", str(folder / "base"), "--threads", "1"]
    done = _run("pretrain", str(_recipe(folder)), *arguments, CHARWISE_HOME=str(folder / "home"))
    assert done.returncode == 0, done.stderr
    return folder / "base"


@pytest.fixture
def shipped(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in the place of the one that charwise comes with."""
    monkeypatch.setenv("CHARWISE_BASE", str(made))
    return made


def test_from_sources_to_weights(shipped: Path) -> None:
    """What is shipped are half-precision weights that are what the manifest says, made of what it says."""
    told = json.loads((shipped / base.MANIFEST).read_text())
    assert [(each["name"], [*each["licences"]]) for each in told["sources"]] == [("modules", ["MIT"])]
    assert told["files"] <= len(MODULES)
    found = base.load()
    assert found.meta.config.label == "1x32 lstm"
    assert all(each.dtype == np.float32 for each in found.weights.values())
    assert (shipped / base.WEIGHTS).stat().st_size < 2.2 * found.meta.config.parameters


def test_goes_on(home: Path, tmp_path: Path) -> None:
    """Interrupted, what was learned is stored; run again, it takes the time that is left, and gathers nothing anew."""
    arguments = ["pretrain", str(_recipe(tmp_path)), "--cache", str(tmp_path / "cache"), "--minutes", "10"]
    command = [sys.executable, "-m", "charwise", *arguments]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stderr
    next(line for line in running.stderr if "held out" in line)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=50)
    directory = home / "data/models/pretrain-tiny"
    last = checkpoint.last(directory)
    assert last
    before = checkpoint.read_meta(last)
    arguments[-1] = str(before.seconds / 60 + 0.03)
    again = _run(*arguments)
    assert "the corpus is there" in again.stdout
    last = checkpoint.last(directory)
    assert last
    assert checkpoint.read_meta(last).step > before.step


@pytest.mark.usefixtures("shipped")
def test_begins_from_it(project: Path, home: Path) -> None:
    """A workspace's model begins from the base model and says from which; with `--from none` it begins empty."""
    for name, more in (("one", []), ("two", ["--from", "none"]), ("three", ["--width", "16", "--layers", "1"])):
        done = _run("train", str(project), "--model", name, "--minutes", "0.02", "--threads", "1", *more)
        assert done.returncode == 0, done.stderr
    best = [checkpoint.best(home / f"data/models/{name}") for name in ("one", "two", "three")]
    metas = [checkpoint.read_meta(each) for each in best if each]
    assert [each.base for each in metas] == [base.digest(), "", ""]
    assert [each.model["width"] for each in metas][::2] == [32, 16]
    assert not registry.read(paths.workspaces_file())[project].base


@pytest.mark.usefixtures("shipped", "home")
def test_serves_at_once(tmp_path: Path) -> None:
    """In a folder that nothing was learned from, the base model has a say as soon as the folder is in use."""
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "a.py").write_text("import os\n")
    with Client("test") as client:
        client.request("workspace_add", WorkspacePath(str(fresh)))
        latest = time.monotonic() + 20
        while "lstm 1x32" not in (shown := client.request("status")["workspaces"][0])["predictor"]:
            assert time.monotonic() < latest, shown
            time.sleep(0.02)
        assert shown["step"] is None


@pytest.mark.usefixtures("shipped", "home")
async def test_stands_for_models_that_are_to_begin_from_it() -> None:
    """What begins empty, as the commands of shells do, is not served by it before either."""
    models = Models(Store(paths.models_dir(), uses_base=True))
    one, two = models.use("one"), models.use("two", base=False)
    for each in (one, two):
        assert not await each.reload()
    assert one.base
    assert two.base is None


def _newer(shipped: Path, folder: Path) -> Path:
    """Return a base model like this one, but for a little."""
    shutil.copytree(shipped, folder)
    weights = safetensors.numpy.load_file(folder / base.WEIGHTS)
    packed = safetensors.numpy.save({name: each * np.float16(1.001) for name, each in weights.items()})
    (folder / base.WEIGHTS).write_bytes(packed)
    told = json.loads((folder / base.MANIFEST).read_text()) | {"sha256": hashlib.sha256(packed).hexdigest()}
    (folder / base.MANIFEST).write_text(json.dumps(told))
    return folder


def test_newer_base(shipped: Path, project: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where charwise comes with a newer base, the daemon makes the model anew from that, and what was served stays."""
    assert _run("train", str(project), "--model", "mine", "--minutes", "0.02", "--threads", "1").returncode == 0
    directory = home / "data/models/mine"
    before = checkpoint.best(directory)
    monkeypatch.setenv("CHARWISE_BASE", str(_newer(shipped, home.parent / "newer")))
    configure(
        "[training]\nfirst_minutes = 0.03\nsettle_seconds = 0\nresume_seconds = 0\nthreads = 1\non_battery = true\n"
    )
    with Client("test") as client:
        client.request("workspace_add", WorkspacePath(str(project)))
        latest = time.monotonic() + 50
        while (best := checkpoint.best(directory)) == before or (directory / renewal.FOLDER).exists():
            assert time.monotonic() < latest, client.request("status")
            time.sleep(0.05)
    assert best
    assert before
    assert checkpoint.read_meta(best).base == base.digest()
    assert before in checkpoint.good(directory)


def test_newer_base_is_not_wanted(shipped: Path, home: Path) -> None:
    """With `base = false` a model that began from another base stays as it is; so does one that began empty."""
    older = replace(base.load().meta, base="another")
    wanted, unwanted = (Store(home / "models", uses_base=uses) for uses in (True, False))
    assert wanted.is_outdated(older)
    assert not unwanted.is_outdated(older)
    assert not wanted.is_outdated(replace(older, base=""))
    assert not wanted.is_outdated(replace(older, base=base.digest()))
    assert shipped.exists()


def test_gate_of_the_base(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that began from the base is mixed as that is; others are not."""
    shutil.copytree(made, tmp_path / "base")
    gate = first_gate(has_lstm=True).arrays
    save_gate(tmp_path / "base", {**gate, "b2": gate["b2"] + 1})
    monkeypatch.setenv("CHARWISE_BASE", str(tmp_path / "base"))
    store = Store(tmp_path / "models", uses_base=True)
    portable.begin_from_base(store.directory("one"))
    found = store.load("one")
    assert found.gate
    assert np.array_equal(found.gate["b2"], gate["b2"] + 1)
    assert gate_of_base(replace(found.meta, base="")) is None


def test_damaged(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that are not what the manifest says are not used, and nothing is begun from them."""
    damaged = tmp_path / "damaged"
    shutil.copytree(made, damaged)
    (damaged / base.WEIGHTS).write_bytes(b"x" + (made / base.WEIGHTS).read_bytes()[1:])
    monkeypatch.setenv("CHARWISE_BASE", str(damaged))
    with pytest.raises(CheckpointError, match=r"is damaged .*: install charwise again"):
        portable.begin_from_base(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_not_what_the_recipe_says(tmp_path: Path) -> None:
    """An archive with another checksum is not unpacked; both checksums are told."""
    brought = archives.brought(tmp_path, "a", archives.packed({"a/a.py": b"a = 1\n"}), sha256="0" * 64)
    recipe = archives.recipe(brought)
    with pytest.raises(CharwiseError, match=r"has the SHA-256 \w{64}, the recipe says 0000"):
        corpus.corpus(recipe, recipe.sources, tmp_path, print)
    assert not (tmp_path / "unpacked").exists()


def test_no_such_source(tmp_path: Path) -> None:
    """A pattern that means no source is an error that names some that there are."""
    recipe = archives.recipe(archives.brought(tmp_path, "a", b""))
    assert corpus.sources(recipe, ["npm-*"]) == [*recipe.sources]
    with pytest.raises(CharwiseError, match=r"no source matches pypi-x; there are npm-a-1\.0\.0"):
        corpus.sources(recipe, ["pypi-x"])


def test_lists_with_sources(tmp_path: Path) -> None:
    """apt-get gets lists of its own, with source packages, whatever the machine's are set to."""
    etc = tmp_path / "etc"
    (etc / "sources.list.d").mkdir(parents=True)
    (etc / "sources.list").write_text("deb http://example.org/debian stable main\n# deb no\n")
    (etc / "sources.list.d/a.sources").write_text("Types: deb\nURIs: http://example.org/debian\n")
    (etc / "sources.list.d/a.sources.disabled").write_text("Types: deb\n")
    (tmp_path / "own/sources.list.d").mkdir(parents=True)
    copy_with_sources(etc, tmp_path / "own")
    assert (tmp_path / "own/sources.list").read_text().splitlines()[:2] == [
        "deb http://example.org/debian stable main",
        "deb-src http://example.org/debian stable main",
    ]
    assert "Types: deb deb-src" in (tmp_path / "own/sources.list.d/a.sources").read_text()
    assert not (tmp_path / "own/sources.list.d/a.sources.disabled").exists()
