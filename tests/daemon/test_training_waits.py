"""What keeps a trainer from computing: the battery and typing. In this process, which can be told of a battery."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from charwise_daemon import paths
from charwise_daemon.models import Models
from charwise_daemon.settings import CorpusSettings, TrainingSettings
from charwise_daemon.store import Store, name_for
from charwise_daemon.training import Training
from charwise_daemon.workspaces import Workspaces
from tests.conftest import configure
from tests.daemon.trainers import EAGER, Told, trainer_pid, until_stopped

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]


class Power:
    """A plug to pull."""

    def __init__(self) -> None:
        self.is_unplugged, self.asked = False, 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.is_unplugged


class Trained(Told):
    """A workspace that is about to be trained in this process, at the mains or not."""

    def __init__(self, project: Path) -> None:
        super().__init__()
        self.power = Power()
        self._ready = asyncio.Event()
        models = Models(Store(paths.models_dir()))
        self.workspaces = Workspaces(
            paths.workspaces_file(), models, CorpusSettings(), lambda _event: None, self._ready.set
        )
        settings = TrainingSettings(first_minutes=5, settle_seconds=0, resume_seconds=0.2)
        self.training = Training(lambda: self.workspaces, settings, self.take, self.power)
        self.workspaces.add(project, self)

    async def consider(self) -> str:
        """Decide, when the workspace has been read; return why nothing is trained."""
        await self._ready.wait()
        self.training.consider()
        return str(self.training.status()["message"])


@pytest.fixture
async def trained(home: Path, project: Path) -> AsyncIterator[Trained]:
    assert home
    configure(EAGER.format(minutes=5, niceness=5))
    trained = Trained(project)
    yield trained
    trained.training.close()
    await trained.training.stop()
    await trained.workspaces.close()


async def test_waits_for_the_mains(trained: Trained) -> None:
    """Nothing is trained on battery; a trainer that runs when the plug is pulled waits for the mains."""
    trained.power.is_unplugged = True
    assert await trained.consider() == "paused on battery"
    assert not trained.training.is_training
    trained.power.is_unplugged = False
    assert await trained.consider() == ""
    await trained.until("progress")

    trained.power.is_unplugged = True
    assert await trained.consider() == "paused on battery"
    await until_stopped(trainer_pid())
    assert (await trained.until("paused"))["message"] == "paused on battery"
    trained.training.pause(0)
    assert (await trained.until("paused"))["message"] == "paused by you"
    trained.training.resume()
    assert (await trained.until("paused"))["message"] == "paused on battery"
    trained.power.is_unplugged = False
    assert await trained.consider() == ""
    await trained.until("resumed")
    await trained.until("progress")


async def test_progress_asks_for_the_mains(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pulls the plug while a trainer runs need do nothing more: its own progress finds out."""
    monkeypatch.setattr("charwise_daemon.training._ASK_SECONDS", 0.0)
    assert await trained.consider() == ""
    await trained.until("progress")
    trained.power.is_unplugged = True
    assert (await trained.until("paused"))["message"] == "paused on battery"


async def test_battery_is_not_asked_in_vain(trained: Trained) -> None:
    """A keystroke asks no battery, and where nothing is to be trained it is not asked at all."""
    await trained.consider()
    await trained.until("started")
    asked = trained.power.asked
    trained.training.user_typed()
    trained.training.user_typed()
    assert (await trained.until("paused"))["message"] == "paused while you type"
    assert trained.power.asked == asked
    await trained.training.stop()
    await trained.workspaces.close()
    asked = trained.power.asked
    assert await trained.consider() == ""
    assert trained.power.asked == asked


async def test_does_not_start_while_the_user_types(trained: Trained) -> None:
    """A training that is due waits until nobody has typed for a while, then starts by itself."""
    trained.training.user_typed()
    assert await trained.consider() in {"paused while you type", ""}  # reading the files may have taken longer
    await trained.until("started")


async def test_typing_does_not_stop_a_trainer_that_ends(trained: Trained, project: Path) -> None:
    """A trainer that was told to end saves, and ends, while the user types on."""
    await trained.consider()
    await trained.until("progress")
    ending = asyncio.create_task(trained.training.stop())
    while not ending.done():
        trained.training.user_typed()
        await asyncio.sleep(0.01)
    finished = await trained.until("finished")
    assert finished["message"] == ""
    assert Store(paths.models_dir()).load(name_for(project)).meta.step > 0
