"""How soon ghost text is there at zsh's prompt, beside zsh-autosuggestions, and what the plugin adds to zsh's start.

$ python bench/terminal.py --lines 500000 --commands 100

A real zsh in a pseudo-terminal; commands are typed into it, a key at a time, and what zsh writes is read: a key's time
ends when ghost text in its colour has been written after it. Keys that only type along what is shown, or after which
nothing is shown, are counted but not timed. Both have the same made-up history (shell_history.py) of that many lines,
zsh in HISTFILE, charwise imported; what is typed is what came after it, commands that name no file. The daemon has a
model of the size that it gives to commands, the smallest, really trained on the first commands of that history.
"""

import asyncio
import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common import daemon, install, measuring, one_thread, options, trained
from report import Budget, Report, Row
from shell_history import simulate

from charwise.plugins import plugin
from charwise_daemon import paths
from charwise_daemon.shell import importing
from charwise_daemon.shell.log import Log
from charwise_trainer.config import config_for

KEY_TO_GHOST = Budget(5, 15)  # milliseconds
START_ADDED = Budget(5)  # milliseconds
_AUTOSUGGESTIONS = Path("/usr/share/zsh-autosuggestions/zsh-autosuggestions.zsh")
_GHOST = re.compile(rb"\x1b\[90m(.*?)(?:\x1b\[39m|\x1b\[0m|$)", re.DOTALL)
_CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|[\x00-\x1f]")
# Nobody waits longer for a suggestion: nothing comes.
_NOTHING_SECONDS = 0.4
# A person's next key comes no sooner.
_BETWEEN_KEYS_SECONDS = 0.03
_STARTS = 20
_SEED = 1
# Commands that the model has learned, and how often: some minutes of what the daemon does at night.
_LEARNED, _READINGS = 20_000, 3.0


@dataclass
class Keys:
    """What became of keys."""

    milliseconds: list[float] = field(default_factory=list)
    along: int = 0
    nothing: int = 0


class Zsh:
    """A zsh in a pseudo-terminal, which has this zshrc."""

    def __init__(self, folder: Path, rc: str, environment: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".zshrc").write_text(f"PS1='> '\nunsetopt beep prompt_sp\n{rc}")
        own = {"HOME": str(folder), "ZDOTDIR": str(folder), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        began = time.perf_counter()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-di"], {**os.environ, **own, **environment})
        self.until(b"> ", 600)
        self.milliseconds = 1000 * (time.perf_counter() - began)
        self.quiet(0.3)

    def close(self) -> None:
        """End it."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def write(self, keys: str) -> None:
        """Press keys."""
        os.write(self._terminal, keys.encode())

    def until(self, wanted: bytes | re.Pattern[bytes], seconds: float) -> bytes | None:
        """Return what is written until this is, None where it is not in time."""
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, bytes) else wanted
        latest, seen = time.monotonic() + seconds, b""
        while (left := latest - time.monotonic()) > 0:
            if not select.select([self._terminal], [], [], left)[0]:
                return None
            seen += os.read(self._terminal, 65536)
            if pattern.search(seen):
                return seen
        return None

    def quiet(self, seconds: float) -> bytes:
        """Return what is written until nothing is for a while."""
        seen = b""
        while select.select([self._terminal], [], [], seconds)[0]:
            seen += os.read(self._terminal, 65536)
        return seen

    def type(self, command: str, keys: Keys) -> None:
        """Type a command a key at a time, and clear the line again."""
        ghost = ""
        for key in command:
            began = time.perf_counter()
            self.write(key)
            if ghost.startswith(key):
                keys.along, ghost = keys.along + 1, ghost[1:]
            elif seen := self.until(_GHOST, _NOTHING_SECONDS):
                keys.milliseconds.append(1000 * (time.perf_counter() - began))
                ghost = _shown(seen)
            else:
                keys.nothing, ghost = keys.nothing + 1, ""
            for found in _GHOST.findall(self.quiet(_BETWEEN_KEYS_SECONDS)):
                ghost = _CONTROL.sub(b"", found).decode("utf-8", "replace")
        self.write("\x15")
        self.quiet(0.1)

    def echo(self, command: str, milliseconds: list[float]) -> None:
        """Type a command a key at a time, and time until anything is written after each; clear the line again."""
        for key in command:
            began = time.perf_counter()
            self.write(key)
            if select.select([self._terminal], [], [], _NOTHING_SECONDS)[0]:
                milliseconds.append(1000 * (time.perf_counter() - began))
            self.quiet(_BETWEEN_KEYS_SECONDS)
        self.write("\x15")
        self.quiet(0.1)


def _shown(seen: bytes) -> str:
    return _CONTROL.sub(b"", _GHOST.findall(seen)[-1]).decode("utf-8", "replace")


@contextlib.contextmanager
def _zsh(folder: Path, rc: str) -> Iterator[Zsh]:
    zsh = Zsh(folder, rc, {})
    try:
        yield zsh
    finally:
        zsh.close()


def _keys(folder: Path, rc: str, commands: Sequence[str]) -> Keys:
    keys = Keys()
    with _zsh(folder, rc) as zsh:
        zsh.type(commands[0], Keys())  # the first request reads what was run
        for command in commands[1:]:
            zsh.type(command, keys)
    return keys


def _floor(folder: Path, rc: str, commands: Sequence[str]) -> list[float]:
    """Return the milliseconds until zsh without any plugin has drawn a key: what this probe and zsh alone take."""
    found = list[float]()
    with _zsh(folder, rc) as zsh:
        for command in commands:
            zsh.echo(command, found)
    return found


def _typed(commands: Sequence[str]) -> list[str]:
    """Return some of the commands: one line each, and without files, as those of a made-up history are not there."""
    return [command for command in commands[::7] if not re.search("[/.\n]", command)]


def _starts(folder: Path, sourced: Mapping[str, str]) -> dict[str, list[float]]:
    """Return the milliseconds until the prompt is there, taking turns."""
    found = {name: list[float]() for name in sourced}
    for _ in range(_STARTS):
        for name, rc in sourced.items():
            with _zsh(folder, rc) as zsh:
                found[name].append(zsh.milliseconds)
    return found


def _loads(folder: Path, source: str) -> list[float]:
    """Return the milliseconds that zsh takes to read the plugin, and to come to its first prompt with it."""
    timed = f"zmodload zsh/datetime; t=$EPOCHREALTIME\n{source}\nprint $(( 1000 * (EPOCHREALTIME - t) ))"
    (folder / "load.zsh").write_text(timed)
    command = ["zsh", "-fic", f"source {folder}/load.zsh"]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(_STARTS)]
    return [float(run.stdout) for run in runs]


def main() -> None:
    """Measure, and print."""
    chosen = options(__doc__.split("\n")[0], lines=(500_000, "of history"), commands=(100, "typed")).parse_args()
    one_thread()
    if chosen.quick:
        chosen.lines, chosen.commands = min(chosen.lines, 50_000), min(chosen.commands, 30)
    smallest = config_for(0)
    model = trained(chosen.models, _READINGS, smallest.layers, smallest.width, _commands, "commands-")
    with measuring("terminal", chosen, model) as (report, folder, model):
        _measure(report, folder, model, chosen.lines, chosen.commands)


def _commands(folder: Path) -> Path:
    """Write what the model learns, as the daemon keeps commands; return where."""
    enabled = _history(folder / "history", [event.command for event in simulate(_SEED, _LEARNED)])
    assert enabled.kept
    return Log(paths.state_dir() / importing.FOLDER).commands_folder


def _history(file: Path, commands: Sequence[str]) -> importing.Imported:
    """Write a history as zsh does, and import it."""
    file.write_text("".join(f": 1700000000:0;{command}\n" for command in commands if "\n" not in command))
    return importing.enable(paths.state_dir(), "zsh", file)


def _measure(report: Report, folder: Path, model: Path, lines: int, count: int) -> None:
    events = [event.command for event in simulate(_SEED, lines + 20 * count)]
    history, typed = folder / "history", _typed(events[lines:])[:count]
    imported = _history(history, events[:lines])
    install(model, Log(paths.state_dir() / importing.FOLDER).commands_folder)
    report.note(history=lines, imported=imported.kept, typed=len(typed))
    ours = f"source {plugin('zsh')}\n"
    kept = f"HISTFILE={history} HISTSIZE={2 * lines} SAVEHIST=0\n"
    theirs = f"source {_AUTOSUGGESTIONS}\n" if _AUTOSUGGESTIONS.exists() else ""
    setups = {"charwise": kept + ours}
    if theirs:
        setups["zsh-autosuggestions, history"] = kept + theirs
        setups["zsh-autosuggestions, charwise as its strategy"] = (
            kept + theirs + ours + "ZSH_AUTOSUGGEST_STRATEGY=(charwise)\n"
        )
    else:
        report.say(f"{_AUTOSUGGESTIONS} is not here, so nothing is measured beside it")
    asyncio.run(_wait())
    found = {name: _keys(folder / "zsh", rc, typed) for name, rc in setups.items()}
    rows = [
        Row(name, "ms", keys.milliseconds, KEY_TO_GHOST if name == "charwise" else None) for name, keys in found.items()
    ]
    floor = Row("of it, a key that zsh alone draws", "ms", _floor(folder / "zsh", kept, typed))
    report.table("key to ghost text", [*rows, floor])
    counts = [(name, len(keys.milliseconds), keys.along, keys.nothing) for name, keys in found.items()]
    report.grid("keys", ("", "new ghost text", "typed along", "nothing shown"), counts)
    starts = _starts(folder / "start", {"zsh alone": "", "with charwise": ours, "with zsh-autosuggestions": theirs})
    added = [
        after - before
        for before, after in zip(*(sorted(starts[name]) for name in ("zsh alone", "with charwise")), strict=True)
    ]
    report.table(
        "zsh's start",
        [
            *(Row(name, "ms", values) for name, values in starts.items()),
            Row("added by charwise, prompt to prompt", "ms", added, START_ADDED),
            Row("of it, reading the plugin", "ms", _loads(folder, ours), START_ADDED),
        ],
    )


async def _wait() -> None:
    """Return when the daemon has read what was run."""
    async with daemon() as served:
        await served.use(Log(paths.state_dir() / importing.FOLDER).commands_folder)


if __name__ == "__main__":
    main()
