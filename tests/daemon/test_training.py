"""The daemon trains by itself: started, paused, continued, ended, and never in the way of a foreground trainer."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.protocol import Pause, WorkspacePath
from charwise_daemon.store import Store, name_for
from charwise_trainer.lock import LOCK
from tests.conftest import configure, wait_for_end

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]

_EAGER = (
    "[training]\nfirst_minutes = {minutes}\nminutes = {minutes}\nsettle_seconds = 0\n"
    "cpu_share = 1.0\nniceness = 5\nthreads = 1\n"
)


class Watched:
    """A client that waits for what the daemon tells of training."""

    def __init__(self, client: AsyncClient) -> None:
        self.client, self.told = client, list[str]()
        self._arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        client.on_notification = lambda _, event: self._arrived.put_nowait(event)

    async def until(self, state: str) -> dict[str, Any]:
        """Return the next event of this state."""
        while True:
            event = await self._arrived.get()
            if event["kind"] == "training":
                self.told.append(event["state"])
                if event["state"] == state:
                    return event


@pytest.fixture
async def watched(home: Path, project: Path) -> AsyncIterator[Watched]:
    """A daemon that is about to train the project for a long time."""
    assert home
    configure(_EAGER.format(minutes=5))
    client = await AsyncClient.connect("test")
    watched = Watched(client)
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    yield watched
    await client.close()


def _trainer() -> int:
    """Return the process id of the trainer."""
    [file] = paths.models_dir().glob(f"*/{LOCK}")
    return int(file.read_text())


def _state(pid: int) -> str:
    """Return the process's state as the system has it: R, S, T (stopped) and so on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_trains_pauses_resumes_and_ends(watched: Watched, project: Path) -> None:
    """A new workspace is trained at the priority that was set; a pause stops it at once; the daemon's end saves it."""
    await watched.until("progress")
    pid = _trainer()
    assert os.getpriority(os.PRIO_PROCESS, pid) == 5

    await watched.client.request("pause", Pause())
    await watched.until("paused")
    while _state(pid) != "T":  # noqa: ASYNC110 - a signal takes effect when the system gets to it
        await asyncio.sleep(0)
    assert (await watched.client.request("status"))["training"]["state"] == "paused"

    await watched.client.request("resume")
    await watched.until("resumed")
    await watched.until("progress")
    await watched.client.request("pause", Pause(0.05))
    await watched.until("paused")
    await watched.until("resumed")

    daemon = (await watched.client.request("status"))["pid"]
    os.kill(daemon, signal.SIGTERM)
    await asyncio.to_thread(wait_for_end, daemon)
    await asyncio.to_thread(wait_for_end, pid)
    assert Store(paths.models_dir()).load(name_for(project)).meta.step > 0


async def test_paused_and_told_to_end(watched: Watched, project: Path) -> None:
    """A paused trainer ends with its daemon too, and saves what it had learned."""
    await watched.until("progress")
    pid = _trainer()
    await watched.client.request("pause", Pause())
    await watched.until("paused")
    await watched.client.request("shutdown")
    await asyncio.to_thread(wait_for_end, pid)
    assert Store(paths.models_dir()).names() == [name_for(project)]


async def test_trainer_outlives_nobody(watched: Watched, project: Path) -> None:
    """When the daemon is killed, its trainer saves and ends by itself."""
    await watched.until("progress")
    pid, daemon = _trainer(), (await watched.client.request("status"))["pid"]
    os.kill(daemon, signal.SIGKILL)
    await asyncio.to_thread(wait_for_end, pid)
    assert Store(paths.models_dir()).load(name_for(project)).meta.step > 0


async def test_killed_trainer(watched: Watched) -> None:
    """A trainer that is killed is told of, and the daemon tries again later, not at once."""
    await watched.until("progress")
    os.kill(_trainer(), signal.SIGKILL)
    failed = await watched.until("failed")
    assert "SIGKILL" in failed["message"]
    status = await watched.client.request("status")
    assert status["training"]["state"] == "idle"
    assert "SIGKILL" in status["workspaces"][0]["error"]


async def test_foreground_goes_first(watched: Watched, project: Path) -> None:
    """`charwise train` gets the model from the daemon's trainer, which saves first; the daemon serves the result."""
    await watched.until("progress")
    command = [sys.executable, "-m", "charwise", "train", str(project), "--epochs", "1", "--threads", "1"]
    training = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await training.communicate()
    assert training.returncode == 0, err.decode()
    assert b"continuing from step" in out
    status = (await watched.client.request("status"))["workspaces"][0]
    assert status["step"] == Store(paths.models_dir()).meta(name_for(project)).step


async def test_learns_a_new_workspace_to_the_end(home: Path, project: Path) -> None:
    """A short training runs to its end, its gate is fitted, and nothing more is done when nothing changes."""
    assert home
    configure(_EAGER.format(minutes=0.05))
    client = await AsyncClient.connect("test")
    watched = Watched(client)
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    finished = await watched.until("finished")
    assert finished["message"] == ""
    assert watched.told[0] == "started"
    assert "saved" in watched.told
    status = await client.request("status")
    assert status["training"] == {"state": "idle", "workspace": None}
    [workspace] = status["workspaces"]
    assert workspace["changed"] == 0
    assert "fitted gate" in workspace["predictor"]
    await client.close()
