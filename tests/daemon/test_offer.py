"""An offer under edits: what is left of it, and when it holds no more."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.completer import Draft
from charwise_daemon.offer import Offer


def _draft(text: bytes) -> Draft:
    return Draft(text, tuple(0.9 - 0.01 * at for at in range(len(text))), 3.0)


def _offer(*texts: bytes) -> Offer:
    return Offer(4, {7 + at: _draft(text) for at, text in enumerate(texts)}, (), ["corpus"])


@given(typed=st.integers(0, 9), more=st.binary(max_size=5))
def test_rest(typed: int, more: bytes) -> None:
    """What is left has the same characters and probabilities, whatever stands after the cursor."""
    offer, draft = _offer(b"something"), _draft(b"something")
    assert offer.edited(4, 4, typed)
    rest = offer.rest(b"x = " + draft.text[:typed] + more, 4 + typed)
    assert rest is not None
    if typed == 9:
        assert rest == {}
    else:
        assert rest == {7: Draft(draft.text[typed:], draft.probabilities[typed:], 3.0)}


@pytest.mark.parametrize(
    ("edits", "holds", "place"),
    [
        ([(4, 4, 3)], True, 7),
        ([(4, 4, 3), (5, 7, 0)], True, 5),
        ([(4, 4, 3), (4, 7, 0), (4, 4, 1)], True, 5),
        ([(4, 4, 3), (7, 7, 1)], True, 8),
        ([(4, 4, 3), (8, 8, 1)], False, 0),
        ([(3, 4, 0)], False, 0),
        ([(0, 0, 1)], False, 0),
        ([(4, 5, 0)], False, 0),
        ([(4, 4, 3), (6, 8, 1)], False, 0),
    ],
)
def test_edited(edits: list[tuple[int, int, int]], holds: bool, place: int) -> None:
    """It holds as long as edits stay within what was typed since."""
    offer = _offer(b"something")
    assert all(offer.edited(*edit) for edit in edits) is holds
    if holds:
        assert offer.place == place


@pytest.mark.parametrize(("text", "offset"), [(b"x = smile", 6), (b"x = so", 5), (b"x = ", 4), (b"x = so", 6)])
def test_rest_of_something_else(text: bytes, offset: int) -> None:
    """Other text, or another place than the end of what was typed, has no rest."""
    offer = _offer(b"something")
    offer.edited(4, 4, 2)
    assert (offer.rest(text, offset) is not None) is (text == b"x = so" and offset == 6)


def test_rest_inside_a_code_point() -> None:
    """There is none of half a character."""
    offer = _offer("né".encode())
    offer.edited(4, 4, 2)
    assert offer.rest(b"x = n\xc3", 6) is None


def test_show() -> None:
    """The shown draft is the one that is typed on; without a word of it, the first."""
    offer = _offer(b"first", b"second")
    offer.edited(4, 4, 1)
    assert offer.rest(b"x = s", 5) is None
    offer.show(99)
    assert offer.rest(b"x = s", 5) is None
    offer.show(8)
    assert offer.rest(b"x = s", 5) == {8: Draft(b"econd", _draft(b"second").probabilities[1:], 3.0)}
    assert 8 in offer
    assert 9 not in offer


def test_waited() -> None:
    """A search has all the time until somebody waits for it."""
    offer = _offer(b"first")
    assert offer.waited() == 0.0
    offer.awaited_since = time.monotonic() - 100
    assert offer.waited() >= 100
