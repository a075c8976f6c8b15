"""`charwise eval`, as a user types it: what it prints, and one line for each error."""

import json
from pathlib import Path
from typing import Any

import pytest

from charwise.evaluation import models
from charwise_daemon import paths
from tests.cli.conftest import Run
from tests.cli.evaluation.conftest import commit, git

pytestmark = pytest.mark.usefixtures("home")


def _found(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def _without_times(found: Any) -> Any:
    if isinstance(found, dict):
        return {key: _without_times(value) for key, value in found.items() if not key.startswith("milliseconds")}
    return [_without_times(each) for each in found] if isinstance(found, list) else found


@pytest.mark.timeout(180)
def test_history(run: Run, repository: Path) -> None:
    """A history is learned and typed; the tables and the line of JSON say how well, before and after training."""
    code, out, err = run("eval", "--history", repository, "--hunks", "3", "--minutes", "0,0.02", "--threads", "1")
    assert code == 0, err
    assert "step" in err  # how the training went
    for words in (
        "before any training",
        "after 0.02 minutes of training",
        "all mixed",
        "LSTM alone",
        "words, as in Vim",
    ):
        assert words in out
    assert "at precision 0.6, all mixed saves" in out or "saved at 0.6" in out
    found = _found(out)
    assert (found["repository"], found["hunks"], found["files"]) == ("repository", 3, 3)
    before, after = found["results"]
    assert (before["minutes"], set(before["variants"])) == (0, {"all"})
    assert set(after["variants"]) == {"all", "memories", "lstm"}
    assert after["variants"]["memories"]["bpc"] == before["variants"]["all"]["bpc"]
    assert set(after["gains"]) == {"memories", "lstm"}
    assert found["baselines"]["keywords"]["hunks"] == 3

    # The model is kept: the same again trains nothing, and says the same but for the times.
    [kept] = (paths.cache_dir() / "eval").iterdir()
    code, out, err = run(
        "eval", "--history", repository, "--hunks", "3", "--minutes", "0.02", "--threads", "1", "--json"
    )
    assert (code, out.count("\n"), err) == (0, 1, "")
    assert _without_times(_found(out)["results"]) == _without_times([after])
    assert [kept] == [*(paths.cache_dir() / "eval").iterdir()]


@pytest.mark.timeout(120)
def test_options(run: Run, repository: Path) -> None:
    """What is learned, what is typed, and between which commits, is the user's to say."""
    line = git(repository, "rev-list", "HEAD").split()
    commit(repository, notes__md=b"# Notes\n")
    last = commit(repository, notes__md=b"# Notes\n\nA line that is added to the notes, in the end.\n")
    common = ("eval", "--history", repository, "--minutes", "0", "--json", "--no-ppmd")
    found = _found(run(*common, "--since", line[2], "--until", line[0])[1])
    assert (found["split"], found["newest"], found["hunks"]) == (line[2], line[0], 2)
    assert found["baselines"].keys() == {"keywords"}
    found = _found(run(*common, "--since", line[-1], "--path", "grown.py", "--path", "*.md")[1])
    assert found["files"] == 1  # of the two, the notes came later
    found = _found(run(*common, "--since", f"{last}^", "--only", "*.md", "--ablate", "no-documents")[1])
    assert (found["files"], found["hunks"]) == (4, 1)
    assert list(found["results"][0]["variants"]["all"]["kinds"]) == [".md"]


def test_wrong_use(run: Run, repository: Path, tmp_path: Path) -> None:
    """Each mistake is one line that says what to do."""
    history = ("eval", "--history", repository)
    for arguments, code, message in (
        (("eval",), 2, "give either a PATH, or a repository with --history"),
        (("eval", tmp_path, "--history", repository), 2, "give either a PATH, or a repository with --history"),
        (("eval", "--history", tmp_path), 1, "is no git repository; give the folder of a clone"),
        (("eval", "--history", tmp_path / "no"), 1, "is no folder; give the folder of a git repository"),
        ((*history, "--since", "v9"), 1, "v9 names no commit in"),
        ((*history, "--until", "v9"), 1, "v9 names no commit in"),
        ((*history, "--since", "HEAD", "--until", "HEAD~1"), 1, "HEAD does not come before HEAD~1"),
        ((*history, "--since", "HEAD"), 1, "adds 20 to 600 characters to a file that is learned"),
        ((*history, "--path", "nothing"), 1, "nothing can be learned from"),
        ((*history, "--minutes", "ten"), 1, "--minutes ten is no number"),
        ((*history, "--minutes", "-1"), 1, "give numbers from 0 on"),
        ((*history, "--ablate", "no-hands"), 1, "no-hands is nothing that can be left out"),
        (("eval", tmp_path), 1, "is in no workspace; name a model with --model"),
        (("eval", tmp_path, "--model", "none"), 1, "there is no model none"),
    ):
        got, out, err = run(*arguments)
        assert (got, out) == (code, ""), arguments
        assert message in err
        assert err.count("\n") == 1


def test_poor_repositories(run: Run, repository: Path, tmp_path: Path) -> None:
    """A clone without its history says so, as does a repository without any."""
    git(tmp_path, "clone", "--quiet", "--depth", "1", repository.as_uri(), "shallow")
    for arguments in ((), ("--since", "HEAD")):
        assert (
            "`git fetch --unshallow` brings the rest" in run("eval", "--history", tmp_path / "shallow", *arguments)[2]
        )
    old = git(repository, "rev-parse", "HEAD~3").strip()
    assert "the clone is shallow" in run("eval", "--history", tmp_path / "shallow", "--since", old)[2]
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "--quiet")
    assert "HEAD names no commit" in run("eval", "--history", tmp_path / "empty")[2]
    commit(tmp_path / "empty", data__dat=b"\0\1\2" * 99)
    commit(tmp_path / "empty", data__dat=b"\0\1\2" * 99 + b"\nand text\n")
    assert "nothing can be learned" in run("eval", "--history", tmp_path / "empty")[2]


@pytest.mark.timeout(120)
def test_files(run: Run, project: Path) -> None:
    """Files are read by the model that serves them; one that it has learned is no evidence of itself."""
    assert run("train", project, "--epochs", "0.5", "--width", "32", "--layers", "1", "--threads", "1")[0] == 0
    code, out, err = run("eval", project / "stat.py")
    assert (code, err) == (0, "")
    assert "stat.py, read by project-" in out
    own = _found(out)
    assert set(own["sources"]) == {"lstm", "corpus", "documents", "nearby", "habits"}
    assert own["bpc"] < min(own["sources"].values())
    assert own["sources"]["corpus"] > 2
    stranger = project.parent / "stranger.py"
    stranger.write_bytes((project / "stat.py").read_bytes())
    found = _found(run("eval", stranger, "--model", own["model"], "--json", "--characters", "500")[1])
    assert found["characters"] == 500
    assert found["sources"]["corpus"] < 0.5  # the same text under another name is evidence
    assert set(_found(run("eval", project, "--json", "--characters", "3000")[1])["kinds"]) == {".py"}


def test_key() -> None:
    """A model is kept by what made it."""
    needed = {file.stem for file in models._needed([models._TRAINER / "train.py"])}
    assert {"train", "run", "learner", "model", "batches", "schedule"} <= needed
    assert "gate" not in needed
