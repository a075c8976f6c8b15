"""The prequential score: what is saved is typed in again, by the predictor as it was before it learned it.

So each day tells how well new text of the user's own was predicted, and nothing of that can have been learned by heart.
It is done when nobody has typed for a while, a character at a time, and waits as soon as somebody does. Knows no
sockets.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.documents import Document, Documents
from charwise_daemon.features import SOURCES
from charwise_daemon.ledger import Ledger
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.region import Region
from charwise_daemon.saved import Saved, typed_regions
from charwise_daemon.shard import Shard

log = logging.getLogger(__name__)

# Without a key for so long, nobody waits for anything.
_QUIET_SECONDS = 2.0
# Characters of what was saved together, and of a day: seconds of computing, and minutes at most.
_MOST_PER_SAVE, _MOST_PER_DAY = 2_000, 50_000
# Saved files that wait; each keeps the memory of its time. The oldest is dropped, and who waited for so long.
_MOST_WAITING, _LONGEST_WAIT = 8, 600.0
# What a source is charged for a character that it held impossible: 30 bits, as in the gate's fitting.
_LEAST_CHANCE = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Waiting:
    workspace: str
    saved: Saved
    predictor: Predictor  # as it was before it could learn this
    room: int  # characters that may be scored
    since: float


class Scoring:
    """Scores what is saved while nobody types.

    Args:
        ledger: where the scores go.
        quiet: seconds without a key before it goes on.
    """

    def __init__(self, ledger: Ledger, quiet: float = _QUIET_SECONDS) -> None:
        self._ledger, self._quiet = ledger, quiet
        self._waiting: dict[tuple[str, str], _Waiting] = {}  # by workspace and file, the oldest first
        self._typed_at = -float("inf")
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Scoring({len(self._waiting)} files wait)"

    def saved(self, workspace: str, files: Sequence[tuple[Saved, Predictor]]) -> None:
        """Take files that were saved together, each with what predicts it before it is learned."""
        room, now = _MOST_PER_SAVE // max(1, len(files)), time.monotonic()
        for saved, predictor in files:
            key = (workspace, saved.name)
            if before := self._waiting.get(key):  # saved again before it was scored: both changes are one
                self._waiting[key] = replace(before, saved=replace(before.saved, after=saved.after))
            else:
                self._waiting[key] = _Waiting(workspace, saved, predictor, room, now)
        while len(self._waiting) > _MOST_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._waiting and self._task is None:
            self._task = asyncio.create_task(self._run())

    def typed(self) -> None:
        """Note a key, or any request that somebody waits for."""
        self._typed_at = time.monotonic()

    def forget(self, workspace: str) -> None:
        """Drop what waits of a workspace: its memory is to be freed."""
        for key in [key for key in self._waiting if key[0] == workspace]:
            del self._waiting[key]

    async def close(self) -> None:
        """Score no more."""
        self._waiting.clear()
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._until_quiet()
                if self._waiting:
                    await self._score(self._waiting.pop(next(iter(self._waiting))))
        except Exception:  # the task's edge: nobody awaits it, and what is saved next begins it anew
            log.exception("scoring what was saved failed")
        finally:
            self._task = None

    async def _score(self, waiting: _Waiting) -> None:
        if time.monotonic() > waiting.since + _LONGEST_WAIT:
            return
        room = min(waiting.room, _MOST_PER_DAY - self._ledger.scored_today())
        for region in await asyncio.to_thread(typed_regions, waiting.saved):
            if room <= 0:
                return
            part = replace(region, typed=region.typed[:room])
            await self._type(waiting, part)
            room -= len(part.typed)

    async def _type(self, waiting: _Waiting, region: Region) -> None:
        """Type a region character by character, and tell what was known before each."""
        documents, document = Documents(), Document((None, region.name), region.name, region.before + region.after, 0)
        document.name_it(region.name)
        documents.open(document)
        if (text := document.recall.begin_sorting(document.text)) is not None:
            document.recall.end_sorting(await asyncio.to_thread(Shard, text))
        chances, mixed = [], []
        for step in _steps(waiting.predictor, documents, document, region):
            if step:
                position, character = step
                chances.append(position.distributions[:, character])
                mixed.append(position.probabilities[character])
            await self._until_quiet()
        self._tell(waiting.workspace, np.array(chances), np.array(mixed))

    async def _until_quiet(self) -> None:
        """Let others run; go on when nobody has typed for a while."""
        await asyncio.sleep(0)
        while (left := self._typed_at + self._quiet - time.monotonic()) > 0:  # noqa: ASYNC110 - a time is waited for
            await asyncio.sleep(left)

    def _tell(self, workspace: str, chances: Floats, mixed: Floats) -> None:
        """Take what each source (n, K), and their mix (n,), gave the characters that came to the ledger."""
        bits = {}
        for source, given in (*zip(SOURCES, chances.T, strict=True), ("mix", mixed)):
            if given.any():  # else there was no such source: no LSTM before its first checkpoint
                bits[source] = (len(given), float(-np.log2(np.maximum(given, _LEAST_CHANCE)).sum()))
        self._ledger.score(workspace, bits)


def _steps(
    predictor: Predictor, documents: Documents, document: Document, region: Region
) -> Iterator[tuple[Position, int] | None]:
    """Yield each character of the region with the position before it, and None after a bit of other work.

    The document grows line by line, as in region.type_region; what is still to be typed has never been in it.
    """
    offset = len(region.before)
    for line in region.typed.splitlines(keepends=True):
        state, engine = None, predictor.engine
        for latest in document.snapshots.read(engine, document.text, offset) if engine else ():
            state = latest
            yield None
        memory = documents.memory_for(document, offset)
        position = predictor.at(state, document.context(offset), memory)
        for number, character in enumerate(line):
            yield position, character
            if number < len(line) - 1:
                position = predictor.step(position, character)
        document.apply([[offset, offset, line]], document.version + 1)
        offset += len(line)
