"""What a request was answered, for as long as its text is typed: the rest is the answer then, as it was, unsearched.

An offer holds while edits stay between the place where it was made and the end of what was typed since. Deleting what
was typed brings the rest back. Knows no documents and no predictor.
"""

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from charwise_daemon.completer import Draft
from charwise_daemon.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Generator

# What editors put in when the first half is typed.
_PAIRS = frozenset({b"()", b"[]", b"{}", b"<>", b'""', b"''", b"``", b"$$"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: drafts, best first, and the predictor's sources that took part."""

    drafts: list[Draft]
    sources: list[str]


@dataclass(frozen=True, slots=True)
class After:
    """What will be found once an offer was typed whole: the text then, the states along it, and the answer."""

    text: bytes | bytearray
    snapshots: Snapshots
    found: Found


class Offer:
    """Drafts at a place of a document, and how much was typed there since.

    Args:
        start: where they were offered.
        drafts: by the ids that their suggestions have, best first; at least one.
        asked: what the client asked for; who asks for something else is not answered with this.
        sources: the predictor's sources that took part.
    """

    def __init__(self, start: int, drafts: dict[int, Draft], asked: Any, sources: list[str]) -> None:
        self._start, self._drafts = start, drafts
        self.asked, self.sources = asked, sources
        self.after: After | None = None
        self.search: Generator[Any, None, None] | None = None  # for `after`, which it sets at its end
        self.awaited_since = math.inf  # when a request came that waits for `search`
        self._typed = 0
        self._shown = next(iter(drafts))

    def __repr__(self) -> str:
        return f"Offer({self._drafts[self._shown].text!r} at {self._start}, {self._typed} typed)"

    def __contains__(self, suggestion: int) -> bool:
        return suggestion in self._drafts

    @property
    def place(self) -> int:
        """Where the cursor is while this is typed."""
        return self._start + self._typed

    def end(self) -> None:
        """End the search: it holds the offer as the offer holds it, and a copy of the document besides."""
        if self.search:
            self.search.close()
            self.search = None

    def waited(self) -> float:
        """Return how long somebody has waited for `search`, in seconds: in the background it has all the time."""
        return max(0.0, time.monotonic() - self.awaited_since)

    def show(self, suggestion: int) -> None:
        """Note which draft the user sees."""
        if suggestion in self:
            self._shown = suggestion

    def edited(self, start: int, end: int, length: int) -> bool:
        """Take over that [start, end) was replaced by `length` characters; return whether the offer still holds."""
        holds = self._start <= start <= end <= self.place
        self._typed += length - (end - start)
        return holds

    def contradicted(self, text: bytes | bytearray) -> int | None:
        """Return the suggestion that is seen where something else was typed; what goes on after all of it is not."""
        typed, draft = bytes(text[self._start : self.place]), self._drafts[self._shown].text
        if typed[-2:] in _PAIRS:
            typed = typed[:-1]
        return None if draft.startswith(typed) or typed.startswith(draft) else self._shown

    def rest(self, text: bytes | bytearray, offset: int) -> dict[int, Draft] | None:
        """Return what is left of the drafts at an offset of the text.

        Returns:
            An empty map where the shown draft was typed whole, None where it was not what was typed.
        """
        typed = bytes(text[self._start : offset])
        if offset != self.place or not self._drafts[self._shown].text.startswith(typed):
            return None
        left = {number: _cut(draft, len(typed)) for number, draft in self._drafts.items() if _goes_on(draft, typed)}
        inside = any(draft.text[0] & 0xC0 == 0x80 for draft in left.values())  # a code point
        return None if inside else left


def _goes_on(draft: Draft, typed: bytes) -> bool:
    return len(draft.text) > len(typed) and draft.text.startswith(typed)


def _cut(draft: Draft, length: int) -> Draft:
    return Draft(draft.text[length:], draft.probabilities[length:], draft.benefit)
