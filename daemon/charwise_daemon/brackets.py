"""Brackets and quotes around a cursor: which closing ones a text may bring, and which the text after it provides. Pure.

Knows no language. Strings that end on their line and what a backslash escapes do not count, an apostrophe inside a word
is no quote, and comments are read as code. What that gets wrong shows in the document itself: where closing brackets
that nothing opened are its habit (`a)` in a list, a shell's `case`), they are let through.

What a text may close was opened before the cursor and is not closed after it. That is told by indentation: a bracket's
contents are indented deeper than the line that opens it, so a line that is not, and does not begin with a closing
bracket, is outside; what is still open there is closed nowhere.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from charwise_daemon.indentation import column, indentation

_OPENED_BY = {b")": b"(", b"]": b"[", b"}": b"{"}
_OPENERS = frozenset(_OPENED_BY.values())
# What is looked at, after a stretch of what is not (possessive: nothing is read twice). A single quote begins a string
# unless a word (with no string's prefix), & or < (Rust's lifetimes) stands before it.
_TOKENS = re.compile(
    rb"""[^\\"'`:;()\[\]{}\n]*+ (?:
      (?P<bracket> [()\[\]{}] ) | (?P<end> \n ) | \\. | [:;]-[()]
    | (?P<string> "(?:[^"\\\n]|\\.)*+(?:"|\Z) | `(?:[^`\\\n]|\\.)*+(?:`|\Z)
      | (?: (?<![\w\x80-\xff&<]) | (?<=[^\w][rbfuLRBFU]) | (?<=[^\w][rRbBfF][bBrRfF]) ) '(?:[^'\\\n]|\\.)*+(?:'|\Z) )
    | [\\"'`:;] )""",
    re.VERBOSE,
)
_APOSTROPHE = re.compile(rb"[\w\x80-\xff]'[\w\x80-\xff]")
_NUMBERING = re.compile(rb"[ \t]*\w{1,2}")  # as in 1) and a)
_CLOSING = re.compile(rb"""[)\]}"'`]""")
# Closing brackets without an opener that a window's cut accounts for; more of one kind are the document's habit.
_OF_A_CUT = 1


@dataclass(frozen=True, slots=True)
class Opened:
    """A bracket that is open at the cursor: its kind, the column at which its line begins, whether that is the last."""

    kind: bytes
    column: int
    on_cursor_line: bool


@dataclass(frozen=True, slots=True)
class Nesting:
    """What is open at the cursor."""

    head: bytes = b""  # what its line begins with
    quote: bytes = b""  # of the string that the cursor stands in
    quote_closed: bool = False  # after the cursor, on its line
    line: tuple[bytes, ...] = ()  # kinds opened on the cursor's line, the innermost last
    opened: Counter[bytes] = field(default_factory=Counter)  # how many of each kind are open
    spare: Counter[bytes] = field(default_factory=Counter)  # how many of each kind nothing closes yet
    habits: frozenset[bytes] = frozenset()  # kinds that are closed here without having been opened
    is_whole: bool = True  # otherwise more may have been opened before what was read
    after: bytes = b""  # what follows


def read(before: bytes, after: bytes, *, is_whole: bool) -> Nesting:
    """Return what is open between two parts of a text; whether the first begins the document is told."""
    opened, unopened, quote = _opened(before)
    quotes = _quotes(after.partition(b"\n")[0], quote) if quote else []
    closed = len(quotes) % 2 == 1
    return Nesting(
        before[before.rfind(b"\n") + 1 :],
        quote,
        closed,
        tuple(bracket.kind for bracket in opened if bracket.on_cursor_line),
        Counter(bracket.kind for bracket in opened),
        _spare(opened, after, quotes[0] + 1 if closed else 0),
        frozenset(kind for kind, count in unopened.items() if count > (0 if is_whole else _OF_A_CUT)),
        is_whole,
        after,
    )


def has_closing(text: bytes) -> bool:
    """Return whether there is anything to judge in a text."""
    return _CLOSING.search(text) is not None


def fitting(text: bytes, nesting: Nesting) -> int:
    """Return how many characters of a text come before its first closing bracket or quote that is one too many."""
    quotes = _quotes(text.partition(b"\n")[0], nesting.quote) if nesting.quote else []
    if nesting.quote_closed:
        return quotes[-1] if len(quotes) % 2 == 1 else len(text)
    return _fitting_brackets(text, _outside(text, nesting.quote), nesting)


def inner(text: bytes, quote: bytes) -> list[range]:
    """Return the places of a text between its own brackets or quotes, the closing ones included.

    What it opens and does not close goes on to its end; where that is a string, all of the text is inside.

    Args:
        text: what is to be inserted.
        quote: of the string that it begins in, if it begins in one.
    """
    found, depth, start = list[range](), 0, 0
    for place, token, end in _tokens(text, _outside(text, quote)):
        if token in _OPENERS:
            start, depth = start if depth else place, depth + 1
        elif token in _OPENED_BY:
            depth = max(0, depth - 1)
            if depth == 0:
                found.append(range(start + 1, end))
        elif token != b"\n" and _is_open(token, end, text):
            found.append(range(len(text)))
        elif token != b"\n" and depth == 0:
            found.append(range(place + 1, end))
    return [*found, range(start, len(text))] if depth else found


def _tokens(text: bytes, start: int = 0) -> Iterator[tuple[int, bytes, int]]:
    """Yield where a bracket, a line's end or a string begins, what it is, and where it ends."""
    for token in _TOKENS.finditer(text, start):
        if kind := token.lastgroup:
            yield token.start(kind), token[kind], token.end()


def _outside(text: bytes, quote: bytes) -> int:
    """Return where the string ends that a text begins in: what it says is its own affair."""
    quotes = _quotes(text.partition(b"\n")[0], quote) if quote else [-1]
    return quotes[0] + 1 if quotes else len(text)


def _is_open(string: bytes, end: int, text: bytes) -> bool:
    """Return whether a string's end is the text's end, and not its own."""
    return end == len(text) and (len(string) == 1 or string[:1] != string[-1:])


def _fitting_brackets(text: bytes, start: int, nesting: Nesting) -> int:
    own, line, closing = list[bytes](), list(nesting.line), list[tuple[int, bytes]]()
    for place, token, _ in _tokens(text, start):
        if token in _OPENERS:
            own.append(token)
        elif kind := _OPENED_BY.get(token):
            opened = own or line
            if kind in nesting.habits and opened[-1:] != [kind]:
                continue
            if opened and opened.pop() != kind:
                return place
            if opened is not own:
                closing.append((place, kind))
    # What the text leaves open is closed below it; so it may itself close as many that seemed to be closed there.
    left = (nesting.spare + Counter(own)) & nesting.opened
    known = nesting.opened.copy()
    for place, kind in closing:
        left[kind] -= 1
        known[kind] -= 1
        if left[kind] < 0 and not (known[kind] < 0 and _is_let_through(text, place, kind, nesting)):
            return place
    return len(text)


def _is_let_through(text: bytes, place: int, kind: bytes, nesting: Nesting) -> bool:
    """Return whether a bracket that closes none we know of numbers an item, or may close what lies too far back."""
    line = text.rfind(b"\n", 0, place) + 1
    head = text[line:place] if line else nesting.head + text[:place]
    if not head.strip():
        return not (nesting.is_whole or _stands_below(text[place : place + 1], head, nesting.after))
    return kind == b"(" and _NUMBERING.fullmatch(head) is not None


def _stands_below(bracket: bytes, head: bytes, after: bytes) -> bool:
    """Return whether the next line that is indented no deeper than this begins with this bracket."""
    lines = (line for line in after.split(b"\n")[1:] if line.strip() and column(indentation(line)) <= column(head))
    return next(lines, b"").strip().startswith(bracket)


def _opened(text: bytes) -> tuple[list[Opened], Counter[bytes], bytes]:
    """Return the brackets open at a text's end, how many closing ones nothing opened, and the quote open there."""
    opened, unopened, quote = list[tuple[bytes, int]](), Counter[bytes](), b""
    for place, token, end in _tokens(text):
        if token in _OPENERS:
            opened.append((token, place))
        elif kind := _OPENED_BY.get(token):
            while opened and opened[-1][0] != kind and any(other == kind for other, _ in opened):
                opened.pop()
            if opened and opened[-1][0] == kind:
                opened.pop()
            else:  # one that begins a line may well have been opened before this text
                unopened[kind] += bool(text[text.rfind(b"\n", 0, place) + 1 : place].strip())
        elif token != b"\n" and _is_open(token, end, text):
            quote = token[:1]
    cursor_line = text.rfind(b"\n") + 1
    return [Opened(kind, _column_at(text, at), at >= cursor_line) for kind, at in opened], unopened, quote


def _spare(opened: list[Opened], after: bytes, start: int) -> Counter[bytes]:
    """Return how many of the open brackets of each kind are not closed by what follows."""
    pending, own, spare, closed_here = list(opened), 0, list[Opened](), set[bytes]()
    is_below = False
    for _, token, end in _tokens(after, start):
        if not pending:
            break
        if token == b"\n":
            is_below, least = True, _least_column(after, end)
            while pending and pending[-1].column >= least:
                spare.append(pending.pop())
        elif token in _OPENERS:
            own += 1
        elif token in _OPENED_BY and own:
            own -= 1
        elif kind := _OPENED_BY.get(token):
            spare += _close(kind, pending)
            closed_here |= set() if is_below else {kind}
    # What the cursor's line closes it has opened: whatever else seems open may be a misreading.
    return Counter(b.kind for b in (*spare, *pending) if b.on_cursor_line or b.kind not in closed_here)


def _close(kind: bytes, pending: list[Opened]) -> list[Opened]:
    """Take off the innermost bracket of a kind, if there is one, and return those inside of it, which stay open."""
    place = next((i for i in range(len(pending) - 1, -1, -1) if pending[i].kind == kind), len(pending))
    left = pending[place + 1 :]
    del pending[place:]
    return left


def _column_at(text: bytes, place: int) -> int:
    """Return the column at which the line of a place begins."""
    return column(indentation(text[text.rfind(b"\n", 0, place) + 1 : place]))


def _least_column(after: bytes, line: int) -> float:
    """Return from which column on no bracket is closed by a line or those after it."""
    end = after.find(b"\n", line)
    text = after[line : len(after) if end < 0 else end]
    content = text.strip()
    return column(indentation(text)) + (content[:1] in _OPENED_BY) if content else math.inf


def _quotes(line: bytes, quote: bytes) -> list[int]:
    """Return where a line has quotes of this kind that no backslash escapes and that are no apostrophe in a word."""
    found = (token.start() for token in re.finditer(rb"\\.|" + quote, line) if token[0] == quote)
    return [place for place in found if not _APOSTROPHE.match(line, max(0, place - 1))]
