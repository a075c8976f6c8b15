"""`make demo`: learn a real project, complete in it through the real language server, learn a change.

Needs no terminal. The project is part of the Python standard library of this very interpreter. The lines that are
typed were taken out of it before anything was learned. Everything lives in a temporary CHARWISE_HOME and is removed at
the end.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from editor import Editor, Typed
from material import take_out

from charwise_daemon.client import AsyncClient

# The slice: modules of the standard library's top level in alphabetical order, up to so many bytes.
_PROJECT_BYTES = 2_000_000
_LONGEST_FILE = 120_000
# Hunks of consecutive lines taken out of the project, to be typed where they were.
_HUNKS, _HUNK_LINES = 6, 3

_CHANGE = '''

def reticulate_splines(spline_count, tolerance_in_millimetres):
    """Reticulate as many splines as asked for."""
    return [tolerance_in_millimetres * spline for spline in range(spline_count)]
'''
_TYPED_AFTER_CHANGE = "print(reticulate_splines(spline_count=3, tolerance_in_mill"

_HOW_TO = """
In your editor: start `charwise lsp` as a language server for your files; README.md says how `charwise` comes onto the
PATH. Neovim 0.12:
    vim.lsp.config("charwise", { cmd = { "charwise", "lsp" }, root_markers = { ".git" } })
    vim.lsp.enable("charwise")
    vim.lsp.inline_completion.enable()
Any other client of LSP 3.18's inline completions starts it the same way. See docs/editors.md."""

# The trainer starts in seconds; on a busy machine it may take many times that.
_PATIENCE = 300.0

_SETTINGS = "[training]\nenabled = {enabled}\nminutes = {minutes}\nsettle_seconds = 1\ncpu_share = 1.0\nniceness = 5\n"


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.5, help="of the first training (1.5)")
    parser.add_argument("--again", type=float, default=0.3, help="minutes of training after the change (0.3)")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="charwise-demo-") as folder:
        os.environ["CHARWISE_HOME"] = str(Path(folder) / "home")
        project = Path(folder).resolve() / "project"
        try:
            _demo(project, options.minutes, options.again)
        finally:
            _charwise("daemon", "stop", quiet=True)
    print(f"\nThe demo took {time.monotonic() - began:.0f} s.\n{_HOW_TO}")


def _demo(project: Path, minutes: float, again: float) -> None:
    _title("1. A real project")
    hunks = _make_project(project)
    _settings(enabled=False, minutes=again)
    _charwise("workspace", "add", str(project))
    _title(f"2. Learning it, {minutes:g} minutes")
    _charwise("train", str(project), "--minutes", str(minutes), "--from", "none")  # the base model has read all this
    _title("3. Typing the lines that were taken out, in an editor")
    asyncio.run(_type_hunks(project, hunks))
    _title("4. A file changes, and is learned")
    _charwise("daemon", "stop", quiet=True)
    _settings(enabled=True, minutes=again)
    asyncio.run(_learn_a_change(project))


def _make_project(project: Path) -> list[tuple[Path, str, str, str]]:
    """Copy the slice and take hunks out of it; return (file, before, hunk, after)."""
    library, project_bytes, chance = Path(sysconfig.get_path("stdlib")), 0, random.Random(7)
    project.mkdir(parents=True)
    for source in sorted(library.glob("*.py")):
        size = source.stat().st_size
        if 2_000 < size < _LONGEST_FILE and project_bytes + size <= _PROJECT_BYTES:
            shutil.copy(source, project / source.name)
            project_bytes += size
    files = sorted(project.glob("*.py"))
    hunks = [_take_out(path, chance) for path in chance.sample(files, _HUNKS)]
    print(f"{len(files)} modules of the Python standard library, {project_bytes:,} bytes, in {project}")
    print(f"{_HUNKS} times {_HUNK_LINES} lines were taken out of it; nobody will have learned them when they are typed")
    return hunks


def _take_out(path: Path, chance: random.Random) -> tuple[Path, str, str, str]:
    """Remove lines of code from a file and return it with what stood before, what was removed, and what follows."""
    before, hunk, after = take_out(path.read_text("utf-8"), _HUNK_LINES, chance)
    path.write_text(before + after, "utf-8")
    return path, before, hunk, after


async def _type_hunks(project: Path, hunks: list[tuple[Path, str, str, str]]) -> None:
    total = Typed()
    async with Editor(project) as editor:
        await _wait_for_memory(project)
        for path, before, hunk, after in hunks:
            editor.open(path, before, after)
            await editor.suggestion()  # what an editor does when it opens a file: the first reads ahead
            typed = await editor.type(hunk)
            _report(path, hunk, typed)
            total.characters, total.keys = total.characters + typed.characters, total.keys + typed.keys
            total.shown, total.accepted = total.shown + typed.shown, total.accepted + typed.accepted
            total.milliseconds += typed.milliseconds
    times = sorted(total.milliseconds)
    accepted = len(total.accepted)
    p95 = times[int(0.95 * (len(times) - 1))]
    print(
        f"in all: {total.characters} characters with {total.keys} keys, {total.saved:.0%} of keystrokes saved; "
        f"{total.shown} suggestions shown, {accepted} accepted whole ({accepted / max(1, total.shown):.0%}); "
        f"an answer took {statistics.median(times):.1f} ms (p95 {p95:.1f} ms), through the language server"
    )


def _report(path: Path, hunk: str, typed: Typed) -> None:
    print(f"{path.name}: {typed.characters} characters, {typed.keys} keys, {typed.saved:.0%} saved")
    for line in hunk.rstrip("\n").split("\n"):
        print(f"    | {line}")
    for before, accepted in typed.accepted:
        print(f"      after {before[-30:]!r:34} offered and accepted {accepted!r}")


class Events:
    """What the daemon pushes, to be waited for."""

    def __init__(self) -> None:
        self._arrived = asyncio.Queue[dict[str, Any]]()

    async def __aenter__(self) -> Self:
        self.client = await AsyncClient.connect("charwise demo")
        self.client.on_notification = lambda _method, event: self._arrived.put_nowait(event)
        await self.client.request("subscribe")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    def forget(self) -> None:
        """Forget what has arrived so far."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def until(self, **wanted: str) -> None:
        """Return when an event with these values has arrived."""
        async with asyncio.timeout(_PATIENCE):
            while not wanted.items() <= (await self._arrived.get()).items():
                pass


async def _wait_for_memory(project: Path) -> None:
    """Return when the daemon has read the project, telling how long that took."""
    began = time.monotonic()
    async with Events() as events:
        known = {each["path"]: each.get("files", 0) for each in await events.client.request("workspace_list")}
        if not known.get(str(project)):
            await events.until(kind="memory")
    print(f"the memory of the project was there within {time.monotonic() - began:.1f} s")


async def _learn_a_change(project: Path) -> None:
    changed, other = project / "colorsys.py", project / "bisect.py"
    text = other.read_text("utf-8")
    async with Editor(project) as editor, Events() as events:
        await _wait_for_memory(project)
        editor.open(other, f"{text}\n{_TYPED_AFTER_CHANGE}", "\n")
        print(f"before: after {_TYPED_AFTER_CHANGE!r} it offers {await editor.suggestion(invoked=True)!r}")
        events.forget()
        began = time.monotonic()
        with changed.open("a", encoding="utf-8") as file:
            file.write(_CHANGE)
        print(
            f"{changed.name} gets a function reticulate_splines(spline_count, tolerance_in_millimetres), and is saved"
        )
        await events.until(kind="memory")
        offered = await editor.suggestion(invoked=True)
        print(f"after {time.monotonic() - began:.1f} s the memory has it: it offers {offered!r}")
        await events.until(kind="training", state="finished")
        offered = await editor.suggestion(invoked=True)
        print(f"after {time.monotonic() - began:.0f} s the LSTM has learned it too: it offers {offered!r}")
        _charwise("daemon", "status")


def _settings(*, enabled: bool, minutes: float) -> None:
    file = Path(os.environ["CHARWISE_HOME"]) / "config" / "settings.toml"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(_SETTINGS.format(enabled=str(enabled).lower(), minutes=minutes), "utf-8")


def _charwise(*arguments: str, quiet: bool = False) -> None:
    if not quiet:
        print(f"$ charwise {' '.join(arguments)}", flush=True)
    command = [sys.executable, "-m", "charwise", *arguments]
    subprocess.run(command, check=not quiet, stdout=subprocess.DEVNULL if quiet else None)


def _title(text: str) -> None:
    print(f"\n== {text} ".ljust(100, "="), flush=True)


if __name__ == "__main__":
    main()
