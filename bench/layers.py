"""Editors that speak to the parts below the language server, with the same methods as editor.Editor.

`InProcess` asks document, predictor and completer themselves; `OnSocket` asks the daemon. Text is ASCII here.
"""

from pathlib import Path
from typing import Any, Protocol

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.completer import PRICE, complete
from charwise_daemon.documents import Document, Documents
from charwise_daemon.fitting import Surroundings
from charwise_daemon.gate import Gate
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.protocol import Close, Complete, Edit, Focus, Open
from charwise_daemon.search import Limits
from charwise_daemon.store import Store, name_for
from charwise_trainer.corpus import discover, encode


class Typable(Protocol):
    """What is typed into: one document with a cursor."""

    def open(self, path: Path, before: str, after: str) -> None:
        """Open a document with the cursor between two parts of its text."""

    def close(self) -> None:
        """Close it."""

    def move(self, before: str) -> None:
        """Put the cursor after this part of the text."""

    def insert(self, text: str) -> None:
        """Type or paste at the cursor."""

    def erase(self, text: str) -> None:
        """Take back this text before the cursor."""

    async def suggestion(self, *, invoked: bool = False) -> str:
        """Return what would be shown."""


class InProcess:
    """Engine, memories and completer in this process, over the corpus of a project and its model."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor, self._documents = predictor, Documents()
        self._document, self._offset = Document((None, ""), "", b"", 0), 0

    @classmethod
    def of(cls, project: Path) -> "InProcess":
        """Return one that serves a project as the daemon does, with the model stored for it."""
        model = Store(paths.models_dir()).load(name_for(project))
        texts = {file.name: encode(file) for file in discover(project).files}
        return cls(Predictor(model.engine, Gate(model.gate) if model.gate else None, CorpusMemory.build(texts).memory))

    def open(self, path: Path, before: str, after: str) -> None:
        """Open a document."""
        self._document = Document((None, str(path)), str(path), (before + after).encode(), 0)
        self._document.name_it(path.name)
        self._documents.open(self._document)
        self.move(before)

    def close(self) -> None:
        """Close it."""
        self._documents.close(self._document.key)

    def move(self, before: str) -> None:
        """Move the cursor."""
        self._offset = len(before)

    def insert(self, text: str) -> None:
        """Insert."""
        self._replace(self._offset, self._offset, text)

    def erase(self, text: str) -> None:
        """Erase."""
        self._replace(self._offset - len(text), self._offset, "")

    def _replace(self, start: int, end: int, text: str) -> None:
        self._document.apply([[start, end, text.encode()]], self._document.version + 1)
        self._offset = start + len(text)

    async def suggestion(self, *, invoked: bool = False) -> str:
        """Search."""
        *_, drafts = complete(*self.place(), price=0.0 if invoked else PRICE)
        return drafts[0].text.decode() if drafts else ""

    def place(self) -> tuple[Predictor, Position, Limits, Surroundings]:
        """Return what a search at the cursor begins with."""
        document, predictor, offset = self._document, self._predictor, self._offset
        assert predictor.engine
        *_, state = document.snapshots.read(predictor.engine, document.text, offset)
        memory = self._documents.memory_for(document, offset)
        position = predictor.at(state, document.context(offset), memory)
        return predictor, position, Limits(), Surroundings.of(document.text, offset)


class OnSocket:
    """A client of the daemon, as a plugin that speaks to it directly."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client
        self._name, self._version, self._offset = "", 0, 0

    def open(self, path: Path, before: str, after: str) -> None:
        """Open a document."""
        self._name, self._version = str(path), self._version + 1
        self._client.notify("open", Open(self._name, (before + after).encode(), self._version, str(path)))
        self.move(before)

    def close(self) -> None:
        """Close it."""
        self._client.notify("close", Close(self._name))

    def move(self, before: str) -> None:
        """Move the cursor, which the daemon is not told."""
        self._offset = len(before)

    def focus(self) -> None:
        """Tell the daemon where the cursor is."""
        self._client.notify("focus", Focus(self._name, self._offset))

    def insert(self, text: str) -> None:
        """Insert."""
        self._replace(self._offset, self._offset, text)

    def erase(self, text: str) -> None:
        """Erase."""
        self._replace(self._offset - len(text), self._offset, "")

    def _replace(self, start: int, end: int, text: str) -> None:
        self._version += 1
        self._client.notify("edit", Edit(self._name, [[start, end, text.encode()]], self._version))
        self._offset = start + len(text)

    async def suggestion(self, *, invoked: bool = False) -> str:
        """Ask."""
        ask = Complete(self._name, self._version, self._offset, "invoked" if invoked else "automatic")
        found: dict[str, Any] = await self._client.request("complete", ask)
        suggestions = found["suggestions"]
        return str(suggestions[0]["text"]) if suggestions else ""
