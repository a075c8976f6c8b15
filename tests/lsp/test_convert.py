"""Positions and edits, against a reference that is slow and obvious."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import (
    Position,
    Range,
    TextDocumentContentChangeEvent,
    TextDocumentContentChangePartial,
    TextDocumentContentChangeWholeDocument,
)

from charwise_lsp.convert import Encoding, Mirror, column_of, units_of

# Line ends of every kind, what only looks like one, tabs, astral and combining characters, and plain letters.
ENDS = ["\n", "\r\n", "\r"]
PIECES = [*ENDS, "\f", "\v", "\x1c", "\x85", "\u2028", "\t", " ", "a", "B_9", "é", "e\u0301", "中", "🙂", "👩\u200d💻"]
texts = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
encodings: st.SearchStrategy[Encoding] = st.sampled_from(["utf-8", "utf-16", "utf-32"])
positions = st.builds(Position, st.integers(0, 12), st.integers(0, 30))
changes: st.SearchStrategy[TextDocumentContentChangeEvent] = st.one_of(
    st.builds(TextDocumentContentChangePartial, st.builds(Range, positions, positions), texts),
    st.builds(TextDocumentContentChangeWholeDocument, texts),
)


def units(character: str, encoding: Encoding) -> int:
    if encoding == "utf-32":
        return 1
    return len(character.encode()) if encoding == "utf-8" else 1 + (ord(character) > 0xFFFF)


def index_of(text: str, position: Position, encoding: Encoding) -> int:
    """Walk through the text character by character."""
    line = index = 0
    for end in re.finditer("\r\n|\r|\n", text):
        if line == position.line:
            break
        line, index = line + 1, end.end()
    if line < position.line:
        return len(text)
    left = position.character
    while index < len(text) and text[index] not in "\r\n" and units(text[index], encoding) <= left:
        left -= units(text[index], encoding)
        index += 1
    return index


def spliced(text: str, change: TextDocumentContentChangeEvent, encoding: Encoding) -> str:
    if isinstance(change, TextDocumentContentChangeWholeDocument):
        return change.text
    start, end = sorted(index_of(text, each, encoding) for each in (change.range.start, change.range.end))
    return text[:start] + change.text + text[end:]


class TestMirror:
    @given(texts, positions, encodings)
    def test_offset(self, text: str, position: Position, encoding: Encoding) -> None:
        """A position, in the document or past any end, has the offset that walking through the text finds."""
        expected = len(text[: index_of(text, position, encoding)].encode())
        assert Mirror(text, 1, encoding).offset(position) == expected

    @given(texts, st.lists(st.tuples(changes, positions), max_size=8), encodings)
    def test_apply(
        self, text: str, edits: list[tuple[TextDocumentContentChangeEvent, Position]], encoding: Encoding
    ) -> None:
        """Edits anywhere give Python's own splice, here and in the daemon's bytes, and positions stay true."""
        mirror, daemon = Mirror(text, 1, encoding), bytearray(text.encode())
        for change, looked_at in edits:
            text = spliced(text, change, encoding)
            start, end, new = mirror.apply(change)
            daemon[start:end] = new
            assert mirror.text == daemon == text.encode()
            assert mirror.offset(looked_at) == len(text[: index_of(text, looked_at, encoding)].encode())

    @pytest.mark.parametrize(
        ("before", "start", "end", "new", "after"),
        [
            ("a\rb\nc", (1, 0), (1, 1), "", "a\r\nc"),  # what is left of line 1 completes the lone CR to one CRLF
            ("a\r\nb", (0, 1), (0, 1), "\r", "a\r\r\nb"),
            ("a\rb", (1, 0), (1, 0), "\n", "a\r\nb"),
            ("a\r\nb", (0, 1), (1, 0), "", "ab"),
        ],
    )
    def test_apply_at_line_ends(
        self, before: str, start: tuple[int, int], end: tuple[int, int], new: str, after: str
    ) -> None:
        """Edits that make or break a CRLF leave the lines that the new text has."""
        mirror = Mirror(before, 1, "utf-16")
        mirror.apply(TextDocumentContentChangePartial(Range(Position(*start), Position(*end)), new))
        assert mirror.text == after.encode()
        assert mirror._lines == Mirror(after, 1, "utf-16")._lines

    def test_form_feed_is_no_line_end(self) -> None:
        """A form feed in C or Emacs Lisp counts as a character of its line, as editors count it."""
        assert Mirror("a\f\nb", 1, "utf-16").offset(Position(1, 1)) == 4

    def test_half_of_a_surrogate_pair(self) -> None:
        """What an editor splits in the middle of an emoji keeps later positions true."""
        mirror = Mirror("x\ud83d = 1", 1, "utf-16")
        assert mirror.text == b"x? = 1"
        assert mirror.offset(Position(0, 5)) == 5

    def test_a_typed_character_touches_its_line_only(self) -> None:
        """Every other line of a long document stays the object that it was."""
        mirror = Mirror("some line\n" * 100_000, 1, "utf-16")
        lines = list(mirror._lines)
        edit = mirror.apply(TextDocumentContentChangePartial(Range(Position(70_000, 4), Position(70_000, 4)), "x"))
        assert edit == (700_004, 700_004, b"x")
        assert [at for at, line in enumerate(mirror._lines) if line is not lines[at]] == [70_000]

    @pytest.mark.parametrize(
        ("line", "word"),
        [
            ("x = self.smi", "smi"),
            ("x = ", ""),
            ("été_2", "été_2"),
            ("🙂name", "name"),
            ("名前", "名前"),
            ("a²", ""),  # a digit, but none of a name
            ("", ""),
        ],
    )
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
    def test_word_before(self, line: str, word: str, encoding: Encoding) -> None:
        """The typed word is what a name can be made of, and its range is in the editor's units."""
        mirror = Mirror(f"first\n{line}rest\n", 1, encoding)
        end = units_of(line.encode(), encoding)
        start = end - units_of(word.encode(), encoding)
        assert mirror.word_before(Position(1, end)) == (word, Range(Position(1, start), Position(1, end)))

    def test_word_before_past_the_end(self) -> None:
        """A cursor past the end of its line is taken to stand at the end."""
        assert Mirror("abc\n", 1, "utf-16").word_before(Position(0, 99)) == (
            "abc",
            Range(Position(0, 0), Position(0, 3)),
        )

    def test_word_before_is_bounded(self) -> None:
        """In a line of one enormous word only so much of it is taken as can be a word."""
        assert len(Mirror("a" * 1_000_000, 1, "utf-16").word_before(Position(0, 1_000_000))[0]) < 1000

    def test_repr(self) -> None:
        """The status line says version, lines and size."""
        assert repr(Mirror("a\nb", 7, "utf-16")) == "<Mirror version 7: 2 lines, 3 bytes>"


@given(st.text(alphabet="aé中🙂\t", max_size=20), encodings, st.data())
def test_units_of(line: str, encoding: Encoding, data: st.DataObject) -> None:
    """Units and columns are each other's inverse at every character."""
    cut = len(line[: data.draw(st.integers(0, len(line)))].encode())
    assert column_of(line.encode(), units_of(line.encode()[:cut], encoding), encoding) == cut
