"""What may be said, given the text around the cursor: what holds of any text. Cases of each rule: test_golden.py."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.fitting import AFTER, BEFORE, RULES, Surroundings, fit, steered

# What the rules look for, more often than chance would bring it.
_PIECES = st.sampled_from([*"()[]{}\"'`\\ \t\n,:;ab", "\r\n", "\n    ", "foo", "é", "€", "λόγος", "\u3000", "x = 1\n"])
_BALANCED = st.recursive(
    st.sampled_from(["", "a", "b, "]), lambda parts: st.tuples(parts, parts).map(lambda two: f"({two[0]}){two[1]}")
)
_TEXTS = st.lists(_PIECES, max_size=40).map("".join)


@given(before=_TEXTS, text=_TEXTS, after=_TEXTS)
def test_fit_is_a_beginning(before: str, text: str, after: str) -> None:
    """A beginning of the text is shown, of whole code points, that fits as it is and does not end in white space."""
    around = Surroundings.of((before + after).encode(), len(before.encode()))
    shown = fit(text.encode(), around)
    assert text.startswith(shown.decode())
    assert fit(shown, around) == shown
    assert shown.decode().rstrip() == shown.decode()


@given(text=st.binary(max_size=64), document=st.binary(max_size=256), offset=st.integers(0, 256))
def test_fit_takes_any_bytes(text: bytes, document: bytes, offset: int) -> None:
    """No bytes are too strange, and each rule alone cuts within the text."""
    around = Surroundings.of(document, min(offset, len(document)))
    assert text.startswith(fit(text, around))
    assert all(0 <= rule(text, around) <= len(text) for rule in RULES)
    assert steered(np.full(256, 1 / 256), text, around).sum() <= 1 + 1e-9


@given(balanced=_BALANCED, place=st.integers(0, 20), text=st.text("()a, ", max_size=12))
def test_fit_closes_nothing_twice(balanced: str, place: int, text: str) -> None:
    """Where brackets are balanced, none is closed that is not open, whatever is proposed within."""
    before, after = "f = " + balanced[:place], balanced[place:]
    shown = fit(text.encode(), Surroundings.of((before + after).encode(), len(before))).decode()
    depth = list(itertools.accumulate({"(": 1, ")": -1}.get(sign, 0) for sign in before + shown + after))
    assert min(depth) >= 0


@pytest.mark.parametrize(
    ("after", "text", "shown"),
    [
        (b"\n", b"\n    }\n}", b"\n    }\n}"),  # the class was opened before what is looked at
        (b"\n    }\n}\n", b"\n    }\n}", b""),
        (b"\n}\n", b"\n    }\n}", b"\n    }"),
        (b"\n", b" + a)", b" + a"),  # what is opened so far back is closed at a line's beginning
    ],
)
def test_fit_in_a_long_document(after: bytes, text: bytes, shown: bytes) -> None:
    """What was opened further back than is looked at may be closed, what is closed below not again."""
    before = b"class A {\n" + b"    int f() { return 1; }\n" * 400 + b"    int g() {\n        return 2;"
    assert fit(text, Surroundings.of(before + after, len(before))) == shown


@pytest.mark.parametrize("piece", [b"a", b"(", b"\"'", b"'", b"\\", b"{[(", b"a b ", b")", b"\t"])
def test_fit_in_a_long_line(piece: bytes) -> None:
    """In a line of a megabyte it takes about as long as in any other, whatever stands there."""
    document, text = bytearray(piece * (1_000_000 // len(piece))), piece * (256 // len(piece))
    began = time.process_time()
    around = Surroundings.of(document, len(document) // 2)
    fit(text, around)
    assert time.process_time() - began < 1.0  # milliseconds, with much room
    assert len(around.before) <= BEFORE
    assert len(around.after) <= AFTER


@pytest.mark.parametrize(
    ("text", "offset", "line_before", "line_after", "above", "below", "inside_word"),
    [
        (b"ab\ncd\nef", 4, b"c", b"d", [b"ab"], [b"ef"], True),
        (b"ab\ncd\nef", 5, b"cd", b"", [b"ab"], [b"ef"], False),
        (b"ab\r\ncd", 2, b"ab", b"", [], [b"cd"], False),
        (b"", 0, b"", b"", [], [], False),
        (b"x\n", 2, b"", b"", [b"x"], [], False),
        (b"f()", 2, b"f(", b")", [], [], False),
        (b"a\n\n\n b ", 1, b"a", b"", [], [b" b"], False),
    ],
)
def test_surroundings(
    text: bytes,
    offset: int,
    line_before: bytes,
    line_after: bytes,
    above: list[bytes],
    below: list[bytes],
    inside_word: bool,
) -> None:
    """The lines round the cursor are found, with any line ending."""
    around = Surroundings.of(text, offset)
    assert (around.line_before, around.line_after) == (line_before, line_after)
    assert (around.above, around.below) == (above, below)
    assert around.inside_word is inside_word


@pytest.mark.parametrize(
    ("document", "text", "gone"),
    [
        (b"def f():\n\tx\n\t", b"if x:\n", b"\r "),
        (b"def f():\n\tx\n\t", b"if x:\n\t", b"\r "),
        (b"def f():\n    x\n    ", b"if x:\n    ", b"\r\t"),
        (b"def f():\n    x\n", b"", b"\r\t"),
        (b"def f():\n    x\n    ", b"if x:", b"\r"),
        (b"def f():\n    x\n    y = ", b"", b"\r"),
        (b"a\nb\n", b"", b"\r"),
        (b"a:\n\tb\n  c\n", b"", b"\r"),
        (b"all:\r\n\tb\r\n", b"", b"\n "),
        (b"a\r\nb\r\n", b"x\r\n", b"\n"),
    ],
)
def test_steered(document: bytes, text: bytes, gone: bytes) -> None:
    """A line's indentation is of what the document's are; its end is the document's, as likely as both together."""
    around, before = Surroundings.of(document, len(document)), np.full(256, 1 / 256)
    after = steered(before, text, around)
    assert set((after == 0).nonzero()[0].tolist()) == set(gone)
    assert after[around.line_end[0]] == 2 / 256
    assert (before == 1 / 256).all()


def test_steered_within_a_line_end() -> None:
    """Of a line end of two characters the second follows the first."""
    after = steered(np.full(256, 1 / 256), b"x\r", Surroundings.of(b"a\r\n", 3))
    assert (after.argmax(), after.sum()) == (ord("\n"), 1)
