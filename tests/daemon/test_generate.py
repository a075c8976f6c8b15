"""Text that the LSTM writes on, from the engine and through the real daemon."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.engine import Engine
from charwise_daemon.errors import CharwiseError, InvalidRequestError, ModelError
from charwise_daemon.generate import generated
from charwise_daemon.protocol import Generate, Open, WorkspacePath
from charwise_daemon.store import Store, name_for
from charwise_trainer.config import ModelConfig
from charwise_trainer.text import END
from tests.conftest import MODULES
from tests.daemon.conftest import train_tiny

_TEXT = b"import textwrap\n\ndef wrap("


async def _text(engine: Engine, length: int, temperature: float = 0.8, seed: int = 1) -> list[bytes]:
    state = engine.read(engine.start(), _TEXT)
    return [piece async for piece in generated(engine, state, length, temperature, seed)]


async def test_generated(lstm: Engine) -> None:
    """A seed gives the same text again, another seed another; as long as was asked for."""
    first, again, other = [b"".join(await _text(lstm, 300, seed=seed)) for seed in (1, 1, 2)]
    assert first == again != other
    assert 300 <= len(first) <= 303
    assert b"".join(await _text(lstm, 40, 0.0, 1)) == b"".join(await _text(lstm, 40, 0.0, 2))


async def test_generated_is_valid(lstm: Engine) -> None:
    """However hot, every piece is UTF-8 and holds no control character that no text has."""
    pieces = [piece for seed in range(20) for piece in await _text(lstm, 500, 50.0, seed)]
    text = "".join(piece.decode() for piece in pieces)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    assert any(ord(character) > 0x7FF for character in text)


async def test_generated_is_as_long_as_asked() -> None:
    """Where the LSTM would end the file, the next best character comes instead."""

    class Ending(Engine):
        def __init__(self) -> None: ...

        def logits(self, _: Any) -> Any:
            return np.array([9.0 if byte == END[0] else 5.0 if byte == ord("x") else -9.0 for byte in range(256)])

        def step(self, state: Any, _: int) -> Any:
            return state

    pieces = [piece async for piece in generated(Ending(), np.zeros(1, np.float32), 20, 0.0, 1)]
    assert pieces == [b"xxxxxxxx", b"xxxxxxxx", b"xxxx"]


@pytest.mark.parametrize(("length", "temperature"), [(0, 1.0), (5, -1.0), (5, float("nan")), (5, float("inf"))])
async def test_generated_refuses(lstm: Engine, length: int, temperature: float) -> None:
    """What leads nowhere is said to."""
    with pytest.raises(InvalidRequestError, match="length"):
        await _text(lstm, length, temperature)


# --- through the daemon ----------------------------------------------------------------------------------
@pytest.fixture
def learned(home: Path, tmp_path: Path) -> Path:
    """A project with a model that has really learned it."""
    assert home
    train_tiny(tmp_path, ModelConfig(layers=1, width=32, embedding=16), 1)
    project = tmp_path / "project"
    shutil.copytree(tmp_path / "model", Store(paths.models_dir()).directory(name_for(project)))
    return project


class Writer:
    """A client whose document is written on."""

    def __init__(self, client: AsyncClient) -> None:
        self.client, self.events = client, asyncio.Queue[dict[str, Any]]()
        self.pieces = asyncio.Queue[dict[str, Any]]()
        client.on_notification = lambda _, event: self.events.put_nowait(event)

    @classmethod
    async def of(cls, project: Path) -> "Writer":
        """Return one whose project's model is served."""
        writer = cls(await AsyncClient.connect("test"))
        await writer.client.request("subscribe")
        await writer.client.request("workspace_add", WorkspacePath(str(project)))
        await writer.until("model", "memory")
        writer.client.notify("open", Open("d", _TEXT, 1, str(project / "new.py")))
        return writer

    async def until(self, *kinds: str) -> None:
        """Return when an event of each kind has come."""
        left = set(kinds)
        while left:
            left.discard((await self.events.get())["kind"])

    async def asks(self, **options: Any) -> Any:
        """Return the answer to `generate` at the document's end."""
        ask = Generate("d", 1, len(_TEXT), **options)
        return await self.client.request("generate", ask, on_part=self.pieces.put_nowait)

    def text(self) -> str:
        """Return what arrived so far."""
        return "".join(self.pieces.get_nowait()["text"] for _ in range(self.pieces.qsize()))


async def test_generate(learned: Path) -> None:
    """What is written arrives in pieces, before the answer; the seed that is told gives it again."""
    writer = await Writer.of(learned)
    answer = await writer.asks(length=200)
    text = writer.text()
    assert 0 < answer["characters"] == len(text.encode()) <= 203  # it may draw the end of a file before
    assert await writer.asks(length=200, seed=answer["seed"]) == answer
    assert writer.text() == text
    await writer.client.close()


async def test_generate_with_another_model(learned: Path) -> None:
    """Any stored model can be asked to write on; one that is not there is named."""
    store = Store(paths.models_dir())
    shutil.copytree(store.directory(name_for(learned)), store.directory("linux"))
    writer = await Writer.of(learned)
    answer = await writer.asks(length=40, temperature=0.0, model="linux")
    text = writer.text()
    assert await writer.asks(length=40, temperature=0.0, seed=answer["seed"]) == answer
    assert writer.text() == text  # it is the same model, and read the same text
    with pytest.raises(ModelError, match="there is no model windows"):
        await writer.asks(model="windows")
    await writer.client.close()


async def test_generate_cancelled(learned: Path) -> None:
    """Cancelled, it stops within a few characters; others are answered while it writes."""
    writer = await Writer.of(learned)
    writing = asyncio.create_task(writer.asks(length=10**9, temperature=0.0))  # which goes round in circles
    await writer.pieces.get()
    assert (await writer.client.request("status"))["documents"] == 1
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await writer.client.request("status")  # whatever was sent before has arrived now
    writer.text()
    await writer.client.request("status")
    assert not writer.text()
    await writer.client.close()


async def test_generate_without_a_model(home: Path) -> None:
    """Where nothing was learned yet, the error says what to do."""
    assert home
    writer = Writer(await AsyncClient.connect("test"))
    writer.client.notify("open", Open("d", _TEXT, 1))
    with pytest.raises(ModelError, match="charwise train"):
        await writer.asks()
    await writer.client.close()


# --- another model ---------------------------------------------------------------------------------------
async def test_another_model(learned: Path) -> None:
    """A workspace can have another model, and its own again; one that is not there changes nothing."""
    store, own = Store(paths.models_dir()), name_for(learned)
    shutil.copytree(store.directory(own), store.directory("linux"))
    writer = await Writer.of(learned)
    assert [each["name"] for each in await writer.client.request("models")] == ["linux", own]
    chosen = {"path": str(learned), "model": "linux"}
    assert await writer.client.request("workspace_model", chosen) == {
        **chosen,
        "lines": False,
        "base": True,
        "quick": False,
    }
    await writer.until("model")
    [workspace] = (await writer.client.request("status"))["workspaces"]
    assert workspace["model"] == "linux"
    with pytest.raises(ModelError, match="there is no model windows; stored are linux"):
        await writer.client.request("workspace_model", {**chosen, "model": "windows"})
    assert (await writer.client.request("workspace_model", {"path": str(learned)}))["model"] == own
    with pytest.raises(CharwiseError, match="is no workspace"):
        await writer.client.request("workspace_model", {"path": "/nowhere"})
    await writer.client.close()


async def test_models_for_a_workspace(learned: Path, tmp_path: Path) -> None:
    """What a workspace can have: its own first, which need not be trained yet, and which of them it has."""
    store, own, new = Store(paths.models_dir()), name_for(learned), tmp_path / "new"
    new.mkdir()
    shutil.copytree(store.directory(own), store.directory("linux"))
    writer = await Writer.of(learned)

    async def told(folder: Path) -> list[tuple[str, bool, bool]]:
        found = await writer.client.request("models", {"path": str(folder)})
        return [(each["name"], each["own"], each["used"]) for each in found]

    assert await told(learned) == [(own, True, True), ("linux", False, False)]
    await writer.client.request("workspace_add", {"path": str(new)})
    await writer.client.request("workspace_model", {"path": str(new), "model": "linux"})
    assert await told(new) == [(name_for(new), True, False), ("linux", False, True), (own, False, False)]
    await writer.client.request("workspace_model", {"path": str(new), "model": name_for(new)})
    assert (await told(new))[0] == (name_for(new), True, True)
    await writer.client.close()


# --- forgetting ------------------------------------------------------------------------------------------
async def test_forget_file(learned: Path) -> None:
    """A forgotten file is ignored from now on, and the model that has learned it is gone."""
    writer, model = await Writer.of(learned), Store(paths.models_dir()).directory(name_for(learned))
    file = learned / "textwrap.py"
    status = await writer.client.request("forget_file", {"path": str(file)})
    assert status["step"] is None
    assert not (model / "current").exists()
    await writer.until("memory")
    [workspace] = (await writer.client.request("status"))["workspaces"]
    assert (workspace["files"], workspace["left_out"]) == (len(MODULES), 1)  # the ignore file is one of them
    assert (learned / ".charwiseignore").read_text() == "/textwrap.py\n"
    with pytest.raises(ModelError):
        await writer.asks()
    await writer.client.close()


async def test_forget_file_that_is_taken_back(learned: Path) -> None:
    """Where another ignore file wins it is said that the file is learned all the same."""
    (learned / "sub").mkdir()
    (learned / "sub" / ".charwiseignore").write_text("!*.py\n")
    (learned / "sub" / "own.py").write_text("x = 1\n")
    writer = await Writer.of(learned)
    with pytest.raises(CharwiseError, match="would be learned all the same"):
        await writer.client.request("forget_file", {"path": str(learned / "sub" / "own.py")})
    await writer.client.close()


async def test_forget_file_of_workspaces_in_each_other(learned: Path) -> None:
    """The models of all workspaces that a file lies in are gone, in use or not, and what typing has taught them."""
    inner, store = learned / "sub", Store(paths.models_dir())
    inner.mkdir()
    (inner / "own.py").write_text("x = 1\n")
    writer = await Writer.of(learned)
    await writer.client.request("workspace_release", {"path": str(learned)})
    await writer.client.request("workspace_add", {"path": str(inner)})
    typed = store.directory(name_for(inner)) / "adaptation.json"
    typed.parent.mkdir()
    typed.write_text("{}")
    await writer.client.request("forget_file", {"path": str(inner / "own.py")})
    assert not store.has(name_for(learned))
    assert not typed.exists()
    await writer.client.close()


@pytest.mark.parametrize("path", ["/nowhere/x.py", "relative.py"])
async def test_forget_file_of_no_workspace(home: Path, path: str) -> None:
    """What was never learned cannot be forgotten."""
    assert home
    client = await AsyncClient.connect("test")
    with pytest.raises(CharwiseError, match=r"in no workspace|no absolute path"):
        await client.request("forget_file", {"path": path})
    await client.close()


async def test_forget_a_workspace_of_one_file(home: Path, project: Path) -> None:
    """A workspace that is a file is forgotten as a workspace, and the error says so."""
    assert home
    client = await AsyncClient.connect("test")
    path = str(project / "textwrap.py")
    await client.request("workspace_add", WorkspacePath(path))
    with pytest.raises(CharwiseError, match="charwise workspace forget"):
        await client.request("forget_file", {"path": path})
    await client.close()


async def test_changed(home: Path, project: Path) -> None:
    """A client's word that a file has changed is taken, and of what cannot be learned nothing is."""
    assert home
    client = await AsyncClient.connect("test")
    await client.request("workspace_add", WorkspacePath(str(project)))
    await client.request("changed", {"paths": [str(project / "stat.py"), "/nowhere/else.py"]})
    with pytest.raises(CharwiseError, match="no absolute path"):
        await client.request("changed", {"paths": ["stat.py"]})
    await client.close()
