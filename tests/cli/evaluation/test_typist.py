"""The typist's keys, counted by hand."""

import pytest

from charwise.evaluation.asking import Offer
from charwise.evaluation.typist import Typing, counted, type_out


def _type(text: bytes, offers: dict[int, bytes]) -> Typing:
    made = [Offer(offers[at], 0.5) if at in offers else None for at in range(len(text))]
    return type_out(text, counted(text), made)


@pytest.mark.parametrize(
    ("text", "offers", "characters", "keys", "seen"),
    [
        (b"abc\n", {}, 4, 4, []),
        (b"abc\n", {0: b"abc"}, 4, 2, [True]),
        (b"abc\n", {0: b"abx"}, 4, 4, [False]),  # seen once, while its beginning is typed
        (b"abc\n", {0: b"abx", 1: b"bc"}, 4, 4, [False]),  # what stands there already stays, whatever is found anew
        (b"abcd\n", {0: b"ax", 1: b"bcd", 2: b"cd"}, 5, 4, [False, True]),  # once contradicted, another may come
        (b"abcd\n", {0: b"xyz", 1: b"yz", 2: b"cd"}, 5, 4, [False, False, True]),
        (b"abc\n", {3: b"def"}, 4, 4, [False]),  # at the end of a line it is in the way as anywhere
        (b"  ab\n", {0: b"  ab", 2: b"ab"}, 3, 2, [True]),  # indentation is neither counted nor asked for
        (b"a b\n", {1: b" b"}, 4, 3, [True]),  # a blank inside of a line counts
        (b"a\n  b\n", {0: b"a\n  b"}, 4, 2, [True]),  # over several lines too
        (b"a\r\nb\r\n", {}, 4, 4, []),  # one key makes CR and LF
        ("aé\n".encode(), {1: "é\n".encode()}, 3, 2, [True]),  # a code point is one key
    ],
)
def test_type_out(text: bytes, offers: dict[int, bytes], characters: int, keys: int, seen: list[bool]) -> None:
    """One key accepts what is wholly right, one types a character; each suggestion is seen once."""
    typing = _type(text, offers)
    assert (typing.characters, typing.keys, [right for _, right in typing.seen]) == (characters, keys, seen)
    assert typing.accepted == sum(seen)


def test_counted_in_mid_line() -> None:
    """What does not begin a line is not indented."""
    assert counted(b" a", at_line_start=False) == [True, True]
    assert counted(b"\t a b\n") == [False, False, True, True, True, True]
