"""What became of suggestions: shown, accepted, rejected, each counted once, however long its rest was typed through."""

from dataclasses import dataclass

# A suggestion is accepted or not soon after it was shown; what is told of older ones is not counted.
_MOST = 256


@dataclass(slots=True)
class _Life:
    length: int = 0  # of what was last offered of it
    taken: int = 0  # of that
    was_shown: bool = False
    was_accepted: bool = False
    was_rejected: bool = False


class Tally:
    """Counts by what clients tell."""

    def __init__(self) -> None:
        self._lives: dict[int, _Life] = {}  # by suggestion, the oldest first
        self.counts = {"shown": 0, "accepted": 0, "accepted_characters": 0, "rejected": 0}

    def __repr__(self) -> str:
        return f"Tally({self.counts})"

    def offered(self, suggestion: int, length: int) -> None:
        """Note that so many characters of a suggestion are offered, the rest of it or all."""
        life = self._lives.setdefault(suggestion, _Life())
        life.length, life.taken = length, 0
        if len(self._lives) > _MOST:
            del self._lives[next(iter(self._lives))]

    def shown(self, suggestion: int) -> None:
        """Count a suggestion that was shown."""
        if (life := self._lives.get(suggestion)) and not life.was_shown:
            life.was_shown = True
            self.counts["shown"] += 1

    def accepted(self, suggestion: int, length: int = 0) -> None:
        """Count a suggestion of which so many characters were accepted so far, 0 for all that was offered."""
        if life := self._lives.get(suggestion):
            taken = min(length or life.length, life.length)
            self.counts["accepted"] += not life.was_accepted
            self.counts["accepted_characters"] += max(0, taken - life.taken)
            life.was_accepted, life.taken = True, max(taken, life.taken)

    def rejected(self, suggestion: int) -> None:
        """Count a suggestion that was dismissed."""
        if (life := self._lives.get(suggestion)) and not (life.was_rejected or life.was_accepted):
            life.was_rejected = True
            self.counts["rejected"] += 1
