"""Installs VS Code's web server and a browser in a cache folder, and builds the extension; each once, under a lock.

code-server comes from npm with nothing compiled, Node 24 (which it needs) too, and Chromium from Debian with every
library that this machine lacks. Nothing is installed in the system.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

EXTENSION = Path(__file__).parents[3] / "editors" / "vscode"
CODE_SERVER = "4.139.1"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "charwise-tests" / "vscode"
# npm and apt fetch some 300 MB.
_DEADLINE = 900.0


@dataclass(frozen=True)
class CodeServer:
    """VS Code's web server: the Node that runs it, and its script."""

    node: Path
    entry: Path

    def command(self, *arguments: str | Path) -> list[str]:
        """Return a command line of it."""
        return [str(each) for each in (self.node, self.entry, *arguments)]


@dataclass(frozen=True)
class Browser:
    """A Chromium, and the environment that it finds its libraries and fonts in."""

    program: Path
    environment: dict[str, str]


def code_server() -> CodeServer:
    """Return the editor, installing it at the first call ever."""
    if not shutil.which("npm"):
        pytest.skip("VS Code cannot be had here: there is no npm")
    folder = _CACHE / f"code-server-{CODE_SERVER}"
    with _locked("code-server"):
        if not folder.exists():
            _in_place(folder, _install_code_server)
    return CodeServer(folder / "node24", folder / "node_modules/code-server/out/node/entry.js")


def browser() -> Browser:
    """Return the system's Chromium, or one of our own."""
    if program := shutil.which("chromium"):
        return Browser(Path(program), dict(os.environ))
    if not shutil.which("apt-get"):
        pytest.skip("Chromium cannot be had here: there is no apt-get")
    folder = _CACHE / "chromium"
    with _locked("chromium"):
        if not folder.exists():
            _in_place(folder, _install_chromium)
    system, own = (root / "usr/lib/x86_64-linux-gnu" for root in (Path("/"), folder))
    libraries = [own, *(each.parent for each in own.glob("*/*.so*")), system]
    environment = {
        "LD_LIBRARY_PATH": ":".join(dict.fromkeys(map(str, libraries))),
        "FONTCONFIG_FILE": str(folder / "fonts.conf"),
    }
    return Browser(folder / "usr/lib/chromium/chromium", dict(os.environ) | environment)


def extension() -> Path:
    """Return the packed extension, built from what the repository has now."""
    with _locked("extension"):
        lock = EXTENSION / "package-lock.json"
        installed = EXTENSION / "node_modules" / ".package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], EXTENSION)
            installed.touch()
        _run(["npm", "run", "package"], EXTENSION)
    return EXTENSION / "dist" / "charwise.vsix"


def pack(folder: Path, target: Path) -> Path:
    """Pack an extension of the tests' own; `extension` has installed what packs it."""
    vsce = EXTENSION / "node_modules/.bin/vsce"
    flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", str(target)]
    _run([str(vsce), "package", *flags], folder)
    return target


def _install_code_server(folder: Path) -> None:
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    (folder / "package.json").write_text('{"private": true}\n')
    _run([*npm, "--no-save", "node@24"], folder)  # its own script copies the program of this platform
    shutil.copy((folder / "node_modules/.bin/node").resolve(), folder / "node24")  # the next command may prune it
    (folder / "bin").mkdir()
    (folder / "bin" / "node").symlink_to("../node24")
    with_node = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    _run([*npm, "--no-save", "--ignore-scripts", f"code-server@{CODE_SERVER}"], folder, with_node)
    editor = folder / "node_modules/code-server/lib/vscode"
    _run([*npm, "--omit=dev", "--ignore-scripts"], editor, with_node)
    # What the skipped scripts would have done, of what is needed here.
    for link, target in (("remote-cli/code-server", "code-linux.sh"), ("helpers/browser.sh", "browser-linux.sh")):
        (editor / "bin" / link).unlink(missing_ok=True)
        (editor / "bin" / link).symlink_to(target)
    for unneeded in ("copilot", "mermaid-markdown-features"):
        shutil.rmtree(editor / "extensions" / unneeded, ignore_errors=True)


def _install_chromium(folder: Path) -> None:
    """Unpack Chromium and its missing libraries with apt's own signatures, away from dpkg's database."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "lists/partial").mkdir(parents=True)
        (work / "cache/archives/partial").mkdir(parents=True)
        settings = {"Dir::State::lists": work / "lists", "Dir::Cache": work / "cache", "Debug::NoLocking": "true"}
        lines = [f'{key} "{value}";' for key, value in settings.items()]
        lines += ['Acquire::Languages "none";', 'APT::Sandbox::User "";']
        (work / "apt.conf").write_text("\n".join(lines))
        apt = {"APT_CONFIG": str(work / "apt.conf")}
        _run(["apt-get", "-q", "update"], work, apt)
        _run(["apt-get", "-qy", "--no-install-recommends", "--download-only", "install", "chromium"], work, apt)
        for package in sorted((work / "cache/archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(folder)], work)
    fonts = "".join(f"<dir>{root}/usr/share/fonts</dir>" for root in ("", _CACHE / "chromium"))
    header = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">'
    cache = f"<cachedir>{_CACHE / 'fonts'}</cachedir>"
    (folder / "fonts.conf").write_text(f"{header}<fontconfig>{fonts}{cache}</fontconfig>\n")


def _in_place(folder: Path, fill: Callable[[Path], None]) -> None:
    """Fill a folder that is there as a whole or not at all: npm's links are relative, so it can be moved."""
    half = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    fill(half)
    half.rename(folder)


@contextmanager
def _locked(name: str) -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command; what it printed is the message where it fails."""
    whole = dict(os.environ) | (environment or {})
    done = subprocess.run(
        command, cwd=folder, env=whole, capture_output=True, text=True, check=False, timeout=_DEADLINE
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
