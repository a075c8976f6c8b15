"""What the editor shows of charwise in one word and a sentence."""

from typing import Any

import pytest
from lsprotocol import types

from charwise_lsp.status import Board, Status
from tests.lsp.conftest import Editor, ScriptedDaemon

_CONNECTED = {"kind": "connected", "state": "idle", "workspace": None, "message": ""}
_FOLDER = {"kind": "workspace", "path": "/p", "files": 1200, "bpc": None}
_MODEL = {"kind": "model", "workspace": "/p", "step": 5, "bpc": 1.934}
_SETTINGS = {"kind": "settings", "message": "minutes is 0; mend it"}
_LEARNING = {
    "kind": "training",
    "workspace": "/p",
    "state": "progress",
    "message": "",
    "done": 0.25,
    "bpc": 2.0,
    "seconds_left": 70.0,
}


def _training(state: str, message: str = "") -> dict[str, Any]:
    return {**_LEARNING, "state": state, "message": message}


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], Status("off", "connecting to the daemon", busy=True)),
        ([_CONNECTED], Status("ready", "nothing is learned but what is open")),
        ([_CONNECTED, _FOLDER], Status("ready", "1,200 files learned, no model yet")),
        ([_CONNECTED, _FOLDER, _MODEL], Status("ready", "1,200 files learned, 1.93 bits per character")),
        (
            [_CONNECTED, _FOLDER, _LEARNING],
            Status("learning", "2.00 bits per character, 2 min left", 25, busy=True),
        ),
        (
            [_CONNECTED, _training("paused", "paused while you type")],
            Status("paused", "paused while you type, 2.00 bits per character, 2 min left", 25),
        ),
        ([_CONNECTED, _LEARNING, _training("finished")], Status("ready", "nothing is learned but what is open")),
        ([_CONNECTED, _training("failed", "no space")], Status("error", "training failed: no space")),
        (
            [_CONNECTED, _training("failed", "no space"), _LEARNING, _training("finished")],
            Status("ready", "nothing is learned but what is open"),
        ),
        ([_CONNECTED, _LEARNING, _SETTINGS], Status("error", "minutes is 0; mend it")),
        ([_CONNECTED, _SETTINGS, {**_SETTINGS, "message": ""}], Status("ready", "nothing is learned but what is open")),
        ([{**_CONNECTED, "message": "paused by you"}], Status("paused", "paused by you")),
        ([_CONNECTED, {"kind": "pause", "message": "paused by you"}], Status("paused", "paused by you")),
        (
            [{**_CONNECTED, "message": "paused by you"}, {"kind": "pause", "message": ""}],
            Status("ready", "nothing is learned but what is open"),
        ),
    ],
)
def test_status(events: list[dict[str, Any]], status: Status) -> None:
    """What was heard last counts; an error stays until something goes well."""
    board = Board()
    for event in events:
        board.hear(event)
    assert board.status() == status


def test_status_off() -> None:
    """Where suggestions come only when asked for, and where the daemon is gone, it is off."""
    board = Board(is_automatic=False)
    board.hear(_CONNECTED)
    assert board.status().kind == "off"
    board.hear(_LEARNING)
    assert board.status().kind == "learning"
    board.lose()
    assert board.status() == Status("off", "connecting to the daemon", busy=True)


def test_status_options() -> None:
    """What is wrong with the editor's options is shown until it is mended."""
    board = Board(options="maxLines is 'abc'")
    board.hear(_CONNECTED)
    assert board.status() == Status("error", "maxLines is 'abc'")
    board.options = ""
    assert board.status().kind == "ready"


def test_status_keep() -> None:
    """A folder that is learned no longer is not spoken of any more."""
    board = Board()
    for event in (_CONNECTED, _FOLDER, {**_FOLDER, "path": "/q", "files": 34}, _LEARNING):
        board.hear(event)
    board.keep(["/q"])
    assert board.status() == Status("ready", "34 files learned, no model yet")


def test_status_trouble() -> None:
    """Trouble is shown until the daemon answers."""
    board = Board(trouble="the daemon cannot start: no space; free some")
    assert board.status() == Status("error", "the daemon cannot start: no space; free some")
    board.hear(_CONNECTED)
    assert board.status().kind == "ready"


# --- as the editor is told it ------------------------------------------------------------------------
async def status_of(editor: Editor, kind: str) -> Any:
    """Return the first status of a kind that the editor is told from now on."""
    while (status := await editor.heard.take("charwise/didChangeStatus")).kind != kind:
        pass
    return status


async def test_told(editor: Editor, daemon: ScriptedDaemon) -> None:
    """The editor is told what to show: learning with its percentage, pauses, failures, and that all is well."""
    await editor.begin(workspace_folders=[types.WorkspaceFolder("file:///p", "p")])
    editor.initialized(types.InitializedParams())
    assert "nothing is learned" in (await status_of(editor, "ready")).message
    event = {"kind": "training", "workspace": "/p", "state": "progress", "done": 0.43, "bpc": 2.1, "message": ""}
    daemon.push(event)
    learning = await status_of(editor, "learning")
    assert (learning.percent, learning.message, learning.busy) == (43, "2.10 bits per character", True)
    daemon.push({**event, "state": "paused", "message": "paused on battery"})
    assert (await status_of(editor, "paused")).message.startswith("paused on battery")
    daemon.push({**event, "state": "failed", "message": "no space left; free some"})
    assert "no space left; free some" in (await status_of(editor, "error")).message
    daemon.push(event)
    daemon.push({**event, "state": "finished"})
    await status_of(editor, "ready")
    daemon.push({"kind": "pause", "message": "paused by you"})
    assert (await status_of(editor, "paused")).percent is None
    daemon.push({"kind": "settings", "message": "minutes is 0; mend it"})
    assert (await status_of(editor, "error")).message == "minutes is 0; mend it"
    await daemon.drop()
    assert (await status_of(editor, "off")).busy
    await status_of(editor, "ready")


@pytest.mark.usefixtures("daemon")
async def test_wrong_options(editor: Editor) -> None:
    """The status says what is wrong with the options, and no longer when it is mended."""
    await editor.begin(initialization_options={"progress": 1})
    assert "progress is 1" in (await status_of(editor, "error")).message
    settings = {"charwise": {"progress": True}}
    editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
    await status_of(editor, "ready")
