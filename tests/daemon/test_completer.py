"""Search and length, over a memory of real lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon import indentation
from charwise_daemon.completer import PRICE, Draft, choose, complete, lines_at
from charwise_daemon.engine import Engine
from charwise_daemon.fitting import Surroundings, fit
from charwise_daemon.memory import Memory, OpenMemories
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import Candidate, Limits, search
from charwise_daemon.shard import MAX_ORDER
from tests.daemon.counting import Counting
from tests.daemon.texts import CONNECTIONS

_LINES = (
    CONNECTIONS
    + b"""def open_caf\xc3\xa9(na\xc3\xafve):
    return "\xe2\x82\xac 5"
"""
)
# Lines that are aligned where no level of indentation is.
_COLUMN = 48
_ALIGNED = b"""def f(connection):
    status = reticulate_splines(connection,
                                                attributes, length);
    status = reticulate_splines(connection,
                                                attributes, size);
    return status
"""


def _complete(
    text: bytes,
    learned: bytes = _LINES * 3,
    limits: Limits = Limits(),  # noqa: B008 - a value
    price: float = PRICE,
) -> list[Draft]:
    documents = OpenMemories.none()
    predictor = Predictor(corpus=Memory.of(learned))
    position = predictor.at(None, text[-MAX_ORDER:], documents)
    *_, last = complete(predictor, position, limits, Surroundings.of(text, len(text)), price)
    return last


def test_complete_goes_on_as_learned() -> None:
    """What followed this context is offered, to where it is sure, with the probability of each character."""
    [draft] = _complete(b"    connection = create_conn")
    assert b"ection(host, port)".startswith(draft.text)
    assert len(draft.text) >= len(b"ection")
    assert len(draft.probabilities) == len(draft.text)
    assert all(0 < p <= 1 for p in draft.probabilities)
    assert draft.benefit > 0


def test_complete_stops_at_the_line() -> None:
    """With one line allowed nothing goes past its end; with more it does, and ends in no blank."""
    text = b"def close_connection(connection):\n    connection.clo"
    [single] = _complete(text)
    [several] = _complete(text, limits=Limits(lines=3), price=0)
    assert b"\n" not in single.text
    assert b"\n" in several.text
    assert several.text.startswith(single.text)
    assert not several.text.endswith(b"\n")


@pytest.mark.parametrize("own", [b"\n", b"\r\n"])
@pytest.mark.parametrize("learned", [b"\n", b"\r\n"])
def test_complete_ends_lines_as_the_document(own: bytes, learned: bytes) -> None:
    """Lines end as the document's do, whatever was learned."""
    text = b"def f():\n    pass\n\n\ndef close_connection(connection):\n    connection.clo".replace(b"\n", own)
    [draft] = _complete(text, (_LINES * 3).replace(b"\n", learned), Limits(lines=3), 0.0)
    assert draft.text.startswith(b"se()" + own if own == learned else b"se()")
    assert draft.text.count(b"\n") == draft.text.count(own)
    assert draft.text.count(b"\r") == draft.text.count(b"\r\n")


def test_choose_whole_lines() -> None:
    """With whole lines wanted, what is shown goes on to the end of the last line that is more likely right than not."""
    text = b"a)\n    return a\n    "
    candidate = Candidate(text, (0.99, 0.99, 0.7, *[0.99] * 12, 0.9, *[0.7] * 4))
    around = Surroundings.of(b"", 0)
    [short] = choose([candidate], 2.0, around)
    [whole] = choose([candidate], 2.0, around, whole_lines=True)
    assert short.text == b"a)"
    assert whole.text == b"a)\n    return a"


def test_choose_doubts_further_lines() -> None:
    """What would be shown of one line is not shown where it begins another: that is foreseen less well."""
    sure, around = (0.99, 0.99, 0.97, 0.9, 0.9, 0.9, 0.9), Surroundings.of(b"", 0)
    [one] = choose([Candidate(b"a)+bcde", sure)], 1.0, around)
    [two] = choose([Candidate(b"a)\nbcde", sure)], 1.0, around)
    assert (one.text, two.text) == (b"a)+b", b"a)")


def test_lines_at() -> None:
    """Several lines are for the end of a line; where text follows, a suggestion stays in its own."""
    assert lines_at(Surroundings.of(b"foo(\nbar", 4), 3) == 3
    assert lines_at(Surroundings.of(b"foo()\nbar", 4), 3) == 1


def test_complete_never_blank() -> None:
    """White space alone is nothing to show, nor is it where a suggestion ends that begins a line."""
    blank = Candidate(b"    ", (0.99,) * 4)
    assert choose([blank], 0.5, Surroundings.of(b"x", 1)) == []
    [draft] = choose([Candidate(b"x:\n        ", (0.99,) * 11)], 0.5, Surroundings.of(b"", 0))
    assert draft.text == b"x:"


def test_choose_a_blank() -> None:
    """A blank after a word may end a suggestion where the next word is doubtful, but not before text that follows."""
    candidate = Candidate(b"turn x", (0.99,) * 5 + (0.2,))
    [draft] = choose([candidate], 0.5, Surroundings.of(b"re", 2))
    assert draft.text == b"turn "
    [draft] = choose([candidate], 0.5, Surroundings.of(b"re;", 2))
    assert draft.text == b"turn"


def test_complete_nothing_sure() -> None:
    """Where nothing is likely, nothing is shown, whatever the price of a distraction."""
    assert _complete(b"zzz qqq ###", learned=b"each of these occurs once") == []


def test_complete_price() -> None:
    """A higher price of distraction never gives a longer suggestion."""
    lengths = [sum(len(d.text) for d in _complete(b"    return c", price=p)) for p in (0, 4, 40, 4000)]
    assert lengths == sorted(lengths, reverse=True)


def test_complete_alternatives() -> None:
    """Alternatives differ where it matters: none says less than another, and the best comes first."""
    [only] = _complete(b"def ", price=0.1)
    first, *others = _complete(b"def ", limits=Limits(alternatives=4), price=0.1)
    assert first == only
    assert others
    assert len({draft.text[:1] for draft in (first, *others)}) > 1
    for draft in others:
        assert not any(each.text.startswith(draft.text) for each in (first, *others) if each is not draft)
    assert [d.benefit for d in others] == sorted((d.benefit for d in others), reverse=True)


def test_complete_no_alternative_alone() -> None:
    """Where the likeliest text is not worth showing, its alternatives are not shown either."""
    assert _complete(b"def ", limits=Limits(alternatives=4), price=10**6) == []


def test_complete_ends_when_it_is_settled() -> None:
    """Where it is doubtful how a line goes on, it is not searched for: what is shown ends there, whatever it is."""
    learned = b"".join(b"    total = compute_total(%s)\n" % name for name in (b"alpha, first", b"beta, second"))
    predictor, text = Counting(corpus=Memory.of(learned * 3)), b"    total = comp"
    position, around = predictor.at(None, text[-MAX_ORDER:], OpenMemories.none()), Surroundings.of(text, len(text))
    *_, [followed] = search(predictor, position, Limits())
    all_of_it, predictor.steps = predictor.steps, 0
    *_, [draft] = complete(predictor, position, Limits(), around)
    assert draft.text.startswith(b"ute_tota")
    assert followed.text.startswith(draft.text)
    assert predictor.steps < all_of_it


def test_choose_one_search_for_all_prices() -> None:
    """What a search finds does not depend on the price, so one will do for each of them."""
    documents, text = OpenMemories.none(), b"    connection = create_conn"
    predictor, around = Predictor(corpus=Memory.of(_LINES * 3)), Surroundings.of(text, len(text))
    *_, candidates = search(predictor, predictor.at(None, text[-MAX_ORDER:], documents), Limits())
    for price in (0.0, 4.0, 400.0):
        assert choose(candidates, price, around) == _complete(text, price=price)


def test_choose_fits() -> None:
    """What follows the cursor already is not offered again, and a benefit is that of what is left."""
    [draft] = choose([Candidate(b"bar, baz)", (0.99,) * 9)], 0.0, Surroundings(b"f(", b")"))
    assert draft.text == b"bar, baz"
    assert len(draft.probabilities) == len(draft.text)


def _at(text: bytes, lstm: Engine) -> tuple[Counting, Position]:
    """Return a predictor that has learned aligned lines, and its position after a text."""
    predictor = Counting(lstm, corpus=Memory.of(_ALIGNED * 3))
    state = lstm.read(lstm.start(), text)
    own = Memory.of(text)
    return predictor, predictor.at(state, text[-MAX_ORDER:], OpenMemories(own, own, b""))


@pytest.mark.parametrize("typed", [0, 1, 3])
def test_complete_follows_no_deep_indentation(lstm: Engine, typed: int) -> None:
    """Blanks after which no line may begin are not followed to their end: there is nothing to show of it."""
    text = _ALIGNED + _ALIGNED[: _ALIGNED.index(b" " * _COLUMN) + typed]
    around, (predictor, position) = Surroundings.of(text, len(text)), _at(text, lstm)
    limits = Limits(hopeless=0.0)  # however unsure of so many blanks
    *_, [aligned] = search(predictor, position, limits)
    assert len(aligned.text) > 2 * around.deepest
    assert fit(aligned.text + b"text", around) == b""
    predictor.steps = 0
    *_, drafts = complete(predictor, position, limits, around, 0.0)
    assert not drafts
    assert predictor.steps == around.deepest + 1 - typed


@given(
    st.integers(0, len(_ALIGNED)), st.integers(0, 60), st.sampled_from([0.0, PRICE]), st.sampled_from([b"", b"\n)\n"])
)
def test_complete_as_if_it_were_followed(lstm: Engine, offset: int, blanks: int, price: float, after: bytes) -> None:
    """What is suggested is the same, wherever the cursor is and whatever was typed of an indentation."""
    text = _ALIGNED + _ALIGNED[: _ALIGNED.rfind(b"\n", 0, offset) + 1] + b" " * blanks

    def completed() -> list[Draft]:
        around, (predictor, position) = Surroundings.of(text + after, len(text)), _at(text, lstm)
        *_, drafts = complete(predictor, position, Limits(lines=3), around, price)
        return drafts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indentation, "deepest", lambda *_: 1000)
        followed = completed()
    assert completed() == followed


def test_complete_is_deterministic() -> None:
    """The same question has the same answer."""
    assert _complete(b"def open_") == _complete(b"def open_")


def test_complete_time_limit() -> None:
    """When the time is over, the best after the character that was reached is the answer."""
    documents, limits = OpenMemories.none(), Limits(milliseconds=1000)
    around = Surroundings(b"", b"")
    predictor = Predictor(corpus=Memory.of(_LINES * 3))
    position = predictor.at(None, b"    connection = create_conn", documents)

    def answer(characters: int) -> list[Draft]:
        ticks = iter([0.0, *([0.9] * (characters - 1)), 1.0])  # the clock is read at the start, and after each
        *_, last = complete(predictor, position, limits, around, price=0, clock=lambda: next(ticks))
        return last

    assert answer(1) == []  # one character is not worth showing
    assert [draft.text for draft in answer(4)] == [b"ecti"]
    assert [draft.text for draft in answer(9)] == [b"ection(ho"]


@given(st.integers(0, len(_LINES)), st.integers(1, 12))
def test_complete_is_utf8(offset: int, characters: int) -> None:
    """A suggestion is whole code points, however short it must be."""
    for draft in _complete(_LINES[:offset], limits=Limits(characters=characters, alternatives=2), price=0):
        draft.text.decode()
        assert len(draft.text) <= characters
