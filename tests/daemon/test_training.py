"""The daemon trains by itself: started, paused, continued, ended, and never in the way of a foreground trainer."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.protocol import Edit, Open, Pause, WorkspacePath
from charwise_daemon.store import Store, name_for
from charwise_trainer import checkpoint
from tests.conftest import configure, wait_for_end
from tests.daemon.trainers import (
    EAGER,
    Told,
    children_that_train,
    session_niceness,
    state_of,
    trainer_pid,
    until_so,
    until_stopped,
)

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]


class Watched(Told):
    """A client that waits for what the daemon tells of training."""

    def __init__(self, client: AsyncClient) -> None:
        super().__init__()
        self.client = client
        client.on_notification = lambda _, event: self.take(event)

    async def status(self) -> dict[str, Any]:
        """Return what the daemon says of training when asked."""
        status: dict[str, Any] = (await self.client.request("status"))["training"]
        return status


@pytest.fixture
async def watched(home: Path, project: Path) -> AsyncIterator[Watched]:
    """A daemon that is about to train the project for a long time."""
    assert home
    configure(EAGER.format(minutes=5, niceness=5))
    client = await AsyncClient.connect("test")
    watched = Watched(client)
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    yield watched
    await client.close()


async def test_trains_pauses_resumes_and_ends(watched: Watched, project: Path) -> None:
    """A new workspace is trained; a pause stops it at once; the daemon's end saves it."""
    await watched.until("progress")
    pid = trainer_pid()

    await watched.client.request("pause", Pause())
    assert (await watched.until("paused"))["message"] == "paused by you"
    await until_stopped(pid)
    status = await watched.status()
    assert (status["state"], status["message"]) == ("paused", "paused by you")

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


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux' priorities")
async def test_trainer_gives_way(home: Path, project: Path) -> None:
    """The trainer gets processor and disk when nobody else wants them, in a session of its own that is as nice."""
    assert home
    configure(EAGER.format(minutes=5, niceness=19))
    client = await AsyncClient.connect("test")
    await client.request("workspace_add", WorkspacePath(str(project)))
    daemon = (await client.request("status"))["pid"]
    await until_so(lambda: bool(children_that_train(daemon)))
    [trainer] = children_that_train(daemon)
    await until_so(lambda: trainer.ionice().ioclass == psutil.IOPRIO_CLASS_IDLE)  # the last of the steps
    assert trainer.nice() == 19
    assert os.sched_getscheduler(trainer.pid) == os.SCHED_IDLE
    assert os.getsid(trainer.pid) == trainer.pid
    assert session_niceness(trainer.pid) in {19, None}
    assert "OMP_NUM_THREADS" not in trainer.environ()  # the daemon's, which would keep torch to one thread
    await client.close()


async def test_pauses_while_the_user_types(watched: Watched) -> None:
    """An edit stops the trainer at once; it stays stopped while there are more, and goes on when there are none."""
    await watched.until("progress")
    pid, version = trainer_pid(), 1
    watched.client.notify("open", Open("d", b"", version))
    while state_of(pid) != "T":
        version += 1
        watched.client.notify("edit", Edit("d", [[0, 0, b"x"]], version))
        await asyncio.sleep(0.01)
    paused = await watched.until("paused")
    assert paused["message"] == "paused while you type"
    await watched.until("resumed")
    assert (await watched.until("progress"))["message"] == ""
    assert (await watched.status())["state"] == "training"


async def test_paused_and_told_to_end(watched: Watched, project: Path) -> None:
    """A paused trainer ends with its daemon too, and saves what it had learned."""
    await watched.until("progress")
    pid = trainer_pid()
    await watched.client.request("pause", Pause())
    await watched.until("paused")
    await watched.client.request("shutdown")
    await asyncio.to_thread(wait_for_end, pid)
    assert Store(paths.models_dir()).names() == [name_for(project)]


@pytest.mark.parametrize("is_paused", [False, True])
async def test_trainer_outlives_nobody(watched: Watched, project: Path, is_paused: bool) -> None:
    """When the daemon is killed, its trainer saves and ends by itself, a paused one too."""
    await watched.until("progress")
    pid, daemon = trainer_pid(), (await watched.client.request("status"))["pid"]
    if is_paused:
        await watched.client.request("pause", Pause())
        await until_stopped(pid)
    os.kill(daemon, signal.SIGKILL)
    await asyncio.to_thread(wait_for_end, pid)
    assert Store(paths.models_dir()).load(name_for(project)).meta.step > 0


async def test_killed_trainer(watched: Watched) -> None:
    """A trainer that is killed is told of, and the daemon tries again later, not at once."""
    await watched.until("progress")
    os.kill(trainer_pid(), signal.SIGKILL)
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
    configure(EAGER.format(minutes=0.05, niceness=5))
    client = await AsyncClient.connect("test")
    watched = Watched(client)
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    finished = await watched.until("finished")
    assert finished["message"] == ""
    assert watched.told[0] == "started"
    assert "saved" in watched.told
    status = await client.request("status")
    assert status["training"] == {"state": "idle", "workspace": None, "message": ""}
    [workspace] = status["workspaces"]
    assert workspace["changed"] == 0
    assert "Engine(lstm" in workspace["predictor"]
    assert Store(paths.models_dir()).load(workspace["model"]).meta.finished
    await client.close()


@pytest.mark.parametrize("is_worse", [False, True])
async def test_learns_a_save(home: Path, project: Path, is_worse: bool) -> None:
    """After a save it trains for seconds, not minutes; what is worse on held-out text than what is served is not."""
    assert home
    await _learn(project)
    directory = Store(paths.models_dir()).directory(name_for(project))
    served = checkpoint.best(directory)
    assert served
    _claim(served, 0.1 if is_worse else 9.0)
    configure(EAGER.format(minutes=5, niceness=5))
    client = await AsyncClient.connect("test")
    watched = Watched(client)
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    with (project / "textwrap.py").open("a") as file:
        file.write("\nquokka_total = quokka_total + 1\n")
    await watched.until("finished")
    last = checkpoint.last(directory)
    assert last
    assert checkpoint.read_meta(last).step > checkpoint.read_meta(served).step
    assert checkpoint.best(directory) == (served if is_worse else last)
    [workspace] = (await client.request("status"))["workspaces"]
    assert workspace["step"] == checkpoint.read_meta(served if is_worse else last).step
    assert workspace["changed"] == 0
    await client.close()


async def _learn(project: Path) -> None:
    """Train the project in the foreground, without a daemon."""
    size = ["--epochs", "2", "--layers", "1", "--width", "32", "--threads", "1"]
    command = [sys.executable, "-m", "charwise", "train", str(project), *size]
    training = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    assert await training.wait() == 0


def _claim(served: Path, bits: float) -> None:
    """Have a checkpoint say that each piece of held-out text costs it so many bits per character."""
    file = served / "meta.json"
    meta = json.loads(file.read_text())
    assert meta["held_out"]
    file.write_text(json.dumps(meta | {"held_out": dict.fromkeys(meta["held_out"], bits)}))
