"""How fast and how large: steps, completions, memory, start, each against its budget. `make bench`.

Text and weights are real: the standard library's source, and a 2x512 LSTM that was trained on it for a moment. A table
for people, then one line of JSON. Figures of one run belong together; those of two runs on a busy machine do not.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from editor import Editor

from charwise_daemon.client import AsyncClient
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.protocol import Complete, Edit, Open, WorkspacePath
from charwise_daemon.store import Store, name_for
from charwise_trainer.corpus import discover, encode

# Budgets of the design, on two cores, medians: milliseconds, or megabytes.
_BUDGETS = {
    "LSTM step, 2x512, numpy": 0.3,
    "completion after a typed character, daemon": 5,
    "completion after a typed character, through LSP": 8,
    "completion after a jump in 1 MB": 60,
    "open 1 MB to first suggestion": 100,
    "memory of 1 MB ready, files read": 1000,
    "memory of 10 MB ready, files read": 10_000,
    "memory after a save": 100,
    "daemon start to first answer": 500,
    "daemon resident, MB": 120,
    "lsp start to initialized": 500,
    "lsp resident, MB": 60,
}
_TYPED = 'def describe(self, value):\n        """Return a description of the value."""\n        return self.'


def main() -> None:
    """Measure, print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=0.3, help="of training, for real weights (0.3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="charwise-speed-") as folder:
        os.environ["CHARWISE_HOME"] = str(Path(folder) / "home")
        settings = Path(folder) / "home" / "config" / "settings.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text("[training]\nenabled = false\n", "utf-8")
        try:
            seen = asyncio.run(_measure(Path(folder).resolve(), options.minutes))
        finally:
            subprocess.run([sys.executable, "-m", "charwise", "daemon", "stop"], check=False, stdout=subprocess.DEVNULL)
    print(f"{'':50} {'median':>10} {'p95':>10} {'budget':>10}")
    for name, values in seen.items():
        print(f"{name:50} {_median(values):10,.2f} {_p95(values):10,.2f} {_BUDGETS.get(name, float('nan')):10,.1f}")
    print(json.dumps({name: {"median": _median(values), "p95": _p95(values)} for name, values in seen.items()}))


async def _measure(folder: Path, minutes: float) -> dict[str, list[float]]:
    small, large = _project(folder / "small", 1_000_000), _project(folder / "large", 10_000_000)
    seen = dict[str, list[float]]()
    seen["memory of 1 MB ready, files read"] = [_time(lambda: _build(small)) for _ in range(3)]
    seen["memory of 10 MB ready, files read"] = [_time(lambda: _build(large))]
    command = [sys.executable, "-m", "charwise", "train", str(small), "--minutes", str(minutes)]
    subprocess.run([*command, "--layers", "2", "--width", "512"], check=True)  # noqa: ASYNC221 - nobody else waits
    seen["LSTM step, 2x512, numpy"] = _steps(small)
    began = time.perf_counter()
    client = await AsyncClient.connect("charwise bench")
    seen["daemon start to first answer"] = [1000 * (time.perf_counter() - began)]
    await _ready(client, small)
    await _daemon(client, small, seen)
    await _through_lsp(small, seen)
    pid = (await client.request("status"))["pid"]
    seen["daemon resident, MB"] = [_resident(pid)]
    await client.close()
    return seen


async def _daemon(client: AsyncClient, project: Path, seen: dict[str, list[float]]) -> None:
    text = b"".join(path.read_bytes() for path in sorted(project.glob("*.py")))[:1_000_000]  # noqa: ASYNC240 - as above
    path, middle = str(project / "new.py"), text.find(b"\n", len(text) // 2) + 1

    async def opened() -> None:
        client.notify("open", Open("large", text, 1, path))
        await client.request("complete", Complete("large", 1, middle, "invoked"))

    seen["open 1 MB to first suggestion"] = [await _timed(opened) for _ in range(5)]

    async def jumped(part: int) -> None:
        offset = text.find(b"\n", len(text) * part // 25) + 1
        await client.request("complete", Complete("large", 1, offset, "invoked"))

    seen["completion after a jump in 1 MB"] = [await _timed(lambda part=part: jumped(part)) for part in range(1, 24)]

    version, offset = 1, len(text)

    async def typed(character: bytes) -> None:
        nonlocal version, offset
        version += 1
        client.notify("edit", Edit("large", [[offset, offset, character]], version))
        offset += 1
        await client.request("complete", Complete("large", version, offset))

    await typed(b"\n")
    keys = [bytes([character]) for character in _TYPED.encode() * 3]
    seen["completion after a typed character, daemon"] = [await _timed(lambda key=key: typed(key)) for key in keys]

    ready = asyncio.Event()
    client.on_notification = lambda _method, event: ready.set() if event["kind"] == "memory" else None

    async def saved(number: int) -> None:
        ready.clear()
        (project / "saved.py").write_text(f"answer_{number} = {number}\n", "utf-8")
        await ready.wait()

    # The watcher waits for a tenth of a second of quiet before it believes that a change is over: not counted.
    seen["memory after a save"] = [await _timed(lambda n=n: saved(n)) - 100 for n in range(5)]


async def _through_lsp(project: Path, seen: dict[str, list[float]]) -> None:
    began = time.perf_counter()
    async with Editor(project) as editor:
        seen["lsp start to initialized"] = [1000 * (time.perf_counter() - began)]
        path = project / "argparse.py"
        editor.open(path, path.read_text("utf-8") + "\n\n", "")
        while not await editor.suggestion(invoked=True):
            editor.insert("self.")
        times = list[float]()
        for character in _TYPED * 3:
            editor.insert(character)
            times.append(await _timed(editor.suggestion))
        seen["completion after a typed character, through LSP"] = times
        seen["lsp resident, MB"] = [_resident(editor.pid)]


def _build(project: Path) -> None:
    CorpusMemory.build({file.name: encode(file) for file in discover(project).files})


def _steps(project: Path) -> list[float]:
    engine = Store(Path(os.environ["CHARWISE_HOME"]) / "data" / "models").load(name_for(project)).engine
    state = engine.start()
    times = list[float]()
    for character in _TYPED.encode() * 10:
        began = time.perf_counter()
        state = engine.step(state, character)
        engine.probabilities(state)
        times.append(1000 * (time.perf_counter() - began))
    return times


async def _ready(client: AsyncClient, project: Path) -> None:
    ready = asyncio.Event()
    client.on_notification = lambda _method, event: ready.set() if event["kind"] == "memory" else None
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    await ready.wait()


def _project(folder: Path, size: int) -> Path:
    """Copy modules of the standard library until they have this size, packages' modules among them."""
    folder.mkdir()
    for source in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if size <= 0:
            break
        if "site-packages" not in source.parts and "test" not in str(source) and source.stat().st_size < 200_000:
            target = folder / "_".join(source.parts[-2:]) if (folder / source.name).exists() else folder / source.name
            shutil.copy(source, target)
            size -= source.stat().st_size
    return folder


async def _timed(act: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await act()
    return 1000 * (time.perf_counter() - began)


def _time(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _median(values: list[float]) -> float:
    return round(statistics.median(values), 3)


def _p95(values: list[float]) -> float:
    return round(sorted(values)[int(0.95 * (len(values) - 1))], 3)


if __name__ == "__main__":
    main()
