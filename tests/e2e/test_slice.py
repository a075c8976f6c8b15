"""The whole way, every part real: files, trainer, daemon, language server, and an editor that types."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lsprotocol import types

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient, completion_of
from charwise_daemon.protocol import Complete, Open
from charwise_daemon.store import Store, name_for
from charwise_trainer.corpus import START
from tests.conftest import configure, daemon_pid, wait_for_end
from tests.lsp.conftest import Editor, replaced

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]

_INVOKED = types.InlineCompletionTriggerKind.Invoked
# A model that learns a little in seconds.
_TINY = ("--epochs", "6", "--layers", "1", "--width", "64", "--threads", "1")


class Typist:
    """An editor with one document open, and a cursor at its end."""

    def __init__(self, editor: Editor, path: Path, text: str) -> None:
        self.editor, self.uri, self.lines, self.version = editor, path.as_uri(), text.split("\n"), 1
        editor.open(self.uri, text)

    def type(self, text: str) -> None:
        """Insert text at the cursor, as one change."""
        here = (len(self.lines) - 1, len(self.lines[-1]))
        self.version += 1
        self.editor.change(self.uri, self.version, replaced(here, here, text))
        self.lines = "\n".join([*self.lines[:-1], self.lines[-1] + text]).split("\n")

    async def offered(self) -> str:
        """Return the line as it would be with the suggestion accepted, "" without one."""
        items = await self.editor.complete(self.uri, len(self.lines) - 1, len(self.lines[-1]), _INVOKED)
        if not items or not items[0].range:
            return ""
        assert isinstance(items[0].insert_text, str)
        return self.lines[-1][: items[0].range.start.character] + items[0].insert_text

    async def until_offered(self, beginning: str) -> float:
        """Return the seconds until a suggestion begins so: an editor asks at every key, and once more."""
        began = time.monotonic()
        while not (await self.offered()).startswith(beginning):  # noqa: ASYNC110 - nothing tells an editor to look again
            await asyncio.sleep(0.02)
        return time.monotonic() - began


@pytest.fixture
async def editor(home: Path) -> AsyncIterator[Editor]:
    """An editor without a folder yet, whose server is connected to a real daemon."""
    assert home
    editor = Editor()
    await editor.begin()
    editor.initialized(types.InitializedParams())
    yield editor
    assert await editor.end() == 0


def add_folder(editor: Editor, folder: Path) -> None:
    """Add a workspace folder, as a user does in an editor that runs."""
    event = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(folder.as_uri(), folder.name)], [])
    editor.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))


def charwise(*arguments: str) -> str:
    """Run the command and return what it printed."""
    command = [sys.executable, "-m", "charwise", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def sources(path: Path, text: bytes) -> list[str]:
    """Return the sources that answer a completion at the end of a text."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", text, 1, str(path)))
    completion = completion_of(await client.request("complete", Complete("d", 1, len(text), "invoked")))
    await client.close()
    return completion.sources


async def test_ghost_text_before_and_after_training(editor: Editor, project: Path) -> None:
    """Soon after a folder was added the memory answers, before any training; after training, the mix."""
    new = project / "new.py"
    typist = Typist(editor, new, "import textwrap\n\nwrapper = textwrap.")
    await typist.offered()  # the server is connected, as it is in an editor that runs
    add_folder(editor, project)
    typist.type("TextWr")
    await typist.until_offered("wrapper = textwrap.TextWrap")
    assert await sources(new, b"import textwrap\ntextwrap.TextWr") == ["corpus", "documents", "nearby", "habits"]

    await asyncio.to_thread(charwise, "train", str(project), *_TINY)
    typist.type("apper(width=70)\nother = textwrap.TextWr")
    await typist.until_offered("other = textwrap.TextWrap")
    assert await sources(new, b"import textwrap\ntextwrap.TextWr") == [
        "lstm",
        "corpus",
        "documents",
        "nearby",
        "habits",
    ]
    assert "torch" not in Path(f"/proc/{daemon_pid()}/maps").read_text()  # noqa: ASYNC240 - the system's, not a disk's


async def test_a_saved_file_changes_what_is_offered(editor: Editor, project: Path) -> None:
    """What is saved is recalled at once, and after the daemon has retrained by itself the LSTM knows it too."""
    line = "def reticulate_splines(spline_count, tolerance_in_millimetres):\n    return spline_count\n\n"
    charwise("train", str(project), *_TINY, "--epochs", "1")  # so that a slow machine learns more in a while
    client = await AsyncClient.connect("test")
    finished = asyncio.Event()

    def hear(_method: str, event: dict[str, Any]) -> None:
        if event["kind"] == "training" and event["state"] in {"finished", "failed"}:
            assert not event["message"]
            finished.set()

    client.on_notification = hear
    await client.request("subscribe")
    add_folder(editor, project)
    typist = Typist(editor, project / "new.py", "print(reticulate_splines(spline_count, tolerance_in_mi")
    before = bits_of_lstm(project, line)
    assert "millim" not in await typist.offered()

    (project / "splines.py").write_text(line * 200)
    await typist.until_offered("print(reticulate_splines(spline_count, tolerance_in_millim")

    configure("[training]\nminutes = 0.15\nsettle_seconds = 0.1\ncpu_share = 1.0\nniceness = 0\nthreads = 1\n")
    await restart_daemon(client)
    client = await AsyncClient.connect("test")
    client.on_notification = hear
    await client.request("subscribe")
    os.utime(project / "splines.py")  # saved once more, now that training is enabled
    (project / "splines.py").write_text(line * 201)
    await finished.wait()
    assert bits_of_lstm(project, line) < before - 0.3
    await typist.until_offered("print(reticulate_splines(spline_count, tolerance_in_millim")
    await client.close()


async def test_a_killed_daemon_comes_back(editor: Editor, project: Path) -> None:
    """While somebody types the daemon is killed: the server starts another one, and suggestions come back."""
    add_folder(editor, project)
    typist = Typist(editor, project / "new.py", "import textwrap\nwrapper = textwrap.TextW")
    await typist.until_offered("wrapper = textwrap.TextWrapp")
    for typed in "rap":
        pid = daemon_pid()
        os.kill(pid, signal.SIGKILL)
        typist.type(typed)
        assert isinstance(await typist.offered(), str)  # whether there is one or not, it is never an error
        wait_for_end(pid)
        await typist.until_offered("wrapper = textwrap.TextWrapp")
        assert daemon_pid() != pid


def bits_of_lstm(project: Path, text: str) -> float:
    """Return the bits per character that the stored LSTM alone needs for a text."""
    model = Store(paths.models_dir()).load(name_for(project))
    engine = model.engine
    state, bits = engine.read(engine.start(), START + b"splines.py\n"), list[float]()
    for character in text.encode():
        bits.append(-float(np.log2(engine.probabilities(state)[character])))
        state = engine.step(state, character)
    return float(np.mean(bits))


async def restart_daemon(client: AsyncClient) -> None:
    """Restart the daemon, so that it reads its settings anew."""
    pid = (await client.request("status"))["pid"]
    await client.close()
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(wait_for_end, pid)
