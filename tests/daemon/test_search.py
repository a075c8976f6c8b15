"""What a search finds, over a memory of real lines and an LSTM that was really trained."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.engine import Engine
from charwise_daemon.memory import Memory, OpenMemories
from charwise_daemon.search import Candidate, Limits, search
from charwise_daemon.shard import MAX_ORDER
from tests.daemon.counting import Counting
from tests.daemon.texts import CONNECTIONS

_TEXT = CONNECTIONS + "def öffnen(name):\n    return “€ 5”, 'Привет, мир'\n".encode()
_CORPUS = Memory.of(_TEXT * 3)


def _searching(text: bytes, limits: Limits, engine: Engine | None = None) -> tuple[Counting, Iterator[list[Candidate]]]:
    predictor, documents = Counting(engine, corpus=_CORPUS), OpenMemories.none()
    state = engine.read(engine.start(), text) if engine else None
    position = predictor.at(state, text[-MAX_ORDER:], documents)
    return predictor, search(predictor, position, limits)


def _found(text: bytes, limits: Limits, engine: Engine | None = None) -> list[Candidate]:
    *_, candidates = _searching(text, limits, engine)[1]
    return candidates


@given(st.integers(0, len(_TEXT)), st.integers(1, 20), st.integers(1, 4), st.integers(1, 3))
def test_search_is_utf8(offset: int, characters: int, alternatives: int, lines: int) -> None:
    """Whatever is allowed, a candidate begins as valid UTF-8 does, with a probability for each character."""
    limits = Limits(characters, lines, alternatives)
    text = _TEXT[:offset].decode(errors="ignore").encode()  # no cursor stands inside a code point
    found = _found(text, limits)
    assert len(found) <= alternatives
    for candidate in found:
        whole = candidate.text.decode(errors="ignore").encode()
        assert candidate.text.startswith(whole)
        assert len(candidate.text) - len(whole) < 4  # the rest of it is a code point's beginning
        assert len(candidate.text) == len(candidate.probabilities) <= characters
        assert candidate.text.count(b"\n") < lines


def test_search_with_an_lstm(lstm: Engine) -> None:
    """Candidates are those of the mix, the same ones each time."""
    limits = Limits(alternatives=3)
    assert _found(b"def open_", limits, lstm) == _found(b"def open_", limits, lstm)
    assert _found(b"def open_", limits, lstm) != _found(b"def open_", limits)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_search_stops_after_any_character(steps: int) -> None:
    """Whoever drives it can stop it after each character; nothing more is computed then."""
    predictor, searching = _searching(b"    connection = create_conn", Limits())
    for _ in range(steps):
        assert next(searching) == []
    searching.close()  # type: ignore[attr-defined]  # a generator
    assert predictor.steps == steps - 1


def test_search_alternatives() -> None:
    """An alternative has the beginning of a likelier candidate, and goes on otherwise from there."""
    first, *others = _found(b"def ", Limits(alternatives=4))
    assert len(others) == 3
    assert first.branch == 0
    for number, other in enumerate(others, 1):
        before = [first, *others][:number]
        assert any(other.text[: other.branch] == each.text[: other.branch] for each in before)
        assert all(other.text[: other.branch + 1] != each.text[: other.branch + 1] for each in before)


def test_search_ends_where_the_doubt_is() -> None:
    """It goes on to where all of it is improbable, not to the longest that is allowed."""
    [candidate] = _found(b"zzz", Limits())
    assert len(candidate.text) < 6
