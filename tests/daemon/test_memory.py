"""The memory against a slow, obvious one."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from charwise_daemon.memory import CorpusMemory, Memory
from charwise_daemon.shard import MAX_ORDER, Shard, Strip

_text = st.text(alphabet="ab c", min_size=1, max_size=120).map(str.encode)


# The fixture is the same for all examples of a test.
given_same = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _occurrences(text: bytes, pattern: bytes) -> list[int]:
    """Return where `pattern` ends in `text`."""
    return [i + len(pattern) for i in range(len(text)) if text.startswith(pattern, i)]


@pytest.fixture(params=["auto", "numpy"], autouse=True)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs on the kernel, where there is one, and on numpy."""
    monkeypatch.setenv("CHARWISE_KERNEL", request.param)


@given_same
@given(text=_text, context=_text)
def test_match_is_the_longest(text: bytes, context: bytes) -> None:
    """The order is that of the longest end of the context that something followed, the count how often it stands."""
    match = Memory.of(text).match(context)
    order = max(n for n in range(len(context) + 1) if n == 0 or _occurrences(text[:-1], context[len(context) - n :]))
    assert match.order == min(order, MAX_ORDER)
    assert match.count >= len(_occurrences(text[:-1], context[len(context) - match.order :]))


@given_same
@given(text=_text, context=_text, more=_text)
def test_advance_equals_match(text: bytes, context: bytes, more: bytes) -> None:
    """Advancing character by character ends where matching the whole context begins."""
    memory = Memory([Shard(text), Shard(more)], [Strip(more + text, len(more))])
    match, wanted = memory.match(context), memory.match((context + more)[-MAX_ORDER:])
    for character in more:
        match = memory.advance(match, character)
    assert (match.order, match.count) == (wanted.order, wanted.count)
    assert_array_equal(match.probabilities, wanted.probabilities)


@given_same
@given(text=_text, context=_text)
def test_match_is_a_distribution(text: bytes, context: bytes) -> None:
    """The probabilities sum to one, and none is zero."""
    match = Memory.of(text).match(context)
    assert match.probabilities.sum() == pytest.approx(1)
    assert (match.probabilities > 0).all()


def test_match_recalls_what_was_seen_once() -> None:
    """One occurrence of a long context is enough to go on from."""
    memory = Memory.of(b"def compute_frobnication(self):\n    pass\n" + b"other text " * 50)
    match = memory.match(b"    x = compute_frob")
    assert bytes([match.probabilities.argmax()]) == b"n"
    assert (match.order, match.count) == (13, 1)


def test_match_leaves_the_cursor_out() -> None:
    """What already follows the cursor is not predicted from itself, there or after further characters."""
    text = b"alpha beta gamma alpha beta delta"
    cursor = len(b"alpha beta gamma alpha beta")
    memory = Memory([Shard(text)], (), text[cursor:])
    match = memory.match(text[:cursor])
    for expected in b" g":
        character = int(match.probabilities.argmax())
        assert character == expected
        match = memory.advance(match, character)


def test_predict_empty() -> None:
    """A memory of nothing knows nothing: every character is as likely as another."""
    seen = CorpusMemory.build({}).memory.match(b"abc")
    assert_allclose(seen.probabilities, 1 / 256)
    assert seen.order == 0


@given_same
@given(
    before=st.dictionaries(st.sampled_from("abcd"), _text, min_size=1),
    changes=st.dictionaries(st.sampled_from("abcdef"), st.none() | _text, min_size=1),
    context=_text,
)
def test_corpus_changed_equals_built(
    before: dict[str, bytes], changes: dict[str, bytes | None], context: bytes
) -> None:
    """After changes the memory finds what one built from the changed files finds, and weighs it nearly alike.

    An order that occurs as often as a longer one is told once; text that is gone counts in that until the next build.
    """
    changed = CorpusMemory.build(before).changed(changes)
    after = {name: text for name, text in (before | changes).items() if text is not None}
    assert len(changed) == sum(map(len, after.values()))
    built = CorpusMemory.build(after)
    seen, wanted = changed.memory.match(context), built.memory.match(context)
    assert seen.order == wanted.order
    found, expected = (np.flatnonzero(each.probabilities > 1.01 * each.probabilities.min()) for each in (seen, wanted))
    assert list(found) == list(expected)
    assert_allclose(seen.probabilities, wanted.probabilities, atol=0.25)


def test_corpus_forgets() -> None:
    """A file that is gone is not recalled any more, at once."""
    memory = CorpusMemory.build({"a": b"the secret sauce", "b": b"the other thing"})
    gone = memory.changed({"a": None}).memory
    seen = gone.match(b"the secret sa")
    assert bytes([seen.probabilities.argmax()]) != b"u"


def test_corpus_is_worn() -> None:
    """When much has changed, building anew is asked for; a small change does not ask."""
    memory = CorpusMemory.build({"a": b"x" * 1000})
    assert not memory.changed({"b": b"y" * 1000}).is_worn
    assert memory.changed({"b": b"y" * 200_000}).is_worn


def test_beside_its_own_place() -> None:
    """A file that holds the place of the cursor, as it was saved, does not predict there what already follows."""
    text = b"alpha beta gamma alpha beta delta"
    cursor = len(b"alpha beta gamma alpha beta")
    memory = CorpusMemory.build({"a": text}).memory.beside(text[cursor:])
    match = memory.match(text[:cursor])
    for expected in b" g":
        assert int(match.probabilities.argmax()) == expected
        match = memory.advance(match, expected)


@given_same
@given(text=_text, context=_text, after=_text)
def test_beside_a_place_that_it_does_not_hold(text: bytes, context: bytes, after: bytes) -> None:
    """What is not there cannot be taken off: the prediction is a distribution whatever is said to follow."""
    match = CorpusMemory.build({"a": text}).memory.beside(after).match(context)
    for character in after[:5]:
        assert match.probabilities.sum() == pytest.approx(1)
        assert (match.probabilities >= 0).all()
        match = CorpusMemory.build({"a": text}).memory.beside(after).advance(match, character)
