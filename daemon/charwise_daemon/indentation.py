"""How the lines round a cursor are indented, and which indentation a suggestion's lines may have. Pure.

Knows no language: a line may go a level or two deeper than the one before it, or back to a level that an enclosing line
has, but not out of the block that goes on below. Where a line is continued, the next ones are aligned as anybody likes.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TAB_WIDTH = 8
_OPENING, _CLOSING = (b"(", b"[", b"{"), (b")", b"]", b"}")
# A step of this width is met so often, or else the width is not known, and any up to the widest is taken.
_OFTEN, _WIDEST = 3, 8
# What a line ends in that is continued: operators, and strings, which the next line may go on with.
_CONTINUED = re.compile(rb"""[,\\=+*/|&?.<>"'`-]\Z""")
# Levels that a line goes deeper at most: continued lines are often indented by two.
_DEEPEST = 2
EVERYTHING_BUT_SPACE = np.array([code != ord(" ") for code in range(256)])
EVERYTHING_BUT_TAB = np.array([code != ord("\t") for code in range(256)])


@dataclass(frozen=True, slots=True)
class Style:
    """How a document is indented near the cursor; both where it does both or neither."""

    tabs: bool = True
    spaces: bool = True
    width: int = 8  # columns of a level

    def may_begin(self, line: bytes) -> bool:
        """Return whether a line may begin as this one does."""
        blanks = indentation(line)
        return (self.tabs or b"\t" not in blanks) and (self.spaces or b" " not in blanks)

    @property
    def mask(self) -> NDArray[Any] | None:
        """Return what may be written where a line has nothing but blanks yet, (256,); None where everything may."""
        if self.tabs and self.spaces:
            return None
        return EVERYTHING_BUT_SPACE if self.tabs else EVERYTHING_BUT_TAB


def style_of(lines: Sequence[bytes], level: bytes = b"") -> Style:
    """Return the style that some lines have, and where they do not show it that of one level as the editor indents."""
    blanks = [indentation(line) for line in lines if line.strip()]
    tabs, spaces = any(b"\t" in each for each in blanks), any(b" " in each for each in blanks)
    if level and not tabs and not spaces:
        tabs, spaces = b"\t" in level, b" " in level
    if tabs:
        return Style(tabs, spaces, _TAB_WIDTH)
    return Style(not spaces, True, _width([len(each) for each in blanks], len(level) or _WIDEST))


def indentation(line: bytes) -> bytes:
    """Return the blanks that a line begins with."""
    return line[: len(line) - len(line.lstrip(b" \t"))]


def column(blanks: bytes) -> int:
    """Return the column after these blanks."""
    return len(blanks.expandtabs(_TAB_WIDTH))


def deepest(above: Sequence[bytes], style: Style) -> int:
    """Return the column at which a line below these begins at most, if it is not continued."""
    return _deepest(_levels(above), style)


def before_misplaced(lines: Sequence[bytes], first: int, above: Sequence[bytes], below: bytes, style: Style) -> int:
    """Return how many of some lines come before one whose indentation does not fit.

    Args:
        lines: of the text, the first with what stands before it.
        first: the first of them that is judged.
        above: the lines before them.
        below: the next line that is not blank; empty where there is none.
        style: how the document is indented.
    """
    levels, shallowest, depth, is_continued = _levels(above), column(indentation(below)), 0, False
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        here = column(indentation(line))
        if number >= first:
            is_outside = number > 0 and here < shallowest
            if is_outside or not style.may_begin(line) or not (is_continued or _is_level(here, levels, style)):
                return number
        while levels and levels[-1] > here:
            levels.pop()
        levels.append(here)
        depth += sum(map(line.count, _OPENING)) - sum(map(line.count, _CLOSING))
        # A string or bracket that ends here began on a line that is not seen: the next may go back to any column.
        is_continued = is_continued or depth != 0 or line.count(b'"') % 2 == 1 or _CONTINUED.search(line) is not None
    return len(lines)


def _levels(above: Sequence[bytes]) -> list[int]:
    """Return the columns at which the lines that enclose the next one begin, the innermost last."""
    levels = list[int]()
    for line in reversed(above):
        if line.strip() and (not levels or column(indentation(line)) < levels[-1]):
            levels.append(column(indentation(line)))
            if levels[-1] == 0:
                break
    return levels[::-1]


def _is_level(here: int, levels: Sequence[int], style: Style) -> bool:
    if here > (levels[-1] if levels else 0):
        return here <= _deepest(levels, style)
    return here == 0 or here in levels or here - style.width in levels


def _deepest(levels: Sequence[int], style: Style) -> int:
    return (levels[-1] if levels else 0) + _DEEPEST * style.width


def _width(columns: Sequence[int], otherwise: int) -> int:
    """Return the commonest step from a line to a deeper one, or what it is otherwise where none is common."""
    steps = [b - a for a, b in itertools.pairwise(columns) if 0 < b - a <= _WIDEST]
    commonest = max(set(steps), key=lambda step: (steps.count(step), -step), default=otherwise)
    return commonest if steps.count(commonest) >= _OFTEN else otherwise
