"""What may be said, given the text around the cursor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.fitting import Surroundings, fit, overlap


@pytest.mark.parametrize(
    ("text", "after", "kept"),
    [
        (b"foo(bar)", b")", b"foo(bar"),
        (b"foo(bar)", b"):", b"foo(bar"),
        (b"foo(bar):", b"):", b"foo(bar"),
        (b"foo", b"", b"foo"),
        (b"done", b"done", b""),
    ],
)
def test_fit_overlap(text: bytes, after: bytes, kept: bytes) -> None:
    """What already stands after the cursor is not offered again: no doubled brackets."""
    assert fit(text, Surroundings(b"", after, b"")) == kept


def test_fit_repeats_the_next_line() -> None:
    """A line that stands below already is not offered."""
    assert fit(b"n connection", Surroundings(b"    retur", b"", b"    return connection")) == b""
    assert fit(b"n connection", Surroundings(b"    retur", b"", b"    return None")) == b"n connection"


@given(st.binary(max_size=9), st.binary(max_size=9))
def test_overlap(text: bytes, after: bytes) -> None:
    """The overlap is the longest end of the text that begins what follows."""
    wanted = max(n for n in range(min(len(text), len(after)) + 1) if text[len(text) - n :] == after[:n])
    assert overlap(text, after) == wanted


@pytest.mark.parametrize(
    ("text", "offset", "line_before", "line_after", "next_line", "inside_word"),
    [
        (b"ab\ncd\nef", 4, b"c", b"d", b"ef", True),
        (b"ab\ncd\nef", 5, b"cd", b"", b"ef", False),
        (b"ab\r\ncd", 2, b"ab", b"", b"cd", False),
        (b"", 0, b"", b"", b"", False),
        (b"x\n", 2, b"", b"", b"", False),
        (b"f()", 2, b"f(", b")", b"", False),
    ],
)
def test_surroundings(
    text: bytes, offset: int, line_before: bytes, line_after: bytes, next_line: bytes, inside_word: bool
) -> None:
    """The lines round the cursor are found, with any line ending."""
    around = Surroundings.of(text, offset)
    assert around == Surroundings(line_before, line_after, next_line)
    assert around.inside_word is inside_word
