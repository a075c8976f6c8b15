"""What editors ask beyond the plain request, in the real server in a subprocess, with a scripted daemon."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from lsprotocol.types import ClientCapabilities, InlineCompletionTriggerKind, Position, Range
from pygls.exceptions import JsonRpcException

from charwise_daemon.errors import InvalidRequestError
from tests.lsp.conftest import Editor, ScriptedDaemon, completion, replaced

URI = "file:///project/names.py"
TEXT = "smiles = '🙂'\nd = '🙂' + smi"
INLINE = types.TEXT_DOCUMENT_INLINE_COMPLETION


async def opened(editor: Editor, daemon: ScriptedDaemon) -> None:
    editor.open(URI, TEXT)
    await daemon.heard.take("open")


async def command(editor: Editor, name: str, *arguments: Any) -> Any:
    """Return what a command answers."""
    return await editor.workspace_execute_command_async(types.ExecuteCommandParams(f"charwise.{name}", [*arguments]))


class TestQuestions:
    async def test_selected_in_the_menu(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A suggestion goes on with the item that the menu has chosen, and replaces what that would replace."""

        async def suggest(_params: Any) -> dict[str, Any]:
            return completion("_count = 0")

        daemon.scripts["complete"] = suggest
        await editor.begin()
        await opened(editor, daemon)
        chosen = types.SelectedCompletionInfo(Range(Position(1, 11), Position(1, 14)), "smiles_é")
        context = types.InlineCompletionContext(InlineCompletionTriggerKind.Automatic, chosen)
        params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(URI), Position(1, 14))
        answer = await editor.text_document_inline_completion_async(params)
        assert isinstance(answer, types.InlineCompletionList)
        assert (await daemon.heard.take("complete"))["instead"] == [len(TEXT.encode()) - 3, "smiles_é"]
        [item] = answer.items
        assert (item.insert_text, item.range) == ("smiles_é_count = 0", chosen.range)
        assert item.command
        assert item.command.arguments == (41, 10, 8)  # its confidence drops at once, after the item

    @pytest.mark.parametrize(
        ("formatting", "indentation"),
        [
            ({"tabSize": 2, "insertSpaces": True}, "  "),
            ({"tabSize": 8, "insertSpaces": False}, "\t"),
            ({"tabSize": 10**9, "insertSpaces": True}, ""),
            ({"tabSize": "x"}, ""),
            ("x", ""),
        ],
    )
    async def test_formatting(self, editor: Editor, daemon: ScriptedDaemon, formatting: Any, indentation: str) -> None:
        """How the editor indents is passed on where it says so."""
        await editor.begin()
        await opened(editor, daemon)
        params = {
            "textDocument": {"uri": URI},
            "position": {"line": 1, "character": 14},
            "context": {"triggerKind": 2},
            "formattingOptions": formatting,
            "alternatives": 2,
        }
        message = json.dumps({"jsonrpc": "2.0", "id": "1", "method": INLINE, "params": params})  # no type has these
        assert editor._server
        assert editor._server.stdin
        editor._server.stdin.write(f"Content-Length: {len(message)}\r\n\r\n{message}".encode())
        asked = await daemon.heard.take("complete")
        assert (asked["indentation"], asked["alternatives"]) == (indentation, 2)

    async def test_confident(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """An item's command tells where confidence drops, in UTF-16 units of the item's text."""

        async def suggest(_params: Any) -> dict[str, Any]:
            answer = completion("les 🙂 x")
            answer["suggestions"][0]["confident"] = len("les 🙂".encode())
            return answer

        daemon.scripts["complete"] = suggest
        await editor.begin()
        await opened(editor, daemon)
        [item] = await editor.complete(URI, 1, 14)
        assert item.command
        assert item.command.arguments == (41, len("les 🙂 x".encode()), len("smiles ") + 2)

    async def test_wishes(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Eagerness and lines that the user set in the editor come before the daemon's settings."""
        wishes = {"suggestions": {"eagerness": 0.25, "multiline": "never"}, "workspaces": {"onBattery": True}}
        await editor.begin(initialization_options=wishes)
        editor.initialized(types.InitializedParams())
        assert await daemon.heard.take("battery") == {"trains": True}
        await opened(editor, daemon)
        await editor.complete(URI, 1, 14)
        asked = await daemon.heard.take("complete")
        assert (asked["eagerness"], asked["multiline"]) == (0.25, "never")


class TestMenu:
    async def test_item(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """With --completion there is one item in the menu, marked, sorted last, and counted when it is taken."""
        answer = await editor.begin(arguments=["--completion"])
        assert answer.capabilities.completion_provider
        await opened(editor, daemon)
        where = types.TextDocumentIdentifier(URI), Position(1, 14)
        listed = await editor.text_document_completion_async(types.CompletionParams(*where))
        assert isinstance(listed, types.CompletionList)
        [item] = listed.items
        assert (item.label, item.detail, listed.is_incomplete) == ("smiles = '🙂'", "charwise", True)
        assert item.text_edit == types.TextEdit(Range(Position(1, 11), Position(1, 14)), "smiles = '🙂'")
        assert item.sort_text > "zzz"  # type: ignore[operator]
        assert item.command
        assert item.command.command == "charwise.accepted"

    async def test_not_unless_wanted(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Without it, editors that show suggestions inline are not asked to show them twice."""
        assert daemon
        assert not (await editor.begin()).capabilities.completion_provider


class TestDocuments:
    async def test_untitled(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A buffer that is no file yet is taken for one in the editor's folder, by its language."""
        await editor.begin(workspace_folders=[types.WorkspaceFolder("file:///p", "p")])
        editor.open("untitled:Untitled-1", TEXT)
        assert (await daemon.heard.take("open"))["path"] == "/p/Untitled-1.py"

    async def test_notebook(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """A notebook's cells are documents: opened, changed, added, taken away and closed."""
        able = types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities())
        answer = await editor.begin(ClientCapabilities(notebook_document=able))
        assert answer.capabilities.notebook_document_sync
        first, second = (f"vscode-notebook-cell:/p/nb.ipynb#{name}" for name in "ab")

        def item(uri: str) -> types.TextDocumentItem:
            return types.TextDocumentItem(uri, "python", 1, TEXT)

        def cell(uri: str) -> types.NotebookCell:
            return types.NotebookCell(types.NotebookCellKind.Code, uri)

        notebook = types.NotebookDocument("file:///p/nb.ipynb", "jupyter-notebook", 1, [cell(first)])
        editor.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, [item(first)]))
        opened = await daemon.heard.take("open")
        assert (opened["document"], opened["path"], opened["text"]) == (first, "/p/nb.py", TEXT.encode())
        changed = types.NotebookDocumentCellContentChanges(
            types.VersionedTextDocumentIdentifier(2, first), [replaced((1, 14), (1, 14), "l")]
        )
        added = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(1, 0, [cell(second)]), did_open=[item(second)]
        )
        self._change(editor, types.NotebookDocumentCellChanges(added, text_content=[changed]))
        assert (await daemon.heard.take("open"))["document"] == second
        assert (await daemon.heard.take("edit"))["changes"] == [[len(TEXT.encode()), len(TEXT.encode()), b"l"]]
        assert (await editor.complete(first, 1, 15))[0].insert_text == "smiles = '🙂'"
        gone = types.NotebookDocumentCellChangeStructure(
            types.NotebookCellArrayChange(1, 1), did_close=[types.TextDocumentIdentifier(second)]
        )
        self._change(editor, types.NotebookDocumentCellChanges(gone))
        assert (await daemon.heard.take("close"))["document"] == second
        identifier = types.NotebookDocumentIdentifier("file:///p/nb.ipynb")
        editor.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(identifier, [types.TextDocumentIdentifier(first)])
        )
        assert (await daemon.heard.take("close"))["document"] == first

    def _change(self, editor: Editor, cells: types.NotebookDocumentCellChanges) -> None:
        identifier = types.VersionedNotebookDocumentIdentifier(2, "file:///p/nb.ipynb")
        event = types.NotebookDocumentChangeEvent(cells=cells)
        editor.notebook_document_did_change(types.DidChangeNotebookDocumentParams(identifier, event))

    async def test_watched_files(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """The editor is asked to tell of changed files, and what it tells goes on to the daemon."""
        watches = types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        )
        editor.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
        await editor.begin(ClientCapabilities(workspace=watches))
        editor.initialized(types.InitializedParams())
        asked = await editor.requested.take(types.CLIENT_REGISTER_CAPABILITY)
        assert [each.method for each in asked.registrations] == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        await daemon.heard.take("subscribe")
        events = [
            types.FileEvent(uri, types.FileChangeType.Changed) for uri in ("file:///p/a%20b.py", "vscode-vfs://x/y")
        ]
        editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))
        assert await daemon.heard.take("changed") == {"paths": ["/p/a b.py"]}


class TestCommands:
    async def test_training(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Training is started, paused and resumed; a file is forgotten."""
        await editor.begin(workspace_folders=[types.WorkspaceFolder("file:///p", "p")])
        editor.initialized(types.InitializedParams())
        await daemon.heard.take("workspace_add")
        await daemon.heard.take("status")
        await command(editor, "retrain")
        assert await daemon.heard.take("train") == {"path": "/p"}
        await command(editor, "pause", 600)
        assert await daemon.heard.take("pause") == {"seconds": 600.0}
        await command(editor, "resume")
        await daemon.heard.take("resume")
        await command(editor, "chooseModel", "linux")
        assert await daemon.heard.take("workspace_model") == {"path": "/p", "model": "linux"}
        await command(editor, "models")
        assert await daemon.heard.take("models") == {"path": "/p"}
        await command(editor, "forgetFile", "file:///p/a%20b.py")
        assert await daemon.heard.take("forget_file") == {"path": "/p/a b.py"}

    async def test_failure(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """What the daemon refuses is the command's answer, and no message box."""

        async def refuse(_params: Any) -> None:
            raise InvalidRequestError("/p/a.py is in no workspace")

        daemon.scripts["forget_file"] = refuse
        await editor.begin()
        await daemon.heard.take("subscribe")
        with pytest.raises(JsonRpcException, match="is in no workspace"):
            await command(editor, "forgetFile", "file:///p/a.py")
        with pytest.raises(JsonRpcException, match=r"no command charwise[.]fly; known are charwise"):
            await command(editor, "fly")
        with pytest.raises(JsonRpcException, match=r"cannot be given .*soon"):
            await command(editor, "pause", "soon")
        assert not editor.messages

    @pytest.mark.usefixtures("no_launch")
    async def test_no_daemon(self, editor: Editor) -> None:
        """Without a daemon a command says so."""
        await editor.begin()
        with pytest.raises(JsonRpcException, match="no daemon answers"):
            await command(editor, "retrain", "/p")

    async def test_status(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """What was learned is Markdown, and an editor that shows documents shows it."""
        status = {"version": "0", "pid": 1, "seconds": 1, "documents": 2, "workspaces": [], "suggestions": {}}

        async def tell(_params: Any) -> dict[str, Any]:
            return {**status, "training": {"state": "idle", "workspace": None, "message": ""}}

        async def count(_params: Any) -> dict[str, Any]:
            return {"counts": {}, "price_factors": {}, "scores": {}}

        daemon.scripts |= {"status": tell, "statistics": count}
        await editor.begin()
        await daemon.heard.take("status")
        answer = await command(editor, "status")
        assert answer["text"].startswith("# What charwise has learned\n\n```\n")
        assert answer["status"]["documents"] == 2
        await command(editor, "openStatus")
        shown = await editor.requested.take(types.WINDOW_SHOW_DOCUMENT)
        assert await asyncio.to_thread(Path(shown.uri.removeprefix("file://")).read_text) == answer["text"]

    async def test_generate(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Text is written on from a position, told as it is written where there is a token, and can be cancelled."""
        await editor.begin()
        await opened(editor, daemon)
        where = {"uri": URI, "position": {"line": 1, "character": 14}}
        daemon.parts["generate"] = ["les", " = 🙂"]

        async def write(_params: Any) -> dict[str, Any]:
            return {"characters": 10, "seed": 7}

        daemon.scripts["generate"] = write
        answer = await command(editor, "generate", {**where, "token": "t", "length": 9, "seed": None})
        assert answer == {"text": "les = 🙂", "characters": 10, "seed": 7}
        asked = await daemon.heard.take("generate")
        assert (asked["offset"], asked["length"]) == (len(TEXT.encode()), 9)
        told = [await editor.heard.take("charwise/didGenerate") for _ in range(2)]
        assert [(each.token, each.text) for each in told] == [("t", "les"), ("t", " = 🙂")]
        assert asked["model"] == ""
        for wrong, said in (
            ({"uri": "file:///never"}, "is not open"),
            ({**where, "size": 3}, "unknown options size"),
            ({**where, "position": "x"}, "position is 'x', but must be a line and a character"),
            ({**where, "position": {"line": -1, "character": 0}}, "-1"),
            ({**where, "seed": 2**64}, "cannot be sent"),
        ):
            with pytest.raises(JsonRpcException, match=said):
                await command(editor, "generate", wrong)
        daemon.scripts["generate"] = lambda _params: asyncio.Event().wait()
        params = types.ExecuteCommandParams("charwise.generate", [where])
        asking = asyncio.wrap_future(
            editor.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="slow")
        )
        await daemon.heard.take("generate")
        editor.cancel_request(types.CancelParams("slow"))
        await daemon.heard.take("cancel")
        with pytest.raises(JsonRpcException, match="cancel"):
            await asking

    async def test_continue(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """An editor without a plugin continues by a code action: one edit, with any of the models."""

        async def known(_params: Any) -> list[dict[str, Any]]:
            return [{"name": "linux"}]

        async def write(_params: Any) -> dict[str, Any]:
            return {"characters": 3, "seed": 7}

        edits: list[types.ApplyWorkspaceEditParams] = []

        @editor.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            edits.append(params)
            return types.ApplyWorkspaceEditResult(True)

        daemon.scripts |= {"models": known, "generate": write}
        daemon.parts["generate"] = ["les"]
        window = types.WindowClientCapabilities(work_done_progress=True)
        await editor.begin(ClientCapabilities(window=window))
        await opened(editor, daemon)
        place, document = Position(1, 14), types.TextDocumentIdentifier(URI)
        context = types.CodeActionContext([], only=[types.CodeActionKind.Source])
        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(document, Range(place, place), context)
        )
        assert actions
        assert [each.title for each in actions] == ["Continue with charwise", "Continue with linux"]
        asked = {"uri": URI, "position": {"line": 1, "character": 14}, "model": "linux"}
        assert str(asked) in str(actions[1].command)  # which this client's types take for something else
        assert await command(editor, "continue", asked) == {"text": "les"}
        assert (await daemon.heard.take("generate"))["model"] == "linux"
        [edit] = edits
        assert edit.edit.changes == {URI: (types.TextEdit(Range(place, place), "les"),)}
        quiet = types.CodeActionContext([], trigger_kind=types.CodeActionTriggerKind.Automatic)
        assert not await editor.text_document_code_action_async(
            types.CodeActionParams(document, Range(place, place), quiet)
        )

    async def test_continue_cancelled(self, editor: Editor, daemon: ScriptedDaemon) -> None:
        """Cancelled at its bar, what was written by then is put in."""
        edits = asyncio.Queue[types.ApplyWorkspaceEditParams]()

        @editor.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            edits.put_nowait(params)
            return types.ApplyWorkspaceEditResult(True)

        stopped = asyncio.Event()

        async def write(_params: Any) -> dict[str, Any]:
            await stopped.wait()
            return {}

        daemon.scripts["generate"] = write
        daemon.parts["generate"] = ["never told"]
        window = types.WindowClientCapabilities(work_done_progress=True)
        await editor.begin(ClientCapabilities(window=window))
        await opened(editor, daemon)
        asked = {"uri": URI, "position": {"line": 1, "character": 14}}
        writing = asyncio.create_task(command(editor, "continue", asked))
        bar = await editor.requested.take(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        await daemon.heard.take("generate")
        editor.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(bar.token))
        await daemon.heard.take("cancel")
        assert await writing == {"text": ""}
        assert edits.empty()
        stopped.set()
