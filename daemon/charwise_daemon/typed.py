"""What was typed in a document and has not been learned from yet. Pure."""

from dataclasses import dataclass

# Longer insertions were pasted, and say little of what is typed.
_LONGEST = 128
# Characters that wait at most: whoever types faster than they can be learned is learned from in part.
_MOST = 256


@dataclass(frozen=True, slots=True)
class Typed:
    """The characters [start, end) of a document: the last ones that were typed in a row."""

    start: int = 0
    end: int = 0

    def __len__(self) -> int:
        return self.end - self.start

    def edited(self, start: int, end: int, length: int) -> "Typed":
        """Return what is left after [start, end) was replaced by `length` characters, with those."""
        if length > _LONGEST:
            return Typed()
        goes_on = start == end == self.end
        if not goes_on and self.start <= start <= end == self.end:  # deleted again, or a word sent again to add to it
            return Typed(self.start, start + length)
        begin = self.start if goes_on and len(self) + length <= _MOST else start
        return Typed(begin, start + length)

    def after(self, learned: int) -> "Typed":
        """Return what is left once so many characters were learned from."""
        return Typed(self.start + learned, self.end)
