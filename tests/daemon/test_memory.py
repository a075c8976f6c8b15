"""The memory against a slow, obvious one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from charwise_daemon.memory import MAX_ORDER, CorpusMemory, Memory, Shard

_text = st.text(alphabet="ab c", min_size=1, max_size=120).map(str.encode)


def _occurrences(text: bytes, pattern: bytes) -> list[int]:
    """Return where `pattern` ends in `text`."""
    return [i + len(pattern) for i in range(len(text)) if text.startswith(pattern, i)]


@given(text=_text, context=_text)
def test_match_is_every_occurrence(text: bytes, context: bytes) -> None:
    """For each order, the interval holds exactly the places where the context's end stands."""
    [shard] = Memory.of(text).shards
    for order, (low, high) in enumerate(shard.find(context)):
        pattern = context[len(context) - order :]
        assert (
            sorted(int(i) + order for i in shard.suffixes[low:high])
            == _occurrences(text, pattern)[order == 0 :][: high - low]
            or order == 0
        )


@given(text=_text, context=_text, more=_text)
def test_advance_equals_match(text: bytes, context: bytes, more: bytes) -> None:
    """Advancing character by character ends where matching the whole context begins."""
    memory = Memory([Shard(text), Shard(more)])
    match = memory.match(context)
    for character in more:
        match = memory.advance(match, character)
    assert match == memory.match((context + more)[-MAX_ORDER:])


@given(text=_text, context=_text)
def test_predict_is_a_distribution(text: bytes, context: bytes) -> None:
    """The probabilities sum to one, and none is zero."""
    memory = Memory.of(text)
    seen = memory.predict(memory.match(context))
    assert seen.probabilities.sum() == pytest.approx(1)
    assert (seen.probabilities > 0).all()


def test_predict_recalls_what_was_seen_once() -> None:
    """One occurrence of a long context is enough to go on from."""
    memory = Memory.of(b"def compute_frobnication(self):\n    pass\n" + b"other text " * 50)
    seen = memory.predict(memory.match(b"    x = compute_frob"))
    assert bytes([seen.probabilities.argmax()]) == b"n"
    assert (seen.order, seen.count) == (13, 1)


def test_predict_leaves_the_cursor_out() -> None:
    """What already follows the cursor is not predicted from itself, there or after further characters."""
    text = b"alpha beta gamma alpha beta delta"
    shard, cursor = Shard(text), len(b"alpha beta gamma alpha beta")
    memory = Memory([shard], [cursor])
    match = memory.match(text[:cursor])
    for expected in b" g":
        character = int(memory.predict(match).probabilities.argmax())
        assert character == expected
        match = memory.advance(match, character)


def test_predict_empty() -> None:
    """A memory of nothing knows nothing: every character is as likely as another."""
    memory = CorpusMemory.build({}).memory()
    seen = memory.predict(memory.match(b"abc"))
    assert_allclose(seen.probabilities, 1 / 256)
    assert seen.order == 0


@given(
    before=st.dictionaries(st.sampled_from("abcd"), _text, min_size=1),
    changes=st.dictionaries(st.sampled_from("abcdef"), st.none() | _text, min_size=1),
    context=_text,
)
def test_corpus_changed_equals_built(
    before: dict[str, bytes], changes: dict[str, bytes | None], context: bytes
) -> None:
    """After changes the memory finds what one built from the changed files finds, and rebuilt it is the same."""
    changed = CorpusMemory.build(before).changed(changes)
    after = {name: text for name, text in (before | changes).items() if text is not None}
    assert len(changed) == sum(map(len, after.values()))
    built = CorpusMemory.build(after)
    for memory in (changed.memory(), changed.rebuilt().memory()):
        seen, wanted = memory.predict(memory.match(context)), built.memory().predict(built.memory().match(context))
        assert seen.order == wanted.order
        assert_allclose(seen.probabilities, wanted.probabilities, atol=0.02)  # orders of equal size are told once


def test_corpus_forgets() -> None:
    """A file that is gone is not recalled any more, at once."""
    memory = CorpusMemory.build({"a": b"the secret sauce", "b": b"the other thing"})
    gone = memory.changed({"a": None}).memory()
    seen = gone.predict(gone.match(b"the secret sa"))
    assert bytes([seen.probabilities.argmax()]) != b"u"


def test_corpus_is_worn() -> None:
    """When much has changed, building anew is asked for; a small change does not ask."""
    memory = CorpusMemory.build({"a": b"x" * 1000})
    assert not memory.changed({"b": b"y" * 1000}).is_worn
    assert memory.changed({"b": b"y" * 200_000}).is_worn


@given(
    before=st.dictionaries(st.sampled_from("abcd"), _text, min_size=1),
    changes=st.dictionaries(st.sampled_from("abcdef"), _text),
    without=st.sampled_from("abcdef"),
    context=_text,
)
def test_corpus_without_a_file(
    before: dict[str, bytes], changes: dict[str, bytes | None], without: str, context: bytes
) -> None:
    """Without a file, the memory predicts what it would if that file were gone."""
    memory = CorpusMemory.build(before).changed(changes)
    seen, wanted = (
        m.predict(m.match(context)) for m in (memory.memory(without), memory.changed({without: None}).memory())
    )
    assert seen.order == wanted.order
    assert_allclose(seen.probabilities, wanted.probabilities, atol=0.02)
