"""The real server in a subprocess, with a scripted daemon: what the real one never does, and what it is asked."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.types import (
    ClientCapabilities,
    InlineCompletionTriggerKind,
    Position,
    WindowClientCapabilities,
    WorkspaceClientCapabilities,
)
from pygls.exceptions import JsonRpcException
from pygls.uris import from_fs_path

from charwise_daemon.errors import VersionMismatchError
from charwise_daemon.protocol import Complete
from charwise_lsp.server import CharwiseServer
from tests.lsp.conftest import Editor, ScriptedDaemon, completion, replaced

URI = "file:///project/names.py"
TEXT = "smiles = '🙂'\nd = '🙂' + smi"
SHOWS_PROGRESS = ClientCapabilities(window=WindowClientCapabilities(work_done_progress=True))
PULLED = ClientCapabilities(
    workspace=WorkspaceClientCapabilities(
        configuration=True,
        did_change_configuration=types.DidChangeConfigurationClientCapabilities(dynamic_registration=True),
    )
)


async def opened(editor: Editor, daemon: ScriptedDaemon, text: str = TEXT) -> None:
    editor.open(URI, text)
    await daemon.heard.take("open")


class TestQuestions:
    async def test_question(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """The daemon is asked at the cursor of the current version, with the limits that the user set."""
        limits = {"maxLines": 3, "maxCharacters": 90, "alternatives": 2}
        await editor.begin(initialization_options={"suggestions": limits})
        await opened(editor, daemon, "é = n")
        editor.change(URI, 7, replaced((0, 5), (0, 5), "a"))
        await editor.complete(URI, 0, 99, InlineCompletionTriggerKind.Invoked)
        expected = Complete(URI, 7, 7, "invoked", max_characters=90, max_lines=3, alternatives=2)
        assert await daemon.heard.take("complete") == vars(expected)

    async def test_only_when_asked(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """With automatic suggestions off, only an explicit request has some."""
        await editor.begin(initialization_options={"suggestions": {"automatic": False}})
        await opened(editor, daemon)
        assert await editor.complete(URI, 1, 14) == []
        assert await editor.complete(URI, 1, 14, InlineCompletionTriggerKind.Invoked)

    async def test_cancel(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A request that the editor cancels is cancelled at the daemon."""
        daemon.scripts["complete"] = lambda _params: asyncio.Event().wait()
        await editor.begin()
        await opened(editor, daemon)
        context = types.InlineCompletionContext(InlineCompletionTriggerKind.Automatic)
        params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(URI), Position(1, 14))
        method = types.TEXT_DOCUMENT_INLINE_COMPLETION
        asking = asyncio.wrap_future(editor.protocol.send_request(method, params, msg_id="slow"))
        await daemon.heard.take("complete")
        editor.cancel_request(types.CancelParams("slow"))
        await daemon.heard.take("cancel")
        with pytest.raises(JsonRpcException, match="cancel"):
            await asking

    def test_changes_leave_nothing_behind(self) -> None:
        """A change costs no memory that stays: pygls would keep a future for each."""
        protocol = CharwiseServer().protocol
        identifier = types.VersionedTextDocumentIdentifier(2, "file:///never")
        change: Any = types.DidChangeTextDocumentNotification(types.DidChangeTextDocumentParams(identifier, []))
        protocol.handle_message(change)
        assert not protocol._request_futures


class TestDaemonAway:
    @pytest.mark.usefixtures("no_launch")
    async def test_at_start(self, editor: Editor) -> None:
        """Where no daemon can be started there are no suggestions, no error, and a line in the editor's log."""
        await editor.begin()
        editor.open(URI, TEXT)
        assert await editor.complete(URI, 1, 14) == []
        assert "charwise" in (await editor.heard.take(types.WINDOW_LOG_MESSAGE)).message
        assert not editor.messages

    async def test_version_mismatch(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A daemon of another version is shown to the user, who alone can mend it, once."""

        async def refuse(_params: Any) -> None:
            raise VersionMismatchError("restart the daemon")

        daemon.scripts["hello"] = refuse
        await editor.begin()
        shown = await editor.heard.take(types.WINDOW_SHOW_MESSAGE)
        assert shown.message == "charwise: restart the daemon"
        await daemon.heard.take("hello")
        await daemon.heard.take("hello")
        assert len(editor.messages) == 1


class TestOptions:
    async def test_problems_are_shown_once(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Everything that is wrong with the options is one warning, and what is still wrong later is none."""
        await editor.begin(initialization_options={"colour": "red", "progress": 1})
        shown = await editor.heard.take(types.WINDOW_SHOW_MESSAGE)
        assert shown.type == types.MessageType.Warning
        assert "unknown option colour" in shown.message
        assert "progress is 1" in shown.message
        editor.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"charwise": {"logLevel": "info"}})
        )
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams("nonsense"))
        await opened(editor, daemon)
        assert await editor.complete(URI, 1, 14)
        assert len(editor.messages) == 1

    async def test_pushed(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Settings that the editor sends hold from then on, over those of the start."""
        await editor.begin(initialization_options={"suggestions": {"alternatives": 2}})
        await opened(editor, daemon)
        settings = {"charwise": {"suggestions": {"maxLines": 1}}}
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await editor.complete(URI, 1, 14)
        asked = await daemon.heard.take("complete")
        assert (asked["alternatives"], asked["max_lines"]) == (2, 1)

    async def test_pulled(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """An editor that can be asked for its settings is asked, at the start and when they changed."""
        editor.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
        editor.set_configuration({"suggestions": {"maxLines": 1}}, section="charwise")
        await editor.begin(PULLED)
        await editor.requested.take(types.CLIENT_REGISTER_CAPABILITY)
        await opened(editor, daemon)
        await editor.complete(URI, 1, 14)
        assert (await daemon.heard.take("complete"))["max_lines"] == 1
        editor.set_configuration({"suggestions": {"maxLines": 5}}, section="charwise")
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        await editor.requested.take(types.WORKSPACE_CONFIGURATION)
        await editor.requested.take(types.WORKSPACE_CONFIGURATION)
        await editor.complete(URI, 1, 14)
        assert (await daemon.heard.take("complete"))["max_lines"] == 5


class TestFolders:
    async def test_not_learned(self, editor: Editor, daemon: ScriptedDaemon, tmp_path: Path) -> None:
        """A user who wants no folder learned has none learned, until they change their mind."""
        editor.set_configuration({"workspaces": {"learn": False}}, section="charwise")
        capabilities = ClientCapabilities(workspace=WorkspaceClientCapabilities(configuration=True))
        await editor.begin(capabilities, root_uri=from_fs_path(str(tmp_path)))
        await opened(editor, daemon)
        await editor.complete(URI, 1, 14)
        assert daemon.heard.left("workspace_add") == 0
        editor.set_configuration({"workspaces": {"learn": True}}, section="charwise")
        editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        assert await daemon.heard.take("workspace_add") == {"path": str(tmp_path)}

    async def test_own_settings(self, editor: Editor, daemon: ScriptedDaemon, tmp_path: Path) -> None:
        """Of several folders one can be left out by its own settings, one that is added later, too."""
        uris = [from_fs_path(str(tmp_path / name)) for name in ("one", "two", "three")]
        one, two, three = (types.WorkspaceFolder(str(uri), Path(str(uri)).name) for uri in uris)
        editor.set_configuration({}, section="charwise")
        for folder, learn in ((one, True), (two, False), (three, False)):
            editor.set_configuration({"workspaces": {"learn": learn}}, section="charwise", scope_uri=folder.uri)
        capabilities = ClientCapabilities(workspace=WorkspaceClientCapabilities(configuration=True))
        await editor.begin(capabilities, workspace_folders=[one, two])
        assert await daemon.heard.take("workspace_add") == {"path": str(tmp_path / "one")}
        event = types.WorkspaceFoldersChangeEvent(added=[three], removed=[one])
        editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
        assert await daemon.heard.take("workspace_release") == {"path": str(tmp_path / "one")}
        await opened(editor, daemon)
        await editor.complete(URI, 1, 14)
        assert daemon.heard.left("workspace_add") == 0


class TestProgress:
    async def begin(self, editor: Editor, daemon: ScriptedDaemon, capabilities: ClientCapabilities) -> None:
        await editor.begin(capabilities, root_uri="file:///a/project")
        await opened(editor, daemon)
        await daemon.heard.take("workspace_add")
        await editor.complete(URI, 1, 14)  # so that the folder's answer has arrived

    def push(self, daemon: ScriptedDaemon, state: str, done: float, bpc: float | None, left: float | None) -> None:
        event = {"state": state, "done": done, "bpc": bpc, "seconds_left": left, "message": "words"}
        daemon.push({"kind": "training", "workspace": "/a/project", **event})

    async def test_a_training(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A training is one progress in the editor, from its begin to its end."""
        await self.begin(editor, daemon, SHOWS_PROGRESS)
        self.push(daemon, "started", 0.0, None, None)
        begun = (await editor.heard.take(types.PROGRESS)).value
        assert (begun["kind"], begun["title"], begun["percentage"]) == ("begin", "Learning project", 0)
        self.push(daemon, "progress", 0.426, 1.931, 100.0)
        reported = (await editor.heard.take(types.PROGRESS)).value
        assert (reported["kind"], reported["percentage"]) == ("report", 43)
        assert reported["message"] == "1.93 bits per character, 2 min left"
        self.push(daemon, "finished", 1.0, 1.5, 0.0)
        ended = (await editor.heard.take(types.PROGRESS)).value
        assert (ended["kind"], ended["message"]) == ("end", "1.50 bits per character")
        assert len(editor.progress_reports) == 1

    async def test_ends_with_the_daemon(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A daemon that dies leaves no progress standing, and a second training has its own."""
        await self.begin(editor, daemon, SHOWS_PROGRESS)
        self.push(daemon, "started", 0.0, None, None)
        await editor.heard.take(types.PROGRESS)
        await daemon.drop()
        assert (await editor.heard.take(types.PROGRESS)).value["kind"] == "end"
        await daemon.heard.take("workspace_add")
        await editor.complete(URI, 1, 14)
        self.push(daemon, "progress", 0.5, None, None)
        assert (await editor.heard.take(types.PROGRESS)).value["percentage"] == 50
        assert len(editor.progress_reports) == 2

    async def test_editors_that_cannot(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """An editor without the capability is not bothered."""
        await self.begin(editor, daemon, ClientCapabilities())
        self.push(daemon, "started", 0.0, None, None)
        await editor.complete(URI, 1, 14)
        assert not editor.progress_reports


class TestFeedback:
    async def test_shown_and_accepted(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """What the user saw and took reaches the daemon, counted in bytes of the suggestion alone."""

        async def suggest(_params: Any) -> dict[str, Any]:
            return completion("les 🙂\n")

        daemon.scripts["complete"] = suggest
        answer = await editor.begin()
        assert answer.capabilities.execute_command_provider
        await opened(editor, daemon)
        [item] = await editor.complete(URI, 1, 14)
        raw = editor.protocol._converter.unstructure(item)
        editor.protocol.notify("textDocument/didShowCompletion", {"item": raw})
        assert await daemon.heard.take("shown") == {"suggestion": 41, "length": 0}
        editor.protocol.notify("textDocument/didPartiallyAcceptCompletion", {"item": raw, "acceptedLength": 9})
        assert await daemon.heard.take("accepted") == {"suggestion": 41, "length": len("les 🙂".encode())}
        assert item.command
        command = types.ExecuteCommandParams(item.command.command, item.command.arguments)
        await editor.workspace_execute_command_async(command)
        assert await daemon.heard.take("accepted") == {"suggestion": 41, "length": len("les 🙂\n".encode())}

    async def test_focus(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A document that the user turns to is read ahead; one that is not open is not."""
        await editor.begin()
        await opened(editor, daemon)
        for uri in ("file:///never", URI):
            editor.protocol.notify("textDocument/didFocus", {"textDocument": {"uri": uri}})
        assert await daemon.heard.take("focus") == {"document": URI, "offset": -1}
        moved = {"textDocument": {"uri": URI}, "position": {"line": 1, "character": 4}}
        editor.protocol.notify("textDocument/didFocus", moved)
        assert await daemon.heard.take("focus") == {"document": URI, "offset": len("smiles = '🙂'\nd = ".encode())}


class TestEnd:
    @pytest.mark.usefixtures("daemon")
    async def test_end_of_input(self) -> None:
        """An editor that just goes away takes its server along."""
        lone = Editor()
        await lone.begin()
        assert lone._server
        assert lone._server.stdin
        lone._server.stdin.close()
        assert await lone.end(properly=False) == 1

    @pytest.mark.usefixtures("daemon")
    async def test_editors_process_dies(self) -> None:
        """A server whose input stays open ends with the process that the editor named."""
        lone = Editor()
        named = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE)
        await lone.begin(process_id=named.pid)
        named.kill()
        await named.communicate()
        assert await lone.end(properly=False) == 1

    async def test_stays_without_a_process(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """An editor whose process cannot be seen from here, as in a container, is served all the same."""
        gone = await asyncio.create_subprocess_exec("true")
        await gone.wait()
        await editor.begin(process_id=gone.pid)
        await opened(editor, daemon)
        assert await editor.complete(URI, 1, 14)

    async def test_says_nothing(self, daemon: ScriptedDaemon, capfd: pytest.CaptureFixture[str]) -> None:
        """A session in which nothing goes wrong logs nothing."""
        editor = Editor()
        await editor.begin()
        await opened(editor, daemon)
        await editor.complete(URI, 1, 14)
        assert await editor.end() == 0
        assert capfd.readouterr() == ("", "")
