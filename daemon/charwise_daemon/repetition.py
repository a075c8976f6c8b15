"""What a suggestion would say twice: lines that stand below, lines and words that it repeats again and again. Pure.

A line is compared with its indentation and without the blanks at its end. What a document does itself near the cursor
(rows of zeros in a table) is no loop.
"""

import itertools
import re
from collections.abc import Sequence

# What is repeated so often, and is so long in all, is a loop: words with letters; other words and single characters.
_TIMES, _LONG, _VERY_LONG = 4, 8, 24
_LONGEST_UNIT = 24
_LOOP = re.compile(rb"(?s)(.{1,%d}?)\1{%d,}" % (_LONGEST_UNIT, _TIMES - 1))
_LETTER = re.compile(rb"[A-Za-z\x80-\xff]")
_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]")
# Blocks of so many lines are compared.
_LONGEST_BLOCK = 8
# A closing bracket alone is not worth comparing: which of them are too many is told by brackets.py.
_SHORTEST_LINE = 2


def before_next_lines(lines: Sequence[bytes], below: Sequence[bytes]) -> int:
    """Return how many of some lines come before those that are the next lines below, up to the last."""
    for number in range(len(lines)):
        said = [line.rstrip() for line in lines[number:] if line.strip()]
        if said and lines[number].strip() and _runs_into(said, below):
            return number
    return len(lines)


def before_repeated_lines(lines: Sequence[bytes], above: Sequence[bytes]) -> int:
    """Return how many of some lines come before they repeat the line above, or a block of their own."""
    seen = [line.rstrip() for line in above if line.strip()]
    own = list[int]()  # the numbers of the lines that are not blank
    for number, line in enumerate(lines):
        if line.strip():
            seen.append(line.rstrip())
            own.append(number)
            if size := _repeated(seen, len(own)):
                return own[-size]
    return len(lines)


def before_loop(line_before: bytes, text: bytes, document: bytes) -> int:
    """Return how many characters of a text come before its words go round in circles, the first round included."""
    tail = line_before[-_TIMES * _LONGEST_UNIT :]
    for loop in _LOOP.finditer(tail + text):
        unit, start = loop[1], loop.start() - len(tail)
        if start + len(loop[0]) > 0 and _is_loop(loop[0], unit) and unit * (_TIMES - 1) not in document:
            return 0 if start <= -len(unit) else max(0, start) + len(unit)
    return len(text)


def _is_loop(whole: bytes, unit: bytes) -> bool:
    long = _LONG if len(unit) > 1 and _LETTER.search(unit) else _VERY_LONG
    return len(whole) >= long and _WORD.search(unit) is not None


def _runs_into(said: Sequence[bytes], below: Sequence[bytes]) -> bool:
    """Return whether lines are those below, the first not too short to tell."""
    return list(said) == list(below[: len(said)]) and len(said[0].strip()) >= _SHORTEST_LINE


def _repeated(seen: Sequence[bytes], own: int) -> int:
    """Return the size of the block at the end that stands before itself, 0 where there is none.

    Args:
        seen: lines, none of them blank.
        own: how many of them, at the end, are a suggestion's.
    """
    if len(seen) > 1 and seen[-1] == seen[-2] and _WORD.search(seen[-1]):
        is_habit = any(one == next_one for one, next_one in itertools.pairwise(seen[:-own]))
        return 0 if is_habit else 1
    for size in range(2, min(_LONGEST_BLOCK, own // 2) + 1):
        if seen[-size:] == seen[-2 * size : -size] and any(map(_WORD.search, seen[-size:])):
            return size
    return 0
