"""A typist with a stopwatch: types, jumps, undoes, pastes and opens in any layer, and notes how long each answer takes.

A key that the suggestion shown foresaw is noted apart from one that wants a new search: the daemon answers the first
with the rest of what it said. They are told apart from outside, by what is shown before and after the key.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from layers import InProcess, OnSocket, Typable
from material import Draft, draft, text

# What is noted.
ALONG, SEARCHED, OPENED, JUMPED, FORESEEN, UNDONE, PASTED = (
    "typed along the suggestion",
    "typed, new search",
    "open to first suggestion",
    "jump, unforeseen",
    "jump, after focus",
    "undo of 20 characters",
    "paste of 10 kB",
)
_UNDONE, _PASTED = 20, 10_000
# Seconds from a jump, which the editor tells, to a typist's next key.
_NOTICED = 0.25

Milliseconds = defaultdict[str, list[float]]


class Typist:
    """Works in one editor; `noted` has the milliseconds of each kind of act."""

    def __init__(self, editor: Typable, project: Path, pace: float = 0.0) -> None:
        self._editor, self._project, self._pace = editor, project, pace
        self._goes_on = not isinstance(editor, InProcess)  # which searches at each key
        self.noted: Milliseconds = defaultdict(list)

    async def work(self, size: int, number: int, keys: int, jumps: int) -> None:
        """Open the document of this size and number and do everything in it once."""
        document, editor = draft(self._project, size, number), self._editor

        async def opened() -> str:
            editor.open(document.path, document.before, document.after)
            return await editor.suggestion(invoked=True)

        await self._time(OPENED, opened)
        typed = document.typed[:keys]
        await self.type(typed)
        await self._undo(typed)
        await self._paste(text(_PASTED, size + number))
        await self._jump(document.before + typed, random.Random(number), jumps)
        editor.close()

    async def type(self, characters: str) -> None:
        """Type, each key as soon as the answer to the last is there, or at the pace if that is later."""
        shown, due = await self._editor.suggestion(), time.perf_counter()
        for character in characters:
            due = max(due + self._pace, time.perf_counter())
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            began = time.perf_counter()
            self._editor.insert(character)
            after = await self._editor.suggestion()
            foreseen = self._goes_on and len(shown) > 1 and shown[0] == character and after == shown[1:]
            self.noted[ALONG if foreseen else SEARCHED].append(1000 * (time.perf_counter() - began))
            shown = after

    async def key(self, what: str, character: str) -> None:
        """Type one character, noting it as this."""

        async def pressed() -> str:
            self._editor.insert(character)
            return await self._editor.suggestion()

        await self._time(what, pressed)

    async def _undo(self, typed: str) -> None:
        line = typed.rpartition("\n")[2]
        back = line[-_UNDONE:]

        async def undone() -> str:
            self._editor.erase(back)
            return await self._editor.suggestion()

        if back:
            await self._time(UNDONE, undone)
            self._editor.insert(back)
            await self._editor.suggestion()

    async def _paste(self, pasted: str) -> None:
        async def done() -> str:
            self._editor.insert("\n" + pasted)
            return await self._editor.suggestion()

        await self._time(PASTED, done)

    async def _jump(self, before: str, chance: random.Random, count: int) -> None:
        places = [chance.randrange(len(before) + 1) for _ in range(2 * count)]
        for place in places[:count]:
            self._editor.move(before[:place])
            await self._time(JUMPED, self._invoked)
        if isinstance(self._editor, OnSocket):
            for place in places[count:]:
                self._editor.move(before[:place])
                self._editor.focus()
                await asyncio.sleep(_NOTICED)
                await self._time(FORESEEN, self._invoked)

    async def _invoked(self) -> str:
        return await self._editor.suggestion(invoked=True)

    async def _time(self, what: str, act: Callable[[], Awaitable[str]]) -> None:
        began = time.perf_counter()
        await act()
        self.noted[what].append(1000 * (time.perf_counter() - began))


async def timed_keys(editor: Typable, document: Draft, count: int) -> list[float]:
    """Open a document and type in it as fast as answers come; return the milliseconds of each."""
    editor.open(document.path, document.before, document.after)
    await editor.suggestion()
    typist = Typist(editor, document.path.parent)
    for character in document.typed[:count]:
        await typist.key(SEARCHED, character)
    return typist.noted[SEARCHED]
