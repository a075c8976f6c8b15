"""What a suggestion may say, given the text around the cursor: pure rules, which know neither search nor predictor.

`fit` cuts text to what fits there. It always returns a beginning of the text, so that whoever has a probability for
each character cuts those alike. What has to be steered rather than cut, `steered` does while a search goes on.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import brackets, indentation, repetition

Floats = NDArray[np.float64]

# What is looked at: enough for the function that the cursor stands in, little enough to read at every keystroke.
BEFORE, AFTER = 4096, 4096
_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
_WITHIN_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]{2}")
# Text after the cursor that is so long is not met by chance in a suggestion.
_TELLING = 4
# White space at the end, Unicode's too.
_BLANKS = re.compile(rb"(?:[ \t\r\n\v\f]|\xc2[\x85\xa0]|\xe2\x80[\x80-\x8b\xa8\xa9\xaf]|\xe3\x80\x80|\xef\xbb\xbf)+\Z")
_FOREIGN = {b"\n": re.compile(rb"\r"), b"\r\n": re.compile(rb"\r(?!\n)|(?<!\r)\n")}
_ONLY_LINE_FEED: Floats = np.eye(256)[ord("\n")]
_NOTHING: Floats = np.zeros(256)
# Lines near the cursor that are compared with a suggestion's.
_NEAR = 40


@dataclass(frozen=True)
class Surroundings:
    """The text around the cursor, as far as it decides what is worth showing; what is derived of it, when asked for.

    Args:
        before: the last characters before the cursor, from a line's beginning if there is one.
        after: the first characters after it.
        is_whole: whether `before` begins the document.
        level: one level of indentation, as the editor makes it; empty where that is not known.
    """

    before: bytes
    after: bytes
    is_whole: bool = True
    level: bytes = b""

    @classmethod
    def of(cls, text: bytes | bytearray, offset: int, level: bytes = b"") -> "Surroundings":
        """Return the surroundings of an offset."""
        start = max(0, offset - BEFORE)
        if start and (line := text.find(b"\n", start, offset) + 1):
            start = line
        return cls(bytes(text[start:offset]), bytes(text[offset : offset + AFTER]), start == 0, level)

    @cached_property
    def line_before(self) -> bytes:
        """The cursor's line up to the cursor."""
        return self.before[self.before.rfind(b"\n") + 1 :]

    @cached_property
    def line_after(self) -> bytes:
        """The cursor's line from the cursor on, without its end."""
        return self.after.partition(b"\n")[0].rstrip(b"\r")

    @cached_property
    def above(self) -> list[bytes]:
        """The lines before the cursor's, the nearest last."""
        return [line.rstrip() for line in self.before.split(b"\n")[:-1]]

    @cached_property
    def below(self) -> list[bytes]:
        """The lines after the cursor's that are not blank, the nearest first."""
        return [line.rstrip() for line in self.after.split(b"\n", _NEAR)[1 : _NEAR + 1] if line.strip()]

    @cached_property
    def line_end(self) -> bytes:
        """What ends the document's lines."""
        ends = self.before.count(b"\n") + self.after.count(b"\n")
        return b"\r\n" if 2 * (self.before.count(b"\r\n") + self.after.count(b"\r\n")) > ends else b"\n"

    @cached_property
    def nesting(self) -> brackets.Nesting:
        """The brackets and quotes that are open."""
        return brackets.read(self.before, self.after, is_whole=self.is_whole)

    @cached_property
    def style(self) -> indentation.Style:
        """How lines are indented."""
        return indentation.style_of([*self.above[-_NEAR:], *self.below], self.level)

    @cached_property
    def deepest(self) -> int:
        """The column at which the cursor's line begins at most, where a suggestion has a part in its indentation."""
        return indentation.deepest(self.above, self.style)

    @property
    def inside_word(self) -> bool:
        """Whether the cursor stands before a word's character: what would be inserted rarely fits there."""
        return _WORD.match(self.line_after) is not None


def fit(text: bytes, around: Surroundings) -> bytes:
    """Return as much of a text as fits: nothing where its first characters do not."""
    while True:
        cut = text
        for rule in RULES:
            cut = cut[: rule(cut, around)]
        if cut == text:
            return text
        text = cut


def steered(probabilities: Floats, text: bytes, around: Surroundings) -> Floats:
    """Return the probabilities of what may come after a text so far, line ends and indentation being the document's.

    Whichever line end the predictor has learned, it means one: the probability of the other kind is added to that of
    the document's. Indentation of the other kind is not offered. After what is too deep nothing comes: no rule would
    leave any of it, and following it to its end costs a step for each blank.
    """
    line = text[text.rfind(b"\n") + 1 :]
    if not line.strip(b" \t") and not (line == text and around.line_before.strip(b" \t")):
        if line and line == text and _is_too_deep(line, around):
            return _NOTHING
        if around.style.mask is not None:
            probabilities = probabilities * around.style.mask
    is_crlf = around.line_end == b"\r\n"
    if is_crlf and text.endswith(b"\r"):
        return _ONLY_LINE_FEED
    own, other = b"\r\n" if is_crlf else b"\n\r"
    if probabilities[other]:
        probabilities = probabilities.copy()
        probabilities[own] += probabilities[other]
        probabilities[other] = 0.0
    return probabilities


def _is_too_deep(blanks: bytes, around: Surroundings) -> bool:
    """Return whether no line may begin after these blanks at the cursor; what stands after it is read from anywhere."""
    return indentation.column(around.line_before + blanks) > around.deepest and not around.line_after.strip()


# --- rules: each returns how many characters of a text may be shown ------------------------------------
def line_ends(text: bytes, around: Surroundings) -> int:
    """Every line end is the document's own; where text follows on the cursor's line, there is none."""
    foreign = _FOREIGN[around.line_end].search(text)
    if around.line_after.strip():
        foreign = re.search(rb"[\r\n]", text)
    return foreign.start() if foreign else len(text)


def balance(text: bytes, around: Surroundings) -> int:
    """No bracket or quote is closed that nothing opened, or that the text after the cursor closes."""
    return brackets.fitting(text, around.nesting) if brackets.has_closing(text) else len(text)


def suffix(text: bytes, around: Surroundings) -> int:
    """What stands after the cursor on its line is neither begun at a text's end nor said whole within it."""
    after = around.line_after.rstrip()
    if not after:
        return len(text)
    inner = brackets.inner(text, around.nesting.quote)
    whole = text.find(after) if len(after.strip()) >= _TELLING and _WORD.search(after) else -1
    if whole >= 0 and not _is_inside(whole, inner):
        return whole
    return len(text) - _overlap(text, after, inner)


def next_lines(text: bytes, around: Surroundings) -> int:
    """The lines that stand below are not said again."""
    if around.line_after.strip():
        return len(text)
    lines = _lines(text, around)
    return _end(text, repetition.before_next_lines(lines, around.below))


def repeated_lines(text: bytes, around: Surroundings) -> int:
    """The line above is not said again, nor a block of lines twice."""
    lines = _lines(text, around, around.line_after)
    return _end(text, repetition.before_repeated_lines(lines, around.above[-_NEAR:]))


def loops(text: bytes, around: Surroundings) -> int:
    """Words do not go round in circles."""
    return repetition.before_loop(around.line_before, text, around.before)


def indented(text: bytes, around: Surroundings) -> int:
    """Lines are indented as the document's, to a level that there is, and stay in the block that goes on below."""
    first = 0 if text[:1] in {b" ", b"\t"} and not around.line_before.strip() else 1
    lines = _lines(text, around)
    if len(lines) <= first:
        return len(text)
    below = around.below[0] if around.below else b""
    return _end(text, indentation.before_misplaced(lines, first, around.above, below, around.style))


def blanks(text: bytes, around: Surroundings) -> int:  # noqa: ARG001 - a rule as the others
    """Nothing ends in white space."""
    found = _BLANKS.search(text)
    return found.start() if found else len(text)


RULES: tuple[Callable[[bytes, Surroundings], int], ...] = (
    line_ends,
    balance,
    suffix,
    next_lines,
    repeated_lines,
    loops,
    indented,
    blanks,
)


def _overlap(text: bytes, after: bytes, inner: list[range]) -> int:
    """Return how many characters of a text's end begin what follows it: whole words, and nothing inside of the text."""
    for n in range(min(len(text), len(after)), 0, -1):
        if text.endswith(after[:n]) and not (_WITHIN_WORD.match(after, n - 1) or _is_inside(len(text) - n, inner)):
            return n
    return 0


def _is_inside(place: int, inner: list[range]) -> bool:
    return any(place in part for part in inner)


def _lines(text: bytes, around: Surroundings, after: bytes = b"") -> list[bytes]:
    """Return the lines of a text, with what stands before the first and after the last."""
    return [line.rstrip(b"\r") for line in (around.line_before + text + after).split(b"\n")]


def _end(text: bytes, lines: int) -> int:
    """Return where the first lines of a text end."""
    end = 0
    for _ in range(lines):
        end = text.find(b"\n", end) + 1
        if not end:
            return len(text)
    return max(0, end - 1) if lines else 0
