"""The repositories that bench/quality.py replays: clones that are there, and releases committed one after the other.

Anybody can make them again: a clone is named by its owner, its name and the newest commit that is used, a release by
its package and version. Releases become a repository whose commits have tags, made once and kept.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError

_MANIFEST = Path(__file__).with_name("quality.toml")
# So that the commits are the same ones wherever they are made.
_SOMEBODY = {"GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench@localhost"}
_SOMEBODY |= {key.replace("AUTHOR", "COMMITTER"): value for key, value in _SOMEBODY.items()}


@dataclass(frozen=True)
class Project:
    """One entry of the manifest.

    Args:
        set: tuning or reporting: nothing is ever chosen by how it does on the latter.
        kind: clone, pypi or npm.
        source: of a clone its owner and name, else the package.
        since: the commit or version that is learned.
        until: the newest commit of a clone that is used.
        releases: of a package, in order.
        paths: folders or patterns that are learned; none: all.
        typed: those whose text is typed.
        per_commit: how many hunks of one commit at most.
    """

    name: str
    set: str
    kind: str
    source: str
    language: str
    since: str
    until: str = "HEAD"
    releases: Sequence[str] = ()
    paths: Sequence[str] = ()
    typed: Sequence[str] = ()
    per_commit: int = 1


def manifest(file: Path = _MANIFEST) -> list[Project]:
    """Return all projects; an entry that is wrong raises TypeError."""
    return [Project(**entry) for entry in tomllib.loads(file.read_text("utf-8"))["project"]]


def repository(project: Project, clones: Path) -> Path:
    """Return a project's repository, making it where it is of releases and not there yet.

    Raises:
        CharwiseError: the clone is not there, or a release cannot be had.
    """
    if project.kind == "clone":
        folder = clones / project.source.partition("/")[2]
        if not folder.exists():
            raise CharwiseError(f"{folder} is not there; clone {project.source} with its whole history to it")
        return folder
    kept = paths.cache_dir() / "bench" / f"{project.name}-{project.releases[0]}-{project.releases[-1]}"
    if not kept.exists():
        _build(project, kept)
    return kept


def _build(project: Project, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="charwise-bench-", dir=kept.parent) as name:
        folder = Path(name) / "repository"
        folder.mkdir()
        _git(folder, "init", "--quiet", "--template=")
        for number, version in enumerate(project.releases):
            print(f"fetching {project.source} {version}", file=sys.stderr)
            _empty(folder)
            _extract(_archive(project, version, Path(name) / version), folder)
            _commit(folder, version, number)
        folder.rename(kept)


def _archive(project: Project, version: str, into: Path) -> Path:
    into.mkdir()
    if project.kind == "pypi":
        wanted = ["--no-deps", "--no-binary", ":all:", "--dest", str(into), f"{project.source}=={version}"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *wanted]
    elif project.kind == "npm":
        command = ["npm", "pack", "--silent", "--pack-destination", str(into), f"{project.source}@{version}"]
    else:
        raise CharwiseError(f"{project.name} is of the kind {project.kind}; known are clone, pypi and npm")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(into.iterdir())


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _extract(archive: Path, folder: Path) -> None:
    """Unpack a release without the folder that all of it is in."""
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            member.name = member.name.partition("/")[2]
            if member.name and member.isfile():
                tar.extract(member, folder, filter="data")


def _commit(folder: Path, version: str, number: int) -> None:
    date = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{946684800 + 86400 * number} +0000")
    _git(folder, "-c", "core.autocrlf=false", "add", "--all", "--force")
    _git(folder, "-c", "commit.gpgsign=false", "commit", "--quiet", "--allow-empty", "-m", version, **date)
    _git(folder, "-c", "tag.gpgsign=false", "tag", version)


def _git(folder: Path, *arguments: str, **environment: str) -> None:
    variables = (
        os.environ | _SOMEBODY | environment | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    )
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=variables)
