"""The memory of a document under edits against one of the same text, freshly read."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from charwise_daemon import recall as module
from charwise_daemon.lookup import Match
from charwise_daemon.memory import Memory
from charwise_daemon.recall import Recall
from charwise_daemon.shard import MAX_ORDER

# Few letters, so that contexts repeat; long enough that regions end within the text.
_text = st.text(alphabet="ab \n", max_size=200).map(str.encode)
_edit = st.tuples(st.integers(0, 10_000), st.integers(0, 30), st.text(alphabet="ab c", max_size=40).map(str.encode))


@pytest.fixture(params=["auto", "numpy"], autouse=True)
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs on the kernel, where there is one, and on numpy."""
    monkeypatch.setenv("CHARWISE_KERNEL", request.param)


def _match(recall: Recall, text: bytes, cursor: int, more: bytes = b"") -> Match:
    shard, strips = recall.parts(text)
    memory = Memory([shard], strips, text[cursor:])
    match = memory.match(text[max(0, cursor - MAX_ORDER) : cursor])
    for character in more:
        match = memory.advance(match, character)
    return match


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_text, edits=st.lists(_edit, max_size=6), cursor=st.integers(0, 10_000), more=_text.map(lambda t: t[:30]))
def test_edited_equals_fresh(text: bytes, edits: list[tuple[int, int, bytes]], cursor: int, more: bytes) -> None:
    """Whatever edits led to a text, it is counted as a freshly read one is, exactly, there and further on."""
    recall, written = Recall(), bytearray(text)
    recall.parts(written)
    for place, removed, inserted in edits:
        start = place % (len(written) + 1)
        end = min(len(written), start + removed)
        written[start:end] = inserted
        recall.edited(start, end, len(inserted))
    where = cursor % (len(written) + 1)
    seen, wanted = _match(recall, bytes(written), where, more), _match(Recall(), bytes(written), where, more)
    assert (seen.order, seen.count) == (wanted.order, wanted.count)
    assert_array_equal(seen.probabilities, wanted.probabilities)


def test_worn_is_sorted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After much has changed the text is sorted anew, and strips are gone."""
    monkeypatch.setattr(module, "_LEAST_CHANGED", 10)
    recall, text = Recall(), bytearray(b"abc " * 50)
    recall.parts(text)
    text[8:8] = b"12345"
    recall.edited(8, 8, 5)
    assert len(recall.parts(text)[1]) == 2
    text[100:100] = b"67890"
    recall.edited(100, 100, 5)
    shard, strips = recall.parts(text)
    assert (len(shard), strips) == (len(text), [])


def test_deleted_text_is_forgotten() -> None:
    """What was deleted is not suggested from this document any more."""
    recall, text = Recall(), bytearray(b"the secret sauce is here; the other one")
    recall.parts(text)
    del text[4:16]
    recall.edited(4, 16, 0)
    assert _match(recall, bytes(text), 0).order == 0
    shard, strips = recall.parts(text)
    assert Memory([shard], strips).match(b"the secret sa").order < len(b"the s")
