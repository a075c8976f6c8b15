"""What the benchmarks share: their options, a CHARWISE_HOME of their own, a model really trained, the daemon."""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import platformdirs
import psutil
from material import project
from report import Report

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.protocol import WorkspacePath
from charwise_daemon.store import name_for
from charwise_trainer import checkpoint

# The model that budgets speak of.
LAYERS, WIDTH = 2, 512
# Of a megabyte, so that the model is as good on every machine: a minute on two cores, once, as it is kept. One that was
# trained for less hardly knows what a word is, and the searches end where it doubts.
_EPOCHS = 0.5
# Memory, model and trainer come within seconds; on a busy machine it takes many times that.
PATIENCE = 300.0

_OFF = "[training]\nenabled = false\n"
_ON = "[training]\nenabled = true\nfirst_minutes = {0}\nminutes = {0}\n"


def options(about: str, **further: tuple[float, str]) -> argparse.ArgumentParser:
    """Return the parser of the options that all benchmarks have, and of numbers: name=(default, help)."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="about a minute, on fewer samples")
    parser.add_argument("--kernel", default="auto", help="auto, or one that this processor runs, or numpy")
    parser.add_argument("--models", type=Path, default=_cache(), help="where the trained model is kept")
    parser.add_argument("--epochs", type=float, default=_EPOCHS, help="of its training, if none is kept")
    for name, (default, what) in further.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=what)
    return parser


def one_thread() -> None:
    """Let numpy compute with one thread, as the daemon does; it reads that when it is imported, so start again."""
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])


@contextlib.contextmanager
def workplace(kernel: str = "auto") -> Iterator[Path]:
    """Yield a folder that is removed at the end, with a CHARWISE_HOME in it whose daemon is stopped then."""
    with tempfile.TemporaryDirectory(prefix="charwise-bench-") as name:
        folder = Path(name).resolve()
        os.environ["CHARWISE_HOME"], os.environ["CHARWISE_KERNEL"] = str(folder / "home"), kernel
        configure(training=False)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an end like others, so that no daemon is left behind
        try:
            yield folder
        finally:
            stop_daemon()


@contextlib.contextmanager
def measuring(name: str, chosen: argparse.Namespace, model: Path | None = None) -> Iterator[tuple[Report, Path, Path]]:
    """Yield a report, which is ended at the end, a workplace and the trained model."""
    one_thread()
    report = Report(name, vars(chosen))
    model = model or trained(chosen.models, chosen.epochs)
    with workplace(chosen.kernel) as folder:
        yield report, folder, model
    report.end()


def configure(*, training: bool, minutes: float = 60.0) -> None:
    """Write settings.toml: all as by default, but no training at all, or one that lasts."""
    file = paths.settings_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(_ON.format(minutes) if training else _OFF, "utf-8")


def stop_daemon() -> None:
    """Stop the daemon of the current CHARWISE_HOME, where one runs; return when it and its trainer are gone."""
    processes = list[psutil.Process]()
    with contextlib.suppress(OSError, psutil.NoSuchProcess):  # none runs, or it has just ended
        running = psutil.Process(json.loads(paths.status_file().read_text("utf-8"))["pid"])
        processes = [running, *running.children()]
    charwise("daemon", "stop", check=False)
    psutil.wait_procs(processes, PATIENCE)  # on a busy machine a trainer of lowest priority takes its time to save


def charwise(*arguments: str, check: bool = True) -> None:
    """Run a `charwise` command, in silence."""
    command = [sys.executable, "-m", "charwise", *arguments]
    subprocess.run(command, check=check, stdout=subprocess.DEVNULL, stderr=None if check else subprocess.DEVNULL)


# --- model ---------------------------------------------------------------------------------------
def _cache() -> Path:
    return platformdirs.user_cache_path("charwise", appauthor=False) / "bench"


def _project(folder: Path) -> Path:
    return project(folder / "project", 1_000_000)


def trained(
    models: Path,
    epochs: float,
    layers: int = LAYERS,
    width: int = WIDTH,
    text: Callable[[Path], Path] = _project,
    name: str = "",
) -> Path:
    """Return a folder with a model really trained on a megabyte of real text, training it where none is kept.

    Other text, by this name, is what a function writes below a folder; it returns where.
    """
    kept = models / f"{name}{layers}x{width}-{epochs:g}"
    if not kept.exists():
        print(f"training a {layers}x{width} model, {epochs:g} times its text; kept in {kept}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="charwise-bench-") as folder, home(Path(folder) / "home"):
            learned = text(Path(folder).resolve())
            size = ["--layers", str(layers), "--width", str(width), "--dropout", "0"]
            charwise("train", str(learned), "--epochs", str(epochs), *size)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(paths.models_dir() / name_for(learned), kept)
    return kept


def install(model: Path, workspace: Path) -> None:
    """Make a trained model that of a workspace, in the current CHARWISE_HOME."""
    target = paths.models_dir() / name_for(workspace)
    if not target.exists():
        shutil.copytree(model, target)


def weights(model: Path) -> checkpoint.Checkpoint:
    """Return a trained model's weights."""
    found = checkpoint.best(model)
    assert found
    return checkpoint.load(found)


@contextlib.contextmanager
def home(folder: Path) -> Iterator[None]:
    """Make this folder the CHARWISE_HOME for a while."""
    before = os.environ.pop("CHARWISE_HOME", None)
    os.environ["CHARWISE_HOME"] = str(folder)
    try:
        configure(training=False)
        yield
    finally:
        del os.environ["CHARWISE_HOME"]
        os.environ |= {"CHARWISE_HOME": before} if before else {}


# --- daemon --------------------------------------------------------------------------------------
class Daemon:
    """A connection that keeps workspaces in use, and hears what the daemon tells."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self._heard = asyncio.Queue[dict[str, Any]]()
        client.on_notification = lambda _method, event: self._heard.put_nowait(event)

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Return the next event that has these values."""
        async with asyncio.timeout(PATIENCE):
            while not wanted.items() <= (event := await self._heard.get()).items():
                pass
        return event

    def forget(self) -> None:
        """Forget what was heard so far."""
        while not self._heard.empty():
            self._heard.get_nowait()

    async def add(self, workspace: Path) -> None:
        """Have the daemon use a workspace, whose memory is not there yet."""
        await self.client.request("workspace_add", WorkspacePath(str(workspace)))

    async def use(self, workspace: Path) -> float:
        """Use a workspace; return the milliseconds until the daemon has its memory."""
        began = time.perf_counter()
        await self.add(workspace)
        await self.until(kind="memory", workspace=str(workspace))
        return 1000 * (time.perf_counter() - began)

    async def train(self, workspace: Path) -> None:
        """Have the daemon's own trainer learn a workspace, and return when it does."""
        self.forget()
        await self.client.request("train", WorkspacePath(str(workspace)))
        await self.until(kind="training", state="progress")

    async def pid(self) -> int:
        """Return the daemon's process id."""
        return int((await self.client.request("status"))["pid"])


@contextlib.asynccontextmanager
async def daemon() -> AsyncIterator[Daemon]:
    """Connect to the daemon, starting it where none runs."""
    client = await AsyncClient.connect("charwise bench")
    try:
        found = Daemon(client)
        await client.request("subscribe")
        yield found
    finally:
        await client.close()
