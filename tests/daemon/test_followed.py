"""settings.toml as it changes, of a daemon that runs."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient, completion_of
from charwise_daemon.protocol import Complete, Open, WorkspacePath
from tests.conftest import MODULES, QUIET, configure
from tests.daemon.texts import SPLINES
from tests.daemon.trainers import EAGER

pytestmark = pytest.mark.usefixtures("home")


class Telling:
    """A client of a daemon, which is told what is wrong with the settings."""

    def __init__(self, client: AsyncClient) -> None:
        self.client, self._messages = client, asyncio.Queue[str]()
        self.trained = asyncio.Event()
        client.on_notification = lambda _, event: self._take(event)

    async def save(self, settings: str) -> None:
        """Write settings, and return when they hold: their error, which they follow, is over."""
        await self.save_wrong("[", "mend or remove it")
        configure(settings)
        assert await self._messages.get() == ""

    async def save_wrong(self, settings: str, said: str) -> None:
        """Write settings, and return when it was told what is wrong with them."""
        configure(settings)
        assert said in await self._messages.get()

    async def longest(self) -> int:
        """Return how many characters are suggested."""
        completion = await self.client.request("complete", Complete("d", 1, len(SPLINES), "invoked"))
        return len(completion_of(completion).suggestions[0].text)

    def _take(self, event: dict[str, str]) -> None:
        if event["kind"] == "settings":
            self._messages.put_nowait(event["message"])
        elif event["kind"] == "training":
            self.trained.set()


@pytest.fixture
async def telling() -> AsyncIterator[Telling]:
    client = await AsyncClient.connect("test")
    telling = Telling(client)
    await client.request("subscribe")
    client.notify("open", Open("d", SPLINES, 1))
    yield telling
    await client.close()


async def test_what_is_saved_holds(telling: Telling) -> None:
    """Completions obey the file as it is now; without it everything has its default."""
    default = await telling.longest()
    await telling.save(QUIET + "[completion]\nmax_characters = 3\n")
    assert await telling.longest() == 3 < default
    await telling.save_wrong("[", "mend or remove it")
    paths.settings_file().unlink()
    assert await telling._messages.get() == ""
    assert await telling.longest() == default


async def test_what_makes_no_sense_changes_nothing(telling: Telling) -> None:
    """A wrong value is told of and shown, what held before does, and each new error is told of once."""
    await telling.save(QUIET + "[completion]\nmax_characters = 3\n")
    await telling.save_wrong("[completion]\nmax_characters = 0\n", "max_characters is 0, but must be 1 or more")
    assert await telling.longest() == 3
    assert "max_characters is 0" in (await telling.client.request("status"))["settings"]
    await telling.save_wrong('[completion]\nmax_characters = 9\n[models]\n"[" = "m"\n', "'[' means no files")
    assert await telling.longest() == 3
    configure(QUIET)
    assert await telling._messages.get() == ""
    assert (await telling.client.request("status"))["settings"] == ""


async def test_a_link(telling: Telling, tmp_path: Path) -> None:
    """Settings that lie elsewhere, among a user's own, are followed there by the next daemon."""
    elsewhere = tmp_path / "dotfiles" / "charwise.toml"
    elsewhere.parent.mkdir()
    elsewhere.write_text(QUIET)
    paths.settings_file().unlink()
    paths.settings_file().symlink_to(elsewhere)
    await telling.client.request("shutdown")
    await telling.client.closed
    other = Telling(await AsyncClient.connect("test"))
    await other.client.request("subscribe")
    other.client.notify("open", Open("d", SPLINES, 1))
    await other.save(QUIET + "[completion]\nmax_characters = 3\n")
    assert elsewhere.read_text().endswith("max_characters = 3\n")
    assert await other.longest() == 3
    await other.client.close()


async def test_a_folder_that_comes_back(telling: Telling) -> None:
    """Settings whose folder was removed are followed when it is there again; meanwhile everything has its default."""
    await telling.save(QUIET + "[completion]\nmax_characters = 3\n")
    shutil.rmtree(paths.settings_file().parent)
    while await telling.longest() == 3:  # noqa: ASYNC110 - nobody is told of what makes sense
        await asyncio.sleep(0.01)
    await telling.save(QUIET + "[completion]\nmax_characters = 3\n")
    assert await telling.longest() == 3


async def test_files_are_read_anew(telling: Telling, project: Path) -> None:
    """Other limits of the files that are learned hold for those that were read already."""
    await telling.client.request("workspace_add", WorkspacePath(str(project)))
    await telling.save(QUIET + "[corpus]\nfile_bytes = 10_000\n")
    await telling.client.request("train", WorkspacePath(str(project)))  # answered when the files were read
    [workspace] = (await telling.client.request("status"))["workspaces"]
    sizes = [(project / f"{name}.py").stat().st_size for name in MODULES]
    assert workspace["files"] == sum(size <= 10_000 for size in sizes) < len(MODULES)


async def test_training_begins(telling: Telling, project: Path) -> None:
    """A workspace is trained as soon as the settings let it."""
    await telling.client.request("workspace_add", WorkspacePath(str(project)))
    assert not telling.trained.is_set()
    await telling.save(EAGER.format(minutes=5, niceness=5))
    await telling.trained.wait()
