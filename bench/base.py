"""The base model on this machine: how soon it has a say in a fresh folder, and what models of other sizes would cost.

The first suggestion is asked for as an editor does it, from no daemon at all, in a folder that nothing was learned
from, so that only the base model can know what comes next. A completion is 64 steps of the engine alone; its weights
are drawn by chance where only their number matters. One line of JSON last.
"""

import asyncio
import time
from pathlib import Path

import numpy as np
from common import one_thread, options, workplace
from report import Budget, Report, Row

from charwise_daemon.client import AsyncClient, completion_of
from charwise_daemon.engine import engine_of
from charwise_daemon.protocol import Complete, Open, WorkspacePath
from charwise_trainer import base
from charwise_trainer.config import ModelConfig

_SIZES = ((1, 512), (1, 768), (1, 1024), (2, 512), (2, 640), (2, 768), (3, 512), (2, 1024))
_COMPLETION = 64
_TEXT = b"module.expo"
_PATIENCE = 30.0


def main() -> None:
    """Measure, print the tables and the JSON line."""
    parser = options((__doc__ or "").splitlines()[0], starts=(10, "of the daemon"), rounds=(40, "turns of each size"))
    chosen = parser.parse_args()
    one_thread()
    report = Report("base", vars(chosen))
    starts = [_first_suggestion(chosen.kernel) for _ in range(3 if chosen.quick else chosen.starts)]
    row = Row("from no daemon to the first suggestion", "ms", starts, Budget(2_000.0))
    report.table(f"a fresh folder, base model {base.load().meta.config.label}", [row])
    rows = []
    for layers, width in _SIZES:
        model = ModelConfig(layers=layers, width=width)
        times = _completions(model, 8 if chosen.quick else chosen.rounds)
        median, p95 = (float(each) for each in np.percentile(times, [50, 95]))
        rows.append([model.label, model.parameters, 1000 * median / _COMPLETION, median, p95, 2e-6 * model.parameters])
    columns = ["model", "parameters", "us a step", "ms of 64 characters", "p95", "MB shipped"]
    report.grid("what a size costs", columns, rows)
    report.end()


def _first_suggestion(kernel: str) -> float:
    """Return the milliseconds from no daemon to a suggestion in a folder that is not known."""
    with workplace(kernel) as folder:
        project = folder / "fresh"
        project.mkdir()
        file = project / "main.js"
        file.write_bytes(_TEXT)
        began = time.perf_counter()
        asyncio.run(asyncio.wait_for(_until_suggested(project, file), _PATIENCE))
        took = time.perf_counter() - began
    return 1000 * took


async def _until_suggested(project: Path, file: Path) -> None:
    client = await AsyncClient.connect("charwise bench")
    try:
        await client.request("workspace_add", WorkspacePath(str(project)))
        await client.request("open", Open("d", _TEXT, 1, str(file)))
        asked = Complete("d", 1, len(_TEXT), trigger="invoked")
        while not completion_of(await client.request("complete", asked)).suggestions:  # noqa: ASYNC110 - it is polled
            await asyncio.sleep(0.005)  # as a typist's next key, only sooner
    finally:
        await client.close()


def _completions(model: ModelConfig, rounds: int) -> list[float]:
    """Return the milliseconds of completions by a model of this size, after a warm one."""
    rng = np.random.default_rng(0)
    weights = {name: rng.uniform(-0.05, 0.05, shape).astype(np.float32) for name, shape in model.shapes.items()}
    engine = engine_of(model.to_dict(), weights)
    times = []
    for _ in range(rounds + 1):
        state, began = engine.start(), time.perf_counter()
        for character in range(_COMPLETION):
            state, _ = engine.advance(state, character)
        times.append(1000 * (time.perf_counter() - began))
    return times[1:]


if __name__ == "__main__":
    main()
