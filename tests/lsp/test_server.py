"""The real server in a subprocess, between an editor and the real daemon, which it starts itself."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.types import ClientCapabilities, GeneralClientCapabilities, InlineCompletionTriggerKind, Position, Range
from pygls.uris import from_fs_path

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient, Client
from tests.lsp.conftest import Editor, replaced

URI = "file:///nowhere/names.py"
INVOKED = InlineCompletionTriggerKind.Invoked
# What was seen often enough that any daemon goes on with it.
LINE = "smiles = compute_everything('🙂', arguments)\n"
TEXT = LINE * 8 + "'🙂' + smi"
PREFIX = "smiles = compute_every"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose daemon serves all tests of this module; it does not train."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(folder))
        settings = paths.settings_file()
        settings.parent.mkdir(parents=True)
        settings.write_text("[training]\nenabled = false\n")
        yield folder
        with Client("tests", start=False) as client:
            client.request("shutdown")
        with paths.daemon_lock_file().open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # which the daemon holds until it is gone


@pytest.fixture(autouse=True)
def home(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shared one."""
    monkeypatch.setenv("CHARWISE_HOME", str(shared))
    return shared


async def suggested(editor: Editor, uri: str, line: int, character: int) -> types.InlineCompletionItem:
    """Return the first suggestion there is, once the server has found the daemon."""
    while not (items := await editor.complete(uri, line, character, INVOKED)):
        pass
    return items[0]


async def status() -> dict[str, Any]:
    """Return the real daemon's status."""
    client = await AsyncClient.connect("tests", start=False)
    try:
        return dict(await client.request("status"))
    finally:
        await client.close()


class TestSuggestions:
    @pytest.mark.parametrize(("encoding", "width"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
    async def test_range(self, editor: Editor, encoding: str, width: int) -> None:
        """A suggestion replaces the typed word by itself and more, in the units that the editor prefers."""
        general = GeneralClientCapabilities(position_encodings=["utf-7", encoding, "utf-16"])
        answer = await editor.begin(ClientCapabilities(general=general))
        assert answer.capabilities.position_encoding == encoding
        editor.open(URI, TEXT)
        editor.change(URI, 2, replaced((8, 8 + width), (8, 8 + width), "l"), replaced((99, 0), (99, 0), "e"))
        item = await suggested(editor, URI, 8, 10 + width)
        assert isinstance(item.insert_text, str)
        assert item.insert_text.startswith(PREFIX)
        assert item.filter_text == item.insert_text
        assert item.range == Range(Position(8, 5 + width), Position(8, 10 + width))

    async def test_automatic(self, editor: Editor) -> None:
        """While typing, what is sure enough is suggested as well."""
        await editor.begin()
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
        [item] = await editor.complete(URI, 8, 10)
        assert str(item.insert_text).startswith(PREFIX)

    async def test_unknown_documents(self, editor: Editor) -> None:
        """A document that was never opened, or is closed, has no suggestions; its changes do no harm."""
        await editor.begin()
        editor.change("file:///never", 2, replaced((0, 0), (0, 0), "x"))
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
        assert await editor.complete("file:///never", 0, 0, INVOKED) == []
        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
        assert await editor.complete(URI, 8, 10, INVOKED) == []

    async def test_whole_document(self, editor: Editor) -> None:
        """A change without a range replaces everything."""
        await editor.begin()
        editor.open(URI, "nothing of use")
        editor.change(URI, 2, types.TextDocumentContentChangeWholeDocument(TEXT))
        assert str((await suggested(editor, URI, 8, 10)).insert_text).startswith(PREFIX)

    async def test_two_editors(self, editor: Editor) -> None:
        """Two editors with the same document each have suggestions for their own text."""
        other = Editor()
        await editor.begin()
        await other.begin()
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
        other.open(URI, TEXT.replace("smiles", "frowns").replace("smi", "fro"), version=7)
        assert str((await suggested(other, URI, 8, 10)).insert_text).startswith("frowns")
        editor.change(URI, 2, replaced((8, 10), (8, 10), "l"))
        assert str((await suggested(editor, URI, 8, 11)).insert_text).startswith(PREFIX)
        assert await other.end() == 0
        assert str((await suggested(editor, URI, 8, 11)).insert_text).startswith(PREFIX)

    async def test_daemon_killed(self, editor: Editor) -> None:
        """A daemon that is killed is started again, and knows the document as it is by then."""
        await editor.begin()
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
        killed = (await status())["pid"]
        os.kill(killed, signal.SIGKILL)
        editor.change(URI, 2, replaced((8, 10), (8, 10), "l"))
        item = await suggested(editor, URI, 8, 11)
        assert str(item.insert_text).startswith(PREFIX)
        assert item.range == Range(Position(8, 7), Position(8, 11))
        assert (await status())["pid"] != killed

    async def test_feedback(self, editor: Editor) -> None:
        """What the user takes is counted."""
        await editor.begin()
        editor.open(URI, TEXT)
        item = await suggested(editor, URI, 8, 10)
        before = (await status())["suggestions"]["accepted"]
        assert item.command
        command = types.ExecuteCommandParams(item.command.command, item.command.arguments)
        await editor.workspace_execute_command_async(command)
        await editor.complete(URI, 8, 10)  # which the daemon answers after it
        assert (await status())["suggestions"]["accepted"] == before + 1


class TestFolders:
    async def test_added_and_removed(self, editor: Editor, tmp_path: Path) -> None:
        """The editor's folders are in use for as long as it has them open; what is elsewhere is left alone."""
        first, second = tmp_path / "a b", tmp_path / "c"
        for folder in (first, second):
            folder.mkdir()
            (folder / "names.py").write_text(TEXT)
        one, two = (types.WorkspaceFolder(from_fs_path(str(folder)) or "", folder.name) for folder in (first, second))
        remote = types.WorkspaceFolder("vscode-vfs://host/folder", "remote")
        await editor.begin(workspace_folders=[one, remote])
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
        assert [each["path"] for each in (await status())["workspaces"]] == [str(first)]
        event = types.WorkspaceFoldersChangeEvent(added=[two], removed=[one])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        await editor.complete(URI, 8, 10)
        assert [each["path"] for each in (await status())["workspaces"]] == [str(second)]

    async def test_learned(self, editor: Editor, tmp_path: Path) -> None:
        """An empty document in the editor's root is helped by the files beside it."""
        (tmp_path / "names.py").write_text(LINE * 8)
        watching, learned = await AsyncClient.connect("tests"), asyncio.Event()

        def hear(_method: str, event: dict[str, Any]) -> None:
            if (event["kind"], event["workspace"]) == ("memory", str(tmp_path.resolve())):
                learned.set()

        watching.on_notification = hear
        await watching.request("subscribe")
        await editor.begin(root_uri=from_fs_path(str(tmp_path)))
        await learned.wait()
        await watching.close()
        uri = from_fs_path(str(tmp_path / "new.py")) or ""
        editor.open(uri, "smi")
        item = await suggested(editor, uri, 0, 3)
        assert str(item.insert_text).startswith(PREFIX)

    async def test_refused(self, editor: Editor, tmp_path: Path) -> None:
        """A folder that is not there is a line in the editor's log, and the rest works."""
        await editor.begin(root_uri=from_fs_path(str(tmp_path / "gone")))
        assert "gone" in (await editor.heard.take(types.WINDOW_LOG_MESSAGE)).message
        editor.open(URI, TEXT)
        await suggested(editor, URI, 8, 10)
