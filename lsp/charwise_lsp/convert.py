"""Positions in a document <-> byte offsets, and the mirror of a document that an editor's changes keep up to date.

A position is a line and a number of units in it, where a unit is whatever was negotiated (a byte, a UTF-16 unit or a
code point); the daemon counts bytes from the start. Knows neither server nor daemon, and does no I/O.

>>> mirror = Mirror("🙂 = smi", version=1, encoding="utf-16")
>>> mirror.offset(types.Position(line=0, character=8))
10
>>> mirror.word_before(types.Position(line=0, character=8))[0]
'smi'
"""

from itertools import accumulate
from typing import Literal

from lsprotocol import types

Encoding = Literal["utf-8", "utf-16", "utf-32"]
Edit = tuple[int, int, bytes]  # the daemon's: replace the bytes from start to end by these

# The codec whose code units a position counts, and the bytes of one unit.
_UNITS: dict[str, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
# No unit of any encoding stands for more bytes of UTF-8.
_MOST_BYTES = 4
# Longer than any word somebody types; it bounds the way back in a minified line.
_LONGEST_WORD = 128


def column_of(line: bytes, units: int, encoding: Encoding) -> int:
    """Return the byte column of a number of units in a line (given without its end).

    Past the end is the end, inside a character is its start.
    """
    head = line[: units * _MOST_BYTES]  # in a long line, only as much as can matter
    if head.isascii():
        return min(units, len(line))
    codec, width = _UNITS[encoding]
    coded = head.decode("utf-8", "ignore").encode(codec)
    return len(coded[: units * width].decode(codec, "ignore").encode())


def units_of(text: bytes, encoding: Encoding) -> int:
    """Return how many units a piece of a line has."""
    if text.isascii():
        return len(text)
    codec, width = _UNITS[encoding]
    return len(text.decode().encode(codec)) // width


class Mirror:
    """A document's text as lines of bytes, so that a typed character costs its line and not the document.

    A line ends with LF, CRLF or a lone CR, as in LSP; form feeds and Unicode's separators end none. The last line has
    no end, so a document that ends with LF has an empty last line.
    """

    def __init__(self, text: str, version: int, encoding: Encoding) -> None:
        self.version = version
        self._encoding: Encoding = encoding
        self._load(_encode(text))

    def __repr__(self) -> str:
        return f"<Mirror version {self.version}: {len(self._lines):,} lines, {self._size:,} bytes>"

    @property
    def text(self) -> bytes:
        """The whole document; joins it, so only for opening it at the daemon."""
        return b"".join(self._lines)

    def offset(self, position: types.Position) -> int:
        """Return the byte offset of a position, moved into the document where it lies outside."""
        line, column = self._locate(position)
        return self._start(line) + column

    def word_before(self, position: types.Position) -> tuple[str, types.Range]:
        """Return the word characters directly before a position, on its line, and their range."""
        line, column = self._locate(position)
        head = self._lines[line][:column]
        word = _last_word(head[-_LONGEST_WORD:].decode("utf-8", "ignore"))
        end = units_of(head, self._encoding)
        start = end - units_of(word.encode(), self._encoding)
        return word, types.Range(types.Position(line, start), types.Position(line, end))

    def apply(self, change: types.TextDocumentContentChangeEvent) -> Edit:
        """Take over one change and return it as the daemon's edit.

        A range whose end lies before its start is read the other way round, as editors' own libraries do.
        """
        text = _encode(change.text)
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            old = self._size
            self._load(text)
            return 0, old, text
        start, end = sorted((self._locate(change.range.start), self._locate(change.range.end)))
        edit = (self._start(start[0]) + start[1], self._start(end[0]) + end[1], text)
        self._splice(start, end, text)
        return edit

    def _load(self, text: bytes) -> None:
        self._lines = _split(text)
        self._starts = [0]  # where lines start: the first so many, extended when asked for, cut by an edit
        self._size = len(text)

    def _locate(self, position: types.Position) -> tuple[int, int]:
        """Return line and byte column; a line past the end means the end of the document."""
        if position.line >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        content = self._lines[position.line].rstrip(b"\r\n")
        return position.line, column_of(content, position.character, self._encoding)

    def _start(self, line: int) -> int:
        known = len(self._starts)
        if line >= known:
            sizes = map(len, self._lines[known - 1 : line])
            self._starts += list(accumulate(sizes, initial=self._starts[-1]))[1:]
        return self._starts[line]

    def _splice(self, start: tuple[int, int], end: tuple[int, int], text: bytes) -> None:
        first, last = start[0], end[0]
        new = self._lines[first][: start[1]] + text + self._lines[last][end[1] :]
        # A line that now begins with LF may complete a lone CR before it to one CRLF. Nothing alike happens at the
        # other side: what follows the last line's end is the start of a line, and stays one.
        if new.startswith(b"\n") and first > 0 and self._lines[first - 1].endswith(b"\r"):
            first -= 1
            new = self._lines[first] + new
        lines = _split(new)
        if last < len(self._lines) - 1:
            lines.pop()  # empty: only the document's last line has no end
        self._size += sum(map(len, lines)) - sum(map(len, self._lines[first : last + 1]))
        self._lines[first : last + 1] = lines
        del self._starts[first + 1 :]


def _encode(text: str) -> bytes:
    # Half of a surrogate pair, which JSON can carry, becomes "?": one UTF-16 unit either way, so positions stay true.
    return text.encode("utf-8", "replace")


def _split(text: bytes) -> list[bytes]:
    lines = text.splitlines(keepends=True)
    if not lines or lines[-1].endswith((b"\n", b"\r")):
        lines.append(b"")
    return lines


def _last_word(text: str) -> str:
    start = len(text)
    while start and _in_word(text[start - 1]):
        start -= 1
    return text[start:]


def _in_word(character: str) -> bool:
    return character.isalpha() or character == "_" or "0" <= character <= "9"
