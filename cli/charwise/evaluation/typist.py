"""The simulated typist: what is pressed, what is seen, and what is accepted while a text is typed.

Before each character the typist sees the current suggestion. If all of it is what comes next, one key accepts it, else
one key types the next character. Indentation at the start of a line is neither counted nor asked for, as editors
indent; the same holds for the characters of a code point but its first, and for the first half of a CRLF. As the daemon
has it, a suggestion stays as it was while its text is typed, and is seen once. Pure: knows no predictor.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from charwise.evaluation.asking import Offer

_BLANKS = b" \t"


@dataclass
class Typing:
    """How a text was typed."""

    characters: int = 0
    keys: int = 0
    seen: list[tuple[float, bool]] = field(default_factory=list)  # of each suggestion: its probability, was it right

    @property
    def accepted(self) -> int:
        """How many suggestions were."""
        return sum(right for _, right in self.seen)


def counted(text: bytes, at_line_start: bool = True) -> list[bool]:
    """Tell of each character whether it takes a key of its own."""
    found, indenting = list[bool](), at_line_start
    for at, character in enumerate(text):
        indenting = indenting and character in _BLANKS
        is_inside = character & 0xC0 == 0x80 or text[at : at + 2] == b"\r\n"
        found.append(not indenting and not is_inside)
        indenting = indenting or character == ord("\n")
    return found


def type_out(text: bytes, keyed: Sequence[bool], offers: Sequence[Offer | None]) -> Typing:
    """Type a text; `offers` are what would be offered before each of its characters, `keyed` is as of `counted`."""
    typing, at, rest = Typing(), 0, b""
    while at < len(text):
        offer = offers[at] if keyed[at] and not rest else None
        length = 1
        if offer:
            is_right = text.startswith(offer.text, at)
            typing.seen.append((offer.probability, is_right))
            rest = offer.text
            length = len(offer.text) if is_right else 1
        typed = text[at : at + length]
        typing.characters += sum(keyed[at : at + length])
        typing.keys += length > 1 or keyed[at]
        rest = rest[length:] if rest.startswith(typed) else b""
        at += length
    return typing
