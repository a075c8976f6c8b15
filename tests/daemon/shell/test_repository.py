"""What git's files tell, as git itself wrote them."""

import os
import subprocess
from pathlib import Path

import pytest

from charwise_daemon.shell.checks import Place, can_work
from charwise_daemon.shell.repository import branch_of, references_of


def _git(folder: Path, *arguments: str) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=clean | who)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "deep/er").mkdir(parents=True)
    _git(folder, "init", "-b", "main")
    (folder / "file").touch()
    _git(folder, "add", "-A")
    _git(folder, "commit", "-m", "x")
    for name in ("feature/one", "feature/two", "old"):
        _git(folder, "branch", name)
    _git(folder, "tag", "v1.0")
    return folder


def test_branch_of(project: Path, tmp_path: Path) -> None:
    """The branch is read in a folder below, in a worktree, and where no branch is checked out."""
    assert branch_of(str(project)) == "main"
    assert branch_of(str(project / "deep/er")) == "main"
    _git(project, "worktree", "add", str(tmp_path / "tree"), "feature/one")
    assert branch_of(str(tmp_path / "tree")) == "feature/one"
    _git(project, "checkout", "--detach")
    assert len(branch_of(str(project))) == 7
    assert branch_of(str(tmp_path)) == ""
    assert branch_of("/nonexistent") == ""


def test_references_of(project: Path, tmp_path: Path) -> None:
    """Branches and tags are known, packed or not, in a worktree, and another repository's by both names."""
    known = {"main", "feature/one", "feature/two", "old", "v1.0"}
    assert references_of(str(project)) == known
    _git(project, "pack-refs", "--all")
    assert references_of(str(project)) == known
    _git(project, "branch", "newer")
    _git(project, "worktree", "add", str(tmp_path / "tree"), "old")
    assert references_of(str(tmp_path / "tree")) == {*known, "newer"}
    _git(tmp_path, "clone", str(project), "clone")
    assert {"feature/two", "origin/feature/two"} <= references_of(str(tmp_path / "clone"))
    assert references_of(str(tmp_path)) == frozenset()


def test_can_work(project: Path) -> None:
    """A branch that is suggested is there; a new one, a file, and a commit's number may be anything."""
    place = Place(str(project), lambda _word, _may: True)
    for suggested in ("checkout feature/tw", "switch old", "merge v1.0", "branch -d old", "checkout file",
                      "checkout -b other", "checkout HEAD~2", "rebase 0123abc", "branch other", "checkout main -- gone",
                      "push origin gone"):  # fmt: skip
        assert can_work("git ", suggested, place), suggested
    for suggested in ("checkout gone", "switch feature/gone", "merge ol && git push", "branch -d gone"):
        assert not can_work("git ", suggested, place), suggested
