"""A client that types into one document, and predictors that can be counted on."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

from charwise_daemon import paths
from charwise_daemon.completer import Draft
from charwise_daemon.completions import Completions
from charwise_daemon.documents import Document
from charwise_daemon.engine import Engine
from charwise_daemon.memory import Memory
from charwise_daemon.models import Models
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.protocol import Complete, Completion, Suggestion
from charwise_daemon.settings import CompletionSettings, CorpusSettings
from charwise_daemon.store import Store
from charwise_daemon.workspaces import Workspaces
from tests.daemon.counting import Counting
from tests.daemon.texts import CONNECTIONS

LEARNED = (
    CONNECTIONS
    + b"""def read_lines(connection, encoding="utf-8"):
    # na\xc3\xafve: a caf\xc3\xa9 costs \xe2\x82\xac 5
    for line in connection.read().decode(encoding).splitlines():
        yield line
"""
)
TEXT = b"import socket\n\ndef open_conn"
UNHURRIED = CompletionSettings(time_limit_ms=1e9, eagerness=1.0)


class Still(Predictor):
    """A predictor that learns nothing of what is typed, so that the same question has the same answer."""

    def learn(self, position: Position, character: int) -> None:
        pass


class Watched(Still, Counting):
    """A predictor that counts its steps, and can do something at one of them."""

    def __init__(self, engine: Engine | None) -> None:
        super().__init__(engine, corpus=Memory.of(LEARNED * 3))
        self.at_step: Callable[[int], None] = lambda _: None

    def step(self, position: Position, character: int) -> Position:
        stepped = super().step(position, character)
        self.at_step(self.steps)
        return stepped

    async def until(self, steps: int) -> None:
        """Return after so many steps."""
        reached = asyncio.Event()
        self.at_step = lambda number: reached.set() if number == steps else None
        await reached.wait()


class Typist:
    """A client with one document, and its cursor."""

    def __init__(self, predictor: Predictor, text: bytes = TEXT, chosen: CompletionSettings = UNHURRIED) -> None:
        store = Store(paths.models_dir())
        workspaces = Workspaces(paths.workspaces_file(), Models(store), CorpusSettings(), lambda _: None, lambda: None)
        self.completions, self._predictor = Completions(chosen, workspaces), predictor
        self.completions._nobodys = predictor
        self.completions.open(Document(("me", "d"), "/nowhere/d.py", text, 1))
        self.cursor = len(text)

    @property
    def document(self) -> Document:
        return self.completions.documents.get(("me", "d"))

    def edit(self, start: int, end: int, text: bytes) -> None:
        self.completions.edit(self.document, [[start, end, text]], self.document.version + 1)
        self.cursor = start + len(text)

    def type(self, text: bytes) -> None:
        self.edit(self.cursor, self.cursor, text)

    def delete(self, length: int) -> None:
        self.edit(max(0, self.cursor - length), self.cursor, b"")

    def ask(self, **limits: Any) -> Completion | asyncio.Task[Completion]:
        """Ask at the cursor; an answer that needs no search is there at once."""
        return self.completions.complete(self.document, Complete("d", self.document.version, self.cursor, **limits))

    async def asked(self, **limits: Any) -> Completion:
        """Return the answer at the cursor."""
        answer = self.ask(**limits)
        return await answer if isinstance(answer, asyncio.Task) else answer

    async def rest(self) -> None:
        """Return when nothing is done in the background any more."""
        while worker := self.completions.background._worker:
            await asyncio.wait([worker])

    async def fresh(self, **limits: Any) -> Completion:
        """Return what another client is answered that has just opened the same text."""
        other = Typist(self._predictor, bytes(self.document.text))
        other.cursor = self.cursor
        return await other.asked(**limits)


def plain(completion: Completion) -> tuple[Any, ...]:
    """Return an answer without what differs from one request to the next."""
    return completion.sources, [dataclasses.replace(each, id=0) for each in completion.suggestions]


def first(completion: Completion) -> Suggestion:
    return completion.suggestions[0]


def left(offered: Suggestion, typed: int) -> Suggestion:
    """Return what is left of a suggestion after so many of its characters were typed."""
    draft = Draft(offered.text[typed:].encode(), tuple(offered.probabilities[typed:]), offered.benefit)
    return Suggestion(offered.id, draft.text.decode(), list(draft.probabilities), draft.benefit, draft.confident)
