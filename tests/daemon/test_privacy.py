"""What an open document may give away in others: nothing of one that is never learned, or that holds a secret."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from charwise_daemon.client import AsyncClient, completion_of
from charwise_daemon.protocol import Close, Complete, Open, WorkspacePath

pytestmark = pytest.mark.usefixtures("home")

_SECRET = "The merger with Zanzibar Wombat Holdings is off\n" * 3
_ASKED = "The merger with Zan"


class Desk:
    """An editor with documents side by side."""

    def __init__(self, client: AsyncClient, folder: Path) -> None:
        self.client, self.folder = client, folder

    def open(self, name: str, text: str) -> None:
        """Open a document, which need not be on the disk."""
        self.client.notify("open", Open(name, text.encode(), 1, str(self.folder / name)))

    async def suggested(self, text: str) -> str:
        """Return what is suggested at the end of a document with this text."""
        self.open("asking.md", text)
        asked = Complete("asking.md", 1, len(text.encode()), "invoked")
        suggestions = completion_of(await self.client.request("complete", asked)).suggestions
        return suggestions[0].text if suggestions else ""

    async def until_suggested(self, text: str, begins: str) -> None:
        """Return when that is suggested: another thread has looked through the documents then."""
        while not (await self.suggested(text)).startswith(begins):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".gitignore").write_text("ignored.md\n")
    client = await AsyncClient.connect("test")
    await client.request("workspace_add", WorkspacePath(str(folder)))
    desk = Desk(client, folder)
    desk.open("plain.md", "A quixotic kaleidoscope turned\n" * 3)
    yield desk
    await client.close()


async def test_other_documents_are_recalled(desk: Desk) -> None:
    """What stands in an open document, saved or not, is suggested in others."""
    desk.open("notes.md", _SECRET)
    await desk.until_suggested(_ASKED, "zibar")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", _SECRET),
        ("#.env#", _SECRET),
        ("ignored.md", _SECRET),
        (".ssh/notes.md", _SECRET),
        ("notes.md", _SECRET + "password = 'Tr0ub4dor&3-horse'\n"),
        ("../elsewhere/.netrc", _SECRET),
    ],
)
async def test_private_documents_are_not(desk: Desk, name: str, text: str) -> None:
    """A secret's file, an ignored one, and one with a secret in it say nothing in others; in themselves they do."""
    desk.open(name, text)
    await desk.until_suggested("A quixotic kal", "eidoscope")
    assert not (await desk.suggested(_ASKED)).startswith("zibar")
    desk.client.notify("close", Close("asking.md"))
    desk.open(name, text + _ASKED)
    asked = Complete(name, 1, len((text + _ASKED).encode()), "invoked")
    [suggestion] = completion_of(await desk.client.request("complete", asked)).suggestions
    assert suggestion.text.startswith("zibar")


async def test_forgotten_documents_are_not(desk: Desk) -> None:
    """A file that is forgotten while it is open says nothing in others from then on."""
    (desk.folder / "forgotten.md").write_text(_SECRET)
    desk.open("forgotten.md", _SECRET)
    await desk.until_suggested(_ASKED, "zibar")
    await desk.client.request("forget_file", {"path": str(desk.folder / "forgotten.md")})
    await desk.until_suggested("A quixotic kal", "eidoscope")
    assert not (await desk.suggested(_ASKED)).startswith("zibar")
