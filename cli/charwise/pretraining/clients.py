"""Brings the archives of a source into the cache by the clients that everybody has: apt-get, pip and npm.

What is there already is not brought again. Nothing that is brought is executed: of PyPI wheels are taken, because pip
runs what builds a source archive. Every archive is checked against the recipe.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from charwise.pretraining.recipe import Source
from charwise_daemon.errors import CharwiseError
from charwise_trainer.storage import aside

_APT_SOURCES = Path("/etc/apt")
# Of one command: a large package on a slow line.
_DEADLINE = 1800.0


class Clients:
    """The clients, and the folder that they fill."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._apt = cache / "apt"

    def fetch(self, source: Source) -> Path:
        """Return the folder with the archives of a source.

        Raises:
            CharwiseError: no client brings it, or it is not what the recipe says.
        """
        folder = self._cache / "archives" / source.label
        if not folder.exists():
            new = aside(folder.parent, folder.name)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            try:
                self._bring(source, new)
                new.rename(folder)
            finally:
                shutil.rmtree(new, ignore_errors=True)
        check(source, folder)
        return folder

    def _bring(self, source: Source, folder: Path) -> None:
        match source.kind:
            case "debian":
                _run([*self._apt_get(), "source", "--download-only", f"{source.name}={source.version}"], folder)
            case "debian-binary":
                _run([*self._apt_get(), "download", f"{source.name}={source.version}"], folder)
            case "pypi":
                package = f"{source.name}=={source.version}"
                only = ["--no-deps", "--only-binary", ":all:", "--platform", "any", "--dest", "."]
                _run([sys.executable, "-m", "pip", "--quiet", "download", *only, package], folder)
            case _:
                _run(["npm", "pack", "--silent", "--ignore-scripts", f"{source.name}@{source.version}"], folder)

    def _apt_get(self) -> list[str]:
        """Return apt-get with lists of its own that hold sources too, whatever the machine's are set to."""
        own = ["apt-get", "--quiet=2", "-o", "APT::Sandbox::User=root"]
        for name, where in (("State::lists", "lists"), ("Cache", "cache"), ("Etc::sourceparts", "sources.list.d")):
            own += ["-o", f"Dir::{name}={self._apt / where}"]
        own += ["-o", f"Dir::Etc::sourcelist={self._apt / 'sources.list'}"]
        if not self._apt.exists():
            new = aside(self._cache, "apt")
            shutil.rmtree(new, ignore_errors=True)
            for folder in ("lists/partial", "cache/archives/partial", "sources.list.d"):
                (new / folder).mkdir(parents=True)
            copy_with_sources(_APT_SOURCES, new)
            new.rename(self._apt)
            _run([*own, "update"], self._cache)
        return own


def check(source: Source, folder: Path) -> None:
    """Raise CharwiseError where the archives in a folder are not those that the recipe means."""
    files = sorted(folder.iterdir())
    named = [file for file in files if file.suffix == ".dsc"] or files
    if len(named) != 1:
        raise CharwiseError(f"{source.label} has brought {len(named)} archives where one is expected: {named}")
    found = hashlib.sha256(named[0].read_bytes()).hexdigest()
    if found != source.sha256:
        raise CharwiseError(
            f"{named[0].name} has the SHA-256 {found}, the recipe says {source.sha256 or 'none'}: "
            f"where you trust what was brought, write that into the recipe; else remove {folder}"
        )


def copy_with_sources(etc: Path, target: Path) -> None:
    """Copy the machine's list of archives, in both of its forms, with source packages in each."""
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if file.suffix not in {".list", ".sources"} or not file.exists():
            continue
        text = re.sub(r"(?m)^Types:.*$", "Types: deb deb-src", file.read_text("utf-8"))
        text = re.sub(r"(?m)^deb (.*)$", r"deb \1\ndeb-src \1", text)
        place = target / file.relative_to(etc)
        place.write_text(text, "utf-8")


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_DEADLINE, check=False)
    except FileNotFoundError as error:
        raise CharwiseError(f"there is no {command[0]}, which is to bring the recipe's sources: install it") from error
    except subprocess.TimeoutExpired as error:
        raise CharwiseError(f"{command[0]} has not ended in half an hour: try again, what is there stays") from error
    if done.returncode:
        why = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise CharwiseError(f"{' '.join(command[-2:])}: {command[0]} failed: {why[-1]}")
