"""`charwise doctor`: checks the installation and says what to do."""

import importlib
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import typer

from charwise_daemon import __version__, launch, paths, registry, settings
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError

_OLDEST_PYTHON = (3, 11)
# A checkpoint with its optimizer takes 60 MB at most; a workspace keeps three.
_LEAST_FREE = 500 * 2**20


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is well, and what was seen."""

    subject: str
    is_well: bool
    seen: str


def doctor() -> None:
    """Check the installation, and say what to do about what is wrong. Exit code 1 when something is."""
    findings = [finding for check in _CHECKS for finding in _run(check)]
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.is_well else 'BAD '} {finding.subject}: {finding.seen}")
    if bad := sum(not finding.is_well for finding in findings):
        raise CharwiseError(f"{bad} of {len(findings)} checks failed; each line above says what to do")


def _run(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except CharwiseError as error:
        return [Finding(check.__name__.strip("_"), is_well=False, seen=str(error))]


def _python() -> Iterator[Finding]:
    is_well = sys.version_info >= _OLDEST_PYTHON
    yield Finding(
        "python",
        is_well,
        f"{platform.python_version()} at {sys.executable}" + "; 3.11 or newer is needed" * (not is_well),
    )
    for name in ("numpy", "msgpack", "safetensors", "pygls", "watchdog", "pydivsufsort", "torch"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            yield Finding(name, is_well=False, seen=f"{error}; install charwise again")


def _torch() -> Iterator[Finding]:
    import torch  # noqa: PLC0415 - seconds, and only here

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    yield Finding(
        "training", is_well=True, seen=f"torch {torch.__version__} on {device}, {torch.get_num_threads()} threads"
    )


def _engine() -> Iterator[Finding]:
    from charwise_daemon import kernel  # noqa: PLC0415 - numpy, and only here

    choice = kernel.chosen()
    reason = choice.reason if choice.kernel else f"five times slower: {choice.reason}"
    yield Finding("engine", is_well=True, seen=f"{choice.name}, one thread; {reason}")


def _folders() -> Iterator[Finding]:
    for name, folder in (
        ("models", paths.models_dir()),
        ("socket", paths.socket_file().parent),
        ("log", paths.log_file().parent),
    ):
        free = os.statvfs(folder)
        left = free.f_bavail * free.f_frsize
        if not os.access(folder, os.W_OK):
            yield Finding(name, is_well=False, seen=f"{folder} cannot be written; mend its rights or set CHARWISE_HOME")
        elif name == "models" and left < _LEAST_FREE:
            yield Finding(name, is_well=False, seen=f"{folder} has {left >> 20} MB left, training wants 500; make room")
        else:
            yield Finding(name, is_well=True, seen=str(folder))


def _settings() -> Iterator[Finding]:
    from charwise_daemon.models import Models  # noqa: PLC0415 - numpy, and only here
    from charwise_daemon.store import Store  # noqa: PLC0415

    file, store = paths.settings_file(), Store(paths.models_dir())
    rules = settings.load(file).models
    Models(store, rules)
    yield Finding("settings", is_well=True, seen=str(file) if file.exists() else f"defaults; {file} would change them")
    for pattern, name in rules.items():
        try:
            store.meta(name)
        except CharwiseError as error:
            yield Finding(
                "settings",
                is_well=False,
                seen=f"{pattern} in [models]: {error}; until then its workspace's completes it",
            )


def _workspaces() -> Iterator[Finding]:
    for path in registry.read(paths.workspaces_file()):
        is_well = path.exists()
        todo = "" if is_well else f"; it is gone: `charwise workspace forget {path}`"
        yield Finding("workspace", is_well, f"{path}{todo}")


def _models() -> Iterator[Finding]:
    from charwise_daemon.store import Store  # noqa: PLC0415 - numpy, and only here

    store = Store(paths.models_dir())
    for name in store.names():
        try:
            yield Finding("model", is_well=True, seen=repr(store.load(name)))
        except CharwiseError as error:
            yield Finding("model", is_well=False, seen=str(error))


def _daemon() -> Iterator[Finding]:
    if not launch.is_running():
        yield Finding("daemon", is_well=True, seen="none runs; editors start it")
        return
    with Client("charwise doctor", start=False) as client:
        hello, status = client.hello, client.request("status")
    is_well = hello["version"] == __version__
    todo = "" if is_well else f", but this is {__version__}: `charwise daemon restart`"
    yield Finding("daemon", is_well, f"version {hello['version']}, process {hello['pid']}{todo}")
    for workspace in status["workspaces"]:
        if workspace["error"]:
            yield Finding("learning", is_well=False, seen=workspace["error"])


def _shells() -> Iterator[Finding]:
    from charwise.plugins import in_rc_file  # noqa: PLC0415 - only here, as what follows
    from charwise_daemon.shell import consent, importing  # noqa: PLC0415

    folder = paths.state_dir() / importing.FOLDER
    known = consent.read(folder / importing.FILE)
    if not known.shells:
        yield Finding("shells", is_well=True, seen="none is learned from; `charwise shell enable zsh` allows it")
        return
    for shell in known.shells:
        is_well, seen = in_rc_file(shell)
        yield Finding(shell, is_well, f"learned from; {seen}" if seen else "learned from")
    opened = [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]
    todo = (
        f"others may read {opened[0]}: `chmod -R go= {folder}`"
        if opened
        else f"what was run is in {folder}, yours alone"
    )
    yield Finding("shells", not opened, todo)


_CHECKS = (_python, _torch, _engine, _folders, _settings, _workspaces, _models, _daemon, _shells)
