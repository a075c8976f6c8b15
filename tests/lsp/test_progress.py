"""Training in the editor's display; what an editor sees of a whole training is in test_trouble.py."""

import asyncio
import json
from typing import Any

import pytest
from lsprotocol import types

from charwise_lsp.progress import TrainingProgress, describe, percentage
from charwise_lsp.server import CharwiseServer


class Wire:
    """What the server writes, and the editor's answers to it."""

    def __init__(self) -> None:
        self.server = CharwiseServer()
        self.server.protocol.set_writer(self, include_headers=False)
        self.progress = TrainingProgress(self.server)
        self.sent: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.sent.append(json.loads(data))

    def close(self) -> None:
        pass

    async def answer(self, error: types.ResponseError | None = None) -> None:
        """Let the server ask the editor for a bar, and answer as the editor."""
        await asyncio.sleep(0)  # the bar's task asks in its first step
        request = self.sent.pop()
        assert request["method"] == types.WINDOW_WORK_DONE_PROGRESS_CREATE
        if error:
            answer: Any = types.ResponseErrorMessage(id=request["id"], error=error)
        else:
            answer = types.WorkDoneProgressCreateResponse(id=request["id"], result=None)
        self.server.protocol.handle_message(answer)
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    def show(self, state: str, done: float = 0.0) -> None:
        self.progress.show({"workspace": "/a/project", "state": state, "done": done, "message": state})


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"bpc": 1.931, "seconds_left": 100.0}, "1.93 bits per character, 2 min left"),
        ({"bpc": 1.5, "seconds_left": 59.2}, "1.50 bits per character, 60 s left"),
        ({"bpc": None, "seconds_left": 5400.0}, "1.5 h left"),
        ({"state": "paused", "bpc": 2.0}, "paused, 2.00 bits per character"),
        (
            {"state": "paused", "message": "paused while you type", "bpc": 2.0},
            "paused while you type, 2.00 bits per character",
        ),
        ({"state": "finished", "bpc": 1.5, "seconds_left": 0.0}, "1.50 bits per character"),
        ({"state": "failed", "message": "the disk is full"}, "the disk is full"),
        ({}, ""),
    ],
)
def test_describe(event: dict[str, Any], words: str) -> None:
    """An event is told in the words that a person wants: how well it goes and how long it takes."""
    assert describe(event) == words


@pytest.mark.parametrize(("done", "percent"), [(None, 0), (0.426, 43), (1.2, 100), (-0.1, 0)])
def test_percentage(done: float | None, percent: int) -> None:
    """Whatever arrives, the percentage is one."""
    assert percentage({"done": done}) == percent


class TestTrainingProgress:
    async def test_latest(self, wire: Wire) -> None:
        """What happened while the editor made up its mind is in the begin."""
        wire.show("started")
        wire.show("progress", 0.5)
        await wire.answer()
        [begin] = wire.sent
        assert begin["params"]["value"]["percentage"] == 50

    async def test_refused(self, wire: Wire) -> None:
        """An editor that refuses is not sent any, and not asked again during this training."""
        wire.show("started")
        await wire.answer(types.ResponseError(-32601, "no such method"))
        wire.show("progress", 0.5)
        wire.show("finished", 1.0)
        assert not wire.sent
        assert repr(wire.progress) == "<TrainingProgress of 0 workspaces>"

    async def test_over_before_it_began(self, wire: Wire) -> None:
        """A training that ended before the editor agreed never begins."""
        wire.show("started")
        wire.show("failed")
        await wire.answer()
        assert not wire.sent
        assert not wire.server.work_done_progress.tokens

    @pytest.mark.parametrize("state", ["saved", "paused", "finished", "failed"])
    async def test_nothing_to_show(self, wire: Wire, state: str) -> None:
        """An event of a training whose begin nobody saw, and that does not go on, shows nothing."""
        wire.show(state)
        assert not wire.progress._bars
