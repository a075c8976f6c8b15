"""From a keystroke to its suggestion: in the engine, through the daemon, through LSP; without and with training.

Real text is typed: lines that were taken out of the document, which neither project nor model has seen. Without
training the typist types as fast as answers come, with it 10 keys/s. The trainer is the daemon's own, on the same
workspace, with the default settings but for its length, so the daemon pauses it while somebody types; the engine alone
is measured beside a trainer that nobody pauses. Last, the design's budgets in one table, with training going on.
"""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any

import costs
import training
from common import LAYERS, WIDTH, configure, daemon, install, measuring, options, stop_daemon
from editor import Editor
from layers import InProcess, OnSocket, Typable
from material import draft, project, text
from processes import Watch, resident, until_computing
from report import (
    CHARACTERS_BF16,
    DAEMON_ANSWERS,
    DAEMON_RESIDENT,
    JUMP_1_MB,
    LSP_READY,
    LSP_RESIDENT,
    MEMORY_1_MB,
    MEMORY_10_MB,
    MEMORY_SAVED,
    OPEN_1_MB,
    STEP_KERNEL,
    STEP_NUMPY,
    TYPED_DAEMON,
    TYPED_LSP,
    Budget,
    Report,
    Row,
)
from typist import ALONG, FORESEEN, JUMPED, OPENED, PASTED, SEARCHED, UNDONE, Milliseconds, Typist

_SIZES = {1_000: "1 kB", 10_000: "10 kB", 100_000: "100 kB", 1_000_000: "1 MB"}
_LARGEST = 1_000_000
_ENGINE, _DAEMON, _LSP = "engine", "daemon", "LSP"
_ACTS = (SEARCHED, ALONG, OPENED, JUMPED, FORESEEN, UNDONE, PASTED)
# Seconds between two keys of a fast typist.
_PACE = 0.1
# The longest wait for a trainer that was paused to go on.
_RESUMED = 30.0
_FIRST = "first key after a pause"

Seen = defaultdict[tuple[str, int], Milliseconds]  # by layer and size of the document


def main() -> None:
    """Measure, print the tables and the JSON line."""
    chosen = options(
        __doc__.splitlines()[0],
        documents=(5, "of each size"),
        keys=(60, "typed in each"),
        jumps=(10, "in each, and as many after a focus"),
        firsts=(10, "keys after a pause"),
    ).parse_args()
    if chosen.quick:
        chosen.documents, chosen.keys, chosen.jumps, chosen.firsts = 1, 20, 4, 2
    with measuring("latency", chosen) as (report, folder, model):
        asyncio.run(_measure(report, folder, model, chosen))


async def _measure(report: Report, folder: Path, model: Path, chosen: Any) -> None:
    small = project(folder / "small", 1_000_000)
    install(model, small)
    sizes = [10_000, _LARGEST] if chosen.quick else list(_SIZES)
    for is_training in (False, True):
        configure(training=is_training)
        async with daemon() as served:
            await served.use(small)
            if is_training:
                await served.train(small)
            async with Watch(await served.pid()) as watch:
                seen = await _all_layers(served, small, sizes, chosen, is_training=is_training)
                firsts = await _firsts(served, small, chosen.firsts) if is_training else {}
            _show(report, seen, is_training)
            if is_training:
                report.say(str(watch))
                report.note(trainer=str(watch))
                await _budgets(report, served, folder, small, model, seen, firsts, chosen.quick)
        stop_daemon()


async def _all_layers(served: Any, small: Path, sizes: list[int], chosen: Any, *, is_training: bool) -> Seen:
    """Work in documents of all sizes in all layers, by turns; each turn begins while the trainer computes."""
    seen: Seen = defaultdict(lambda: defaultdict(list))
    pid = await served.pid()
    async with Editor(small) as editor:
        layers: dict[str, Typable] = {_ENGINE: InProcess.of(small), _DAEMON: OnSocket(served.client), _LSP: editor}
        for number in range(chosen.documents):
            for size in sizes:
                for name, layer in layers.items():
                    if is_training:
                        await until_computing(pid, _RESUMED)
                    typist = Typist(layer, small, _PACE if is_training else 0.0)
                    await typist.work(size, number, chosen.keys, chosen.jumps)
                    for what, values in typist.noted.items():
                        seen[name, size][what] += values
    return seen


async def _firsts(served: Any, small: Path, count: int) -> dict[str, list[float]]:
    """Return what a key costs that comes while the trainer computes, and makes the daemon pause it."""
    found = dict[str, list[float]]()
    pid, document = await served.pid(), draft(small, 100_000, 99)
    async with Editor(small) as editor:
        layers: dict[str, Typable] = {_DAEMON: OnSocket(served.client), _LSP: editor}
        for name, layer in layers.items():
            typist = Typist(layer, small)
            layer.open(document.path, document.before, document.after)
            await layer.suggestion()  # the document is known: only the pause is new
            for character in document.typed[:count]:
                if await until_computing(pid, _RESUMED):
                    await typist.key(_FIRST, character)
            found[name] = typist.noted[_FIRST]
            layer.close()
    return found


def _show(report: Report, seen: Seen, is_training: bool) -> None:
    with_or_without = "with training" if is_training else "without training"
    for layer in (_ENGINE, _DAEMON, _LSP):
        rows = [
            Row(f"{what}, {_SIZES[size]}", "ms", noted[what], _budget(layer, what, size))
            for what in _ACTS
            for (name, size), noted in seen.items()
            if name == layer and noted[what]
        ]
        report.table(f"{layer}, {with_or_without}", rows)


def _budget(layer: str, what: str, size: int) -> Budget | None:
    if what in {SEARCHED, ALONG}:
        return {_DAEMON: TYPED_DAEMON, _LSP: TYPED_LSP}.get(layer)
    if layer == _DAEMON and size == _LARGEST:
        return {JUMPED: JUMP_1_MB, OPENED: OPEN_1_MB}.get(what)
    return None


async def _budgets(
    report: Report, served: Any, folder: Path, small: Path, model: Path, seen: Seen, firsts: Any, quick: bool
) -> None:
    """Show every row of the design's budgets, with the trainer computing in the background."""
    engine, pid = costs.engine_of(small), await served.pid()
    large = project(folder / "large", 10_000_000)
    in_daemon = resident(pid).rss
    other, repeats = project(folder / "other", 1_000_000), 2 if quick else 5
    read = [await served.use(project(folder / f"small{n}", 1_000_000)) for n in range(repeats)]
    read_large = [await served.use(large)]
    saved = [each - costs.QUIET_MILLISECONDS for each in await costs.saves(served, small, repeats)]
    starts = [await costs.start(folder / f"home{n}", other, model) for n in range(repeats)]
    lsp = [await costs.start_lsp(small) for _ in range(repeats)]
    await until_computing(pid, _RESUMED)
    times = costs.steps(engine, text(3_000).encode())
    rows = [
        Row(f"step {LAYERS}x{WIDTH}, {engine}", "µs", times, STEP_NUMPY if "numpy" in repr(engine) else STEP_KERNEL),
        *_typed_rows(seen, _DAEMON, TYPED_DAEMON, firsts),
        *_typed_rows(seen, _LSP, TYPED_LSP, firsts),
        Row("jump in 1 MB, daemon", "ms", seen[_DAEMON, _LARGEST][JUMPED], JUMP_1_MB),
        Row("open 1 MB to first suggestion, daemon", "ms", seen[_DAEMON, _LARGEST][OPENED], OPEN_1_MB),
        Row("memory ready, 1 MB", "ms", read, MEMORY_1_MB),
        Row("memory ready, 10 MB", "ms", read_large, MEMORY_10_MB),
        Row("memory after a save (after 0.1 s of quiet)", "ms", saved, MEMORY_SAVED),
        Row("daemon start to hello", "ms", [each[0] for each in starts]),
        Row("daemon start to first answer", "ms", [each[1] for each in starts], DAEMON_ANSWERS),
        Row("daemon resident, 1 MB project, documents of this run", "MB", [in_daemon], DAEMON_RESIDENT),
        Row("lsp start to ready", "ms", [each[0] for each in lsp], LSP_READY),
        Row("lsp resident", "MB", [each[2].rss for each in lsp], LSP_RESIDENT),
    ]
    stop_daemon()
    rates = training.speed(LAYERS, WIDTH, "bf16", 2 if quick else 15)
    rows.append(Row(f"training {LAYERS}x{WIDTH} in bf16, alone", "char/s", rates, CHARACTERS_BF16))
    report.table("budgets of the design, with training", rows)


def _typed_rows(seen: Seen, layer: str, budget: Budget, firsts: Any) -> list[Row]:
    noted = [values for (name, _), values in seen.items() if name == layer]
    searched, along = ([each for values in noted for each in values[what]] for what in (SEARCHED, ALONG))
    return [
        Row(f"typed, {layer}: all keys", "ms", searched + along, budget),
        Row(f"typed, {layer}: new searches", "ms", searched, budget),
        Row(f"typed, {layer}: {_FIRST}", "ms", firsts[layer], budget),
    ]


if __name__ == "__main__":
    main()
