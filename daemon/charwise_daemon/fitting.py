"""What a suggestion may say, given the text around the cursor: pure rules, which know neither search nor predictor.

`fit` cuts text to what fits there. It always returns a beginning of the text, so that whoever has a probability for
each character cuts those alike.
"""

import re
from dataclasses import dataclass

_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The text around the cursor, as far as it decides what is worth showing."""

    line_before: bytes
    line_after: bytes
    next_line: bytes

    @classmethod
    def of(cls, text: bytes | bytearray, offset: int) -> "Surroundings":
        """Return the surroundings of an offset."""
        start, end = text.rfind(b"\n", 0, offset) + 1, text.find(b"\n", offset)
        end = len(text) if end < 0 else end
        after_next = text.find(b"\n", end + 1)
        following = text[end + 1 : len(text) if after_next < 0 else after_next]
        return cls(bytes(text[start:offset]), bytes(text[offset:end]).rstrip(b"\r"), bytes(following))

    @property
    def inside_word(self) -> bool:
        """Whether the cursor stands before a word's character: what would be inserted rarely fits there."""
        return _WORD.match(self.line_after) is not None


def fit(text: bytes, around: Surroundings) -> bytes:
    """Return the text without an end that already follows the cursor; nothing if it repeats the next line."""
    line = (around.line_before + text).strip()
    if line and line == around.next_line.strip() and not around.line_after.strip():
        return b""
    return text[: len(text) - overlap(text, around.line_after)]


def overlap(text: bytes, after: bytes) -> int:
    """Return how many characters of the text's end are the beginning of what follows it."""
    return next((n for n in range(min(len(text), len(after)), 0, -1) if text.endswith(after[:n])), 0)
