"""What charwise takes of the machine: memory, start, reading a project, and what it does while nobody does anything.

Sizes are of the running daemon and language server, from outside; a megabyte is 10^6 bytes. RSS counts shared pages
whole, PSS divides them among those who share them, USS leaves them out.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

import costs
import psutil
from common import configure, daemon, home, install, measuring, options, stop_daemon
from editor import Editor
from layers import OnSocket
from material import draft, project
from processes import Resident, Work, is_paused, mapped, resident, trainer_of, until_computing
from report import (
    DAEMON_ANSWERS,
    DAEMON_RESIDENT,
    IDLE_CPU,
    LSP_READY,
    LSP_RESIDENT,
    MEMORY_1_MB,
    MEMORY_10_MB,
    MEMORY_SAVED,
    PAUSE_DELAY,
    Report,
    Row,
)
from typist import timed_keys

_MB = 1_000_000
# Seconds after which what a request or a reading left is freed, and what follows it is done.
_SETTLED = 3.0
_RESUMED = 30.0
# Documents that are typed in before a project's memory is measured, of which only what was used is resident.
_USED, _KEYS = 10, 60


def main() -> None:
    """Measure, print the tables and the JSON line."""
    parser = options(__doc__.splitlines()[0], starts=(10, "of each process"), idle=(60.0, "seconds of idleness"))
    parser.add_argument("--corpora", type=float, nargs="*", default=[1, 10, 50], help="megabytes")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.starts, chosen.idle, chosen.corpora = 3, 8.0, [1, 10]
    with measuring("footprint", chosen) as (report, folder, model):
        small = project(folder / "small", _MB)
        install(model, small)
        asyncio.run(_starts(report, folder, small, model, chosen.starts))
        asyncio.run(_idle(report, small, chosen.idle))
        asyncio.run(_corpora(report, folder, model, chosen.corpora))
        asyncio.run(_pauses(report, small, chosen.starts))


async def _starts(report: Report, folder: Path, small: Path, model: Path, count: int) -> None:
    """Start both processes over and over."""
    daemons = [await costs.start(folder / f"home{n}", small, model) for n in range(count)]
    async with daemon() as served:
        read = await served.use(small)
        servers = [await costs.start_lsp(small) for _ in range(count)]
        saved = await costs.saves(served, small, count)
    report.table(
        "start, with a 1 MB project and its model stored",
        [
            Row("daemon: start to hello", "ms", [each[0] for each in daemons]),
            Row("daemon: start to first answer", "ms", [each[1] for each in daemons], DAEMON_ANSWERS),
            Row("daemon: start to memory of the project ready", "ms", [each[2] for each in daemons]),
            Row("lsp: start to ready", "ms", [each[0] for each in servers], LSP_READY),
            Row("lsp: start to first answer", "ms", [each[1] for each in servers]),
            Row("memory ready, 1 MB", "ms", [read], MEMORY_1_MB),
            Row("memory after a save, as the user waits", "ms", saved),
            Row(
                "memory after a save and 0.1 s of quiet",
                "ms",
                [each - costs.QUIET_MILLISECONDS for each in saved],
                MEMORY_SAVED,
            ),
        ],
    )
    stop_daemon()


async def _idle(report: Report, small: Path, seconds: float) -> None:
    """Show what both processes are and do with a workspace and a document open, and nobody typing."""
    document = draft(small, 100_000)
    async with daemon() as served:
        await served.use(small)
        pid = await served.pid()
        at_first = resident(pid)
        async with Editor(small) as editor:
            editor.open(document.path, document.before, document.after)
            await editor.suggestion(invoked=True)
            await asyncio.sleep(_SETTLED)
            sizes = {"daemon": resident(pid), "lsp": resident(editor.pid)}
            before = {name: Work.of(each) for name, each in (("daemon", pid), ("lsp", editor.pid))}
            began = time.monotonic()
            await asyncio.sleep(seconds)
            passed = time.monotonic() - began
            after = {name: Work.of(each) for name, each in (("daemon", pid), ("lsp", editor.pid))}
    _show_resident(report, at_first, sizes)
    rows = []
    for name, then in before.items():
        now = after[name]
        rows.append(Row(f"{name}: of one core", "%", [100 * (now.cpu_seconds - then.cpu_seconds) / passed], IDLE_CPU))
        rows.append(Row(f"{name}: wake-ups per minute", "", [60 * (now.wake_ups - then.wake_ups) / passed]))
    report.table(f"idle for {passed:.0f} s, a workspace and a document open in both", rows)
    stop_daemon()


def _show_resident(report: Report, at_first: Resident, sizes: dict[str, Resident]) -> None:
    rows = [
        Row("daemon: RSS, 2x512 model and 1 MB project, nothing asked", "MB", [at_first.rss], DAEMON_RESIDENT),
        Row("daemon: RSS, a document of 100 kB open", "MB", [sizes["daemon"].rss], DAEMON_RESIDENT),
        Row("daemon: PSS", "MB", [sizes["daemon"].pss]),
        Row("daemon: USS", "MB", [sizes["daemon"].uss]),
        Row("lsp: RSS, the same document open", "MB", [sizes["lsp"].rss], LSP_RESIDENT),
        Row("lsp: PSS", "MB", [sizes["lsp"].pss]),
        Row("lsp: USS", "MB", [sizes["lsp"].uss]),
    ]
    report.table("resident", rows)


async def _corpora(report: Report, folder: Path, model: Path, megabytes: list[float]) -> None:
    """Show what a workspace of each size costs a daemon of its own."""
    budgets = {1: MEMORY_1_MB, 10: MEMORY_10_MB}
    ready, rows = list[Row](), list[list[Any]]()
    for size in megabytes:
        large = project(folder / f"corpus{size:g}", int(size * _MB))
        with home(folder / f"home-corpus{size:g}"):
            install(model, large)
            async with daemon() as served:
                pid = await served.pid()
                milliseconds = await served.use(large)
                for number in range(_USED):
                    await timed_keys(OnSocket(served.client), draft(large, 10_000, number), _KEYS)
                await asyncio.sleep(_SETTLED)
                full, index, status = resident(pid), mapped(pid), (await served.client.request("workspace_list"))[0]
            stop_daemon()
        ready.append(Row(f"memory ready, {size:g} MB", "ms", [milliseconds], budgets.get(int(size))))
        in_memory = status["characters"] / _MB
        more = (full.rss - rows[0][3]) / (in_memory - rows[0][1]) if rows else ""
        rows.append([size, in_memory, status["left_out"], full.rss, full.uss, more, index])
    report.table("reading a project", ready)
    columns = [
        "MB of files",
        "MB in memory",
        "files left out",
        "RSS, MB",
        "USS, MB",
        "RSS per further MB",
        "mapped, MB",
    ]
    report.grid(f"resident by corpus, after {_USED * _KEYS} keys", columns, rows)


async def _pauses(report: Report, small: Path, count: int) -> None:
    """Show how long the trainer goes on after a key."""
    configure(training=True)
    document, delays = draft(small, 10_000, 5), list[float]()
    async with daemon() as served:
        await served.use(small)
        await served.train(small)
        pid = await served.pid()
        editor = OnSocket(served.client)
        editor.open(document.path, document.before, document.after)
        for character in document.typed[:count]:
            if not await until_computing(pid, _RESUMED):
                break
            trainer, began = trainer_of(pid), time.perf_counter()
            editor.insert(character)
            await asyncio.sleep(0)  # the key is sent
            if trainer and await _stopped(trainer):
                delays.append(1000 * (time.perf_counter() - began))
            await editor.suggestion()
    report.table("the trainer gives way", [Row("from a key to the trainer standing still", "ms", delays, PAUSE_DELAY)])
    stop_daemon()


async def _stopped(trainer: psutil.Process) -> bool:
    """Return True when a process has stopped, False where it goes on for a second."""
    end = time.perf_counter() + 1.0
    while time.perf_counter() < end:
        if is_paused(trainer):
            return True
        await asyncio.sleep(0.0005)
    return False


if __name__ == "__main__":
    main()
