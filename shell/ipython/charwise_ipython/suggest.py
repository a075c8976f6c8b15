"""Ghost text for prompt_toolkit: what the daemon suggests after the text that was typed.

    session = PromptSession(auto_suggest=CharwiseAutoSuggest("python"))

prompt_toolkit's own keys accept it: Right, Ctrl-F and Ctrl-E all of it, Alt-F a word.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion

from charwise_ipython.connection import Connection

if TYPE_CHECKING:
    from prompt_toolkit.buffer import Buffer
    from prompt_toolkit.document import Document

# A daemon answers in milliseconds. What one that is busy answers later is still shown, where nothing was typed since.
_PATIENCE_SECONDS = 5.0
# What is longer was pasted; the daemon neither completes nor learns it.
_LONGEST = 4096


class CharwiseAutoSuggest(AutoSuggest):
    """What the daemon suggests; where there is none, or it may not, what another suggests.

    Args:
        shell: as which kind of shell the daemon knows this prompt, for which `charwise shell enable` was said.
        other: the other, which knows nothing of this one.
    """

    def __init__(self, shell: str = "python", other: AutoSuggest | None = None) -> None:
        self._connection = Connection(shell)
        self._other = other
        self._text = self._ghost = self._number = ""  # what is shown after which text, and the ID of its request
        self._connection.look()

    def __repr__(self) -> str:
        return f"CharwiseAutoSuggest({self._connection})"

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Return what the other suggests: prompt_toolkit asks for ours by the coroutine below."""
        return self._other.get_suggestion(buffer, document) if self._other else None

    async def get_suggestion_async(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Return what to show after the cursor, where that is at the text's end."""
        self._connection.look()
        if not self._connection.is_on:
            return await self._other.get_suggestion_async(buffer, document) if self._other else None
        text = document.text
        if not document.is_cursor_at_the_end or len(text) > _LONGEST:
            return None
        ghost = self._typed_along(text)
        number, answer = self._connection.ask(_directory(), text)
        if ghost:  # at once; the daemon's answer is the same, and tells that it knows
            self._text, self._ghost = text, ghost
            answer.add_done_callback(lambda _: self._is_known_as(number, text))
        else:
            ghost = await _in_time(answer, buffer)
            self._text, self._ghost, self._number = text, ghost, number
        return Suggestion(ghost) if ghost else None

    def ran(self, command: str, *, is_well: bool = True, directory: str | None = None) -> None:
        """Tell that something was run at the prompt, and whether it went well; it is learned if the user allows it."""
        self._connection.look()
        if self._connection.is_on and len(command) <= _LONGEST:
            status = "0" if is_well else "1"
            self._connection.send("ran", directory or _directory(), "", status, command)
        self._text = self._ghost = ""

    def close(self) -> None:
        """Leave the daemon."""
        self._connection.close()

    def _typed_along(self, text: str) -> str:
        """Return the rest of what is shown, where the text goes on along it."""
        typed = text[len(self._text) :]
        if not typed or not text.startswith(self._text) or not self._ghost.startswith(typed):
            return ""
        if len(typed) > 1:  # not by keys: those come one by one
            self._connection.send("accepted", self._number, str(len(typed)))
        return self._ghost[len(typed) :]

    def _is_known_as(self, number: str, text: str) -> None:
        if text == self._text:
            self._number = number


async def _in_time(answer: asyncio.Future[str], buffer: Buffer) -> str:
    """Return the answer, "" where the text changes first: prompt_toolkit asks again only when this has returned."""
    changed = asyncio.get_running_loop().create_future()

    def change(_: Buffer) -> None:
        if not changed.done():
            changed.set_result(None)

    buffer.on_text_changed += change
    try:
        await asyncio.wait({answer, changed}, timeout=_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else ""
    finally:
        buffer.on_text_changed -= change
        answer.cancel()


def _directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - at each key
    except OSError:  # it was removed
        return ""
