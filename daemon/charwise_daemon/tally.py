"""What became of suggestions, each counted once, however long its rest was typed through.

What clients tell and what is typed say it: a suggestion was shown, accepted in whole or in part, dismissed, or read and
something else was typed. It goes to the ledger, and what the user has decided on goes to the feedback. Knows no
documents.
"""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from charwise_daemon.completer import Draft
from charwise_daemon.journal import Journal

# A suggestion is accepted or not soon after it was shown; what is told of older ones is not counted.
_MOST = 256
# What one key puts in: a code point, a line end with indentation, a bracket or quote with its other half.
_KEY = re.compile(rb"[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+|\r?\n[ \t]*|\(\)|\[\]|\{\}|\"\"|''|``")
# Nobody reads what is gone sooner: the next key was on its way already.
_READ_SECONDS = 0.15


@dataclass(slots=True)
class _Life:
    text: bytes  # all of it
    chance: float  # that all of it was right
    kind: str  # of the file
    is_automatic: bool  # offered by itself: it stands for what the threshold lets through
    left: int = 0  # characters that were last offered
    taken: int = 0  # of these
    accepted: int = 0  # characters, in all
    shown_at: float | None = None
    was_rejected: bool = False
    is_decided: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is left of it; what was not accepted was typed by hand."""
        return self.taken == self.left


class Tally:
    """Counts by what clients tell and type.

    Args:
        journal: where the counts go.
        clock: in seconds, for how long a suggestion was seen.
    """

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        self._journal, self._clock = journal, clock
        self._lives: dict[int, _Life] = {}  # by suggestion, the oldest first
        self.counts = {"shown": 0, "accepted": 0, "accepted_characters": 0, "rejected": 0}  # since the daemon's start

    def __repr__(self) -> str:
        return f"Tally({self.counts})"

    def offered(self, drafts: Mapping[int, Draft], kind: str, is_automatic: bool = True) -> None:
        """Note what is offered by which id in a file of this type: all of a suggestion at first, later its rest."""
        for suggestion, draft in drafts.items():
            life = self._lives.get(suggestion)
            if life is None:
                life = _Life(draft.text, math.prod(draft.probabilities), kind, is_automatic)
                self._lives[suggestion] = life
            life.left, life.taken = len(draft.text), 0
        while len(self._lives) > _MOST:
            del self._lives[next(iter(self._lives))]

    def shown(self, suggestion: int) -> None:
        """Count a suggestion that was shown."""
        if (life := self._lives.get(suggestion)) and life.shown_at is None:
            life.shown_at = self._clock()
            self._count(life, shown=1)

    def accepted(self, suggestion: int, length: int = 0) -> None:
        """Count a suggestion of which so many characters were accepted so far, 0 for all that was offered."""
        life = self._lives.get(suggestion)
        if life is None or (taken := min(length or life.left, life.left)) <= life.taken:
            return
        begin = len(life.text) - life.left
        new = life.text[begin + life.taken : begin + taken]
        is_first, life.taken, life.accepted = not life.accepted, taken, life.accepted + taken - life.taken
        self._count(life, accepted=int(is_first), keys=1, characters=_as_seen(new))
        self.counts["accepted_characters"] += len(new)
        if life.whole:
            self._decide(life, 1.0)

    def rejected(self, suggestion: int) -> None:
        """Count a suggestion that was dismissed, which nobody does unread."""
        if (life := self._lives.get(suggestion)) and not (life.was_rejected or life.accepted):
            life.was_rejected = True
            self._count(life, rejected=1)
            self._decide(life, 0.0)

    def otherwise(self, suggestion: int) -> None:
        """Note that something else was typed where a suggestion was offered."""
        life = self._lives.get(suggestion)
        if life is None or life.shown_at is None or life.is_decided:
            return
        if not life.accepted and self._clock() - life.shown_at < _READ_SECONDS:
            life.is_decided = True
            self._count(life, glimpsed=1)
            return
        self._count(life, partly=1) if life.accepted else self._count(life, otherwise=1)
        self._decide(life, life.accepted / len(life.text))

    def typed(self, kind: str, text: bytes) -> None:
        """Count a key, where this is what one puts in: with a line end goes indentation, with a bracket its other."""
        if _KEY.fullmatch(text):
            self._journal.ledger.count(kind, typed=1)

    def factor(self, kind: str) -> float:
        """Return by how much a distraction costs more than usual in this type of file."""
        return self._journal.feedback.factor(kind)

    def _decide(self, life: _Life, share: float) -> None:
        """Let the user's decision on a suggestion count; one that the client did not report as shown proves nothing."""
        if not life.is_decided and life.shown_at is not None and life.is_automatic:
            self._journal.feedback.note(life.kind, life.chance, share)
        life.is_decided = True

    def _count(self, life: _Life, **more: int) -> None:
        for name in self.counts.keys() & more.keys():
            self.counts[name] += more[name]
        self._journal.ledger.count(life.kind, **more)


def _as_seen(text: bytes) -> int:
    """Return how many keys it takes to type this: one for a code point."""
    return sum(byte & 0xC0 != 0x80 for byte in text)
