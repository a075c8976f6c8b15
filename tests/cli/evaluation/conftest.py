"""A small repository with a history of real text, and what it takes to make one."""

import os
import subprocess
import sysconfig
from pathlib import Path

import pytest

# Nobody's settings and no hooks: git does the same everywhere.
_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
_GIT |= {"GIT_COMMITTER_DATE": "2020-01-01T00:00:00Z"}
_GIT |= {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
# Lines of a module that one commit adds, and how many commits there are.
_PART, COMMITS = 12, 12


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | _GIT).stdout


def commit(folder: Path, **files: bytes) -> str:
    """Write files, whose names have __ for a dot, commit them, and return the commit."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_bytes(text)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "more")
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in which a real module grows by a few lines each commit, beside two whole ones."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--template=")
    library = Path(sysconfig.get_path("stdlib"))
    lines = (library / "textwrap.py").read_bytes().splitlines(keepends=True)
    others = {f"{name}__py": (library / f"{name}.py").read_bytes() for name in ("shlex", "reprlib")}
    start = len(lines) - _PART * COMMITS
    commit(folder, grown__py=b"".join(lines[:start]), **others)
    for number in range(1, COMMITS + 1):
        commit(folder, grown__py=b"".join(lines[: start + number * _PART]))
    return folder
