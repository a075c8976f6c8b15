"""What is paid once: reading a project, taking in a save, starting daemon and language server, a step of the LSTM."""

import time
from pathlib import Path

from common import Daemon, daemon, home, install, stop_daemon
from editor import Editor
from layers import OnSocket
from material import draft
from processes import Resident, resident

from charwise_daemon import paths
from charwise_daemon.engine import Engine
from charwise_daemon.store import Store, name_for

# The watcher waits for so much quiet before it believes that a change is over.
QUIET_MILLISECONDS = 100.0


def engine_of(project: Path) -> Engine:
    """Return the engine of the model stored for a project, on the kernel that the environment chooses."""
    return Store(paths.models_dir()).load(name_for(project)).engine


def steps(engine: Engine, text: bytes) -> list[float]:
    """Return the microseconds of each step, scores included."""
    state, times = engine.start(), list[float]()
    for character in text:
        began = time.perf_counter()
        state = engine.step(state, character)
        engine.logits(state)
        times.append(1e6 * (time.perf_counter() - began))
    return times[len(times) // 10 :]  # warm


async def saves(served: Daemon, project: Path, count: int) -> list[float]:
    """Return the milliseconds from each save of a file until the memory has it."""
    times, saved = list[float](), project / "saved.py"
    for number in range(count):
        served.forget()
        began = time.perf_counter()
        saved.write_text(f"answer_{number} = {number}\n" * 20, "utf-8")
        await served.until(kind="memory", workspace=str(project))
        times.append(1000 * (time.perf_counter() - began))
    return times


async def start(folder: Path, project: Path, model: Path) -> tuple[float, float, float]:
    """Start another daemon for a project that it knows.

    Returns:
        Milliseconds from nothing to its hello, to the first completion answered in a document of the project, and to
        the memory of the project.
    """
    with home(folder):
        install(model, project)
        document = draft(project, 10_000)
        began = time.perf_counter()
        try:
            async with daemon() as served:
                hello = time.perf_counter() - began
                editor = OnSocket(served.client)
                await served.add(project)
                editor.open(document.path, document.before, document.after)
                await editor.suggestion()
                answer = time.perf_counter() - began
                await served.until(kind="memory", workspace=str(project))
                return 1000 * hello, 1000 * answer, 1000 * (time.perf_counter() - began)
        finally:
            stop_daemon()


async def start_lsp(project: Path) -> tuple[float, float, Resident]:
    """Start a language server beside a running daemon; return milliseconds to ready and to an answer, and its size."""
    document, began = draft(project, 10_000), time.perf_counter()
    async with Editor(project) as editor:
        ready = time.perf_counter() - began
        editor.open(document.path, document.before, document.after)
        await editor.suggestion(invoked=True)
        return 1000 * ready, 1000 * (time.perf_counter() - began), resident(editor.pid)
