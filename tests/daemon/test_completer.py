"""Search and length, over a memory of real lines."""

from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.completer import PRICE, Draft, choose, complete
from charwise_daemon.fitting import Surroundings
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import Predictor
from charwise_daemon.search import Candidate, Limits, search
from charwise_daemon.shard import MAX_ORDER
from tests.daemon.texts import CONNECTIONS

_LINES = (
    CONNECTIONS
    + b"""def open_caf\xc3\xa9(na\xc3\xafve):
    return "\xe2\x82\xac 5"
"""
)


def _complete(
    text: bytes,
    learned: bytes = _LINES * 3,
    limits: Limits = Limits(),  # noqa: B008 - a value
    price: float = PRICE,
) -> list[Draft]:
    documents = Memory([])
    predictor = Predictor(None, None, Memory.of(learned))
    position = predictor.at(None, text[-MAX_ORDER:], documents)
    *_, last = complete(predictor, position, documents, limits, Surroundings.of(text, len(text)), price)
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
    [several] = _complete(text, limits=Limits(lines=3))
    assert b"\n" not in single.text
    assert b"\n" in several.text
    assert several.text.startswith(single.text)
    assert not several.text.endswith(b"\n")


def test_complete_nothing_sure() -> None:
    """Where nothing is likely, nothing is shown, whatever the price of a distraction."""
    assert _complete(b"zzz qqq ###", learned=b"each of these occurs once") == []


def test_complete_price() -> None:
    """A higher price of distraction never gives a longer suggestion."""
    lengths = [sum(len(d.text) for d in _complete(b"    return c", price=p)) for p in (0, 4, 40, 4000)]
    assert lengths == sorted(lengths, reverse=True)


def test_complete_alternatives() -> None:
    """Alternatives begin with other characters than the first, whatever a distraction costs."""
    [only] = _complete(b"def ", price=1)
    first, *others = _complete(b"def ", limits=Limits(alternatives=4), price=1)
    assert first == only
    assert others
    assert len({draft.text[0] for draft in (first, *others)}) == len(others) + 1
    assert [d.benefit for d in others] == sorted((d.benefit for d in others), reverse=True)


def test_complete_no_alternative_alone() -> None:
    """Where the likeliest text is not worth showing, its alternatives are not shown either."""
    assert _complete(b"def ", limits=Limits(alternatives=4), price=10**6) == []


def test_choose_one_search_for_all_prices() -> None:
    """What a search finds does not depend on the price, so one will do for each of them."""
    documents, text = Memory(), b"    connection = create_conn"
    predictor, around = Predictor(None, None, Memory.of(_LINES * 3)), Surroundings.of(text, len(text))
    *_, candidates = search(predictor, predictor.at(None, text[-MAX_ORDER:], documents), documents, Limits())
    for price in (0.0, 4.0, 400.0):
        assert choose(candidates, price, around) == _complete(text, price=price)


def test_choose_fits() -> None:
    """What follows the cursor already is not offered again, and a benefit is that of what is left."""
    [draft] = choose([Candidate(b"bar, baz)", (0.9,) * 9)], 0.0, Surroundings(b"f(", b")"))
    assert draft.text == b"bar, baz"
    assert len(draft.probabilities) == len(draft.text)


def test_complete_is_deterministic() -> None:
    """The same question has the same answer."""
    assert _complete(b"def open_") == _complete(b"def open_")


def test_complete_time_limit() -> None:
    """When the time is over, the best after the character that was reached is the answer."""
    documents, limits = Memory(), Limits(milliseconds=1000)
    around = Surroundings(b"", b"")
    predictor = Predictor(None, None, Memory.of(_LINES * 3))
    position = predictor.at(None, b"    connection = create_conn", documents)

    def answer(characters: int) -> list[Draft]:
        ticks = iter([0.0, *([0.9] * (characters - 1)), 1.0])  # the clock is read at the start, and after each
        *_, last = complete(predictor, position, documents, limits, around, price=0, clock=lambda: next(ticks))
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
