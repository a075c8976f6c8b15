"""Mirrored documents: edits, versions, and the memory that follows them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from charwise_daemon.documents import Document, Documents
from charwise_daemon.errors import DocumentError, InvalidRequestError
from charwise_daemon.shard import Shard
from tests.daemon.test_snapshots import _ENGINE, _TEXT


def _open(text: bytes, key: str = "k") -> Document:
    return Document((None, key), "/p", text, 1)


@given(text=st.binary(max_size=60), data=st.data())
def test_apply_is_splicing(text: bytes, data: st.DataObject) -> None:
    """Edits applied in order leave the bytes that splicing leaves."""
    document, wanted = _open(text), text
    for version in range(2, 6):
        start = data.draw(st.integers(0, len(wanted)))
        end = data.draw(st.integers(start, len(wanted)))
        new = data.draw(st.binary(max_size=10))
        document.apply([[start, end, new]], version)
        wanted = wanted[:start] + new + wanted[end:]
        assert bytes(document.text) == wanted
        document.check(version, len(wanted))


@pytest.mark.parametrize("change", [[5, 3, b""], [-1, 2, b""], [0, 99, b""], [0, 1], "x", [0, 1, 2], [0.5, 1, b""]])
def test_apply_refuses(change: Any) -> None:
    """A change that does not fit breaks the document until it is opened again, and says so."""
    document = _open(b"0123456789")
    with pytest.raises((DocumentError, InvalidRequestError), match="open"):
        document.apply([change], 2)
    assert bytes(document.text) == b"0123456789"
    with pytest.raises(DocumentError, match="open it again"):
        document.check(1, 0)


def test_apply_old_version() -> None:
    """An edit to a version that is not newer does not fit either."""
    with pytest.raises(DocumentError, match="edit to version 1"):
        _open(b"").apply([], 1)


def test_check_refuses() -> None:
    """Another version or an offset outside the text is refused, saying what was asked and what is there."""
    document = _open(b"abc")
    with pytest.raises(DocumentError, match="version 2 asked for"):
        document.check(2, 0)
    with pytest.raises(InvalidRequestError, match="offset 4 is outside the document's 3 bytes"):
        document.check(1, 4)


def test_documents_unknown() -> None:
    """A document that was never opened is named; closing it is no error."""
    documents = Documents()
    documents.close((None, "nobody"))
    with pytest.raises(DocumentError, match="nobody is not open"):
        documents.get((None, "nobody"))


def _predicts(documents: Documents, document: Document, offset: int) -> bytes:
    seen = documents.memory_for(document, offset).documents.match(bytes(document.text[:offset]))
    return bytes([int(seen.probabilities.argmax())]) if seen.order > 4 else b""


def test_memory_for_typed_a_second_ago() -> None:
    """What was just typed is recalled at the next place where it fits."""
    documents, document = Documents(), _open(b"first line\n\nlast line\n")
    documents.open(document)
    documents.memory_for(document, 0)  # the base is made before the typing
    document.apply([[11, 11, b"quixotic_name = 1\n"]], 2)
    document.apply([[29, 29, b"print(quixotic_"]], 3)
    assert _predicts(documents, document, 29 + 15) == b"n"


def test_memory_for_neighbours() -> None:
    """What stands in another open document is recalled, once that was looked at."""
    documents, one, other = Documents(), _open(b"import ", "one"), _open(b"import kaleidoscope\n", "other")
    documents.open(one)
    documents.open(other)
    documents.memory_for(other, 0)
    documents.touch(one)
    assert _predicts(documents, one, 7) == b"k"


@given(data=st.data())
def test_memory_for_is_of_the_text(data: st.DataObject) -> None:
    """After any edits the memory is exactly that of a document just opened with this text, wherever the cursor is."""
    document, documents = _open(b"the quick brown fox\njumps over the lazy dog\n" * 3), Documents()
    documents.open(document)
    documents.memory_for(document, 0)
    for version in range(2, 8):
        start = data.draw(st.integers(0, len(document.text)))
        end = min(len(document.text), start + data.draw(st.integers(0, 5)))
        document.apply([[start, end, data.draw(st.sampled_from([b"", b"xyz", b"wombat\n"]))]], version)
        cursor = data.draw(st.integers(0, len(document.text)))
        context, fresh = document.context(cursor), _open(bytes(document.text))
        others = Documents()
        others.open(fresh)
        seen, wanted = (
            each.memory_for(one, cursor).documents.match(context)
            for each, one in ((documents, document), (others, fresh))
        )
        assert_array_equal(seen.probabilities, wanted.probabilities)


@given(data=st.data())
def test_memory_for_a_text_that_is_being_sorted(data: st.DataObject) -> None:
    """Edits before and while a text is sorted elsewhere are in the memory, during it and when that has come."""
    document, documents = _open(b"the quick brown fox\njumps over the lazy dog\n" * 3), Documents()
    documents.open(document)
    text = document.recall.begin_sorting(document.text)
    assert text is not None
    assert document.recall.begin_sorting(document.text) is None
    ends = data.draw(st.integers(2, 6))
    for version in range(2, 8):
        if version == ends:
            document.recall.end_sorting(Shard(text))
        start = data.draw(st.integers(0, len(document.text)))
        end = min(len(document.text), start + data.draw(st.integers(0, 5)))
        document.apply([[start, end, data.draw(st.sampled_from([b"", b"xyz", b"wombat\n"]))]], version)
        if data.draw(st.booleans()):
            documents.memory_for(document, 0)
    fresh, others, cursor = _open(bytes(document.text)), Documents(), len(document.text) // 2
    others.open(fresh)
    seen = documents.memory_for(document, cursor).documents.match(document.context(cursor))
    wanted = others.memory_for(fresh, cursor).documents.match(document.context(cursor))
    assert_array_equal(seen.probabilities, wanted.probabilities)


# --- edits as editors send them ----------------------------------------------------------------------
@given(text=st.binary(max_size=40), old=st.binary(max_size=20), new=st.binary(max_size=20))
def test_apply_is_of_what_differs(text: bytes, old: bytes, new: bytes) -> None:
    """A word or a text that is sent again with a little more is an edit of that little."""
    document = _open(text + old)
    document.apply([[0, len(text + old), text + new]], 2)
    assert bytes(document.text) == text + new
    assert document.cursor == len(text + new)


def test_apply_of_the_same_text() -> None:
    """Text that replaces itself forgets nothing, and with a little more only what comes after that."""
    document = _open(_TEXT)
    list(document.snapshots.read(_ENGINE, document.text, 400))
    document.apply([[0, len(_TEXT), _TEXT]], 2)
    assert _ENGINE.since(document.snapshots.read(_ENGINE, document.text, 400)) == 0
    document.apply([[0, len(_TEXT), _TEXT[:390] + b"?" + _TEXT[390:]]], 3)
    assert _ENGINE.since(document.snapshots.read(_ENGINE, document.text, 400)) == 400 - 384


# --- which are warm ----------------------------------------------------------------------------------
def _used(documents: Documents, document: Document) -> Document:
    documents.touch(document)
    documents.memory_for(document, 0)
    list(document.snapshots.read(_ENGINE, document.text, len(document.text)))
    return document


def _is_warm(document: Document) -> bool:
    return document.recall.is_warm and len(list(document.snapshots.read(_ENGINE, document.text, len(_TEXT)))) == 1


def test_touch_keeps_the_last_used_warm() -> None:
    """Only so many documents keep what was computed along them, whatever is open: those used last."""
    documents, opened = Documents(), [_open(_TEXT, str(number)) for number in range(20)]
    for document in opened:
        documents.open(document)
        _used(documents, document)
    _used(documents, opened[12])
    _used(documents, opened[3])
    warm = [number for number, document in enumerate(opened) if documents.is_warm(document)]
    assert warm == [3, 12, *range(14, 20)]
    assert [number for number, document in enumerate(opened) if _is_warm(document)] == warm


def test_touch_bounds_the_characters() -> None:
    """Large documents make others cold sooner; the one in use stays warm whatever its size."""
    documents, large = Documents(), [_open(bytes(3 * 2**20), str(number)) for number in range(3)]
    for document in large:
        documents.open(document)
    assert [documents.is_warm(document) for document in large] == [False, False, True]
    huge = _open(bytes(9 * 2**20), "huge")
    documents.open(huge)
    assert [documents.is_warm(document) for document in [*large, huge]] == [False, False, False, True]
    small = _open(b"", "small")
    documents.open(small)
    assert documents.is_warm(small)
    assert not documents.is_warm(huge)


def test_open_remembers_the_cursor() -> None:
    """A file that is opened again has the cursor where it was, as far as there is text."""
    documents = Documents()
    for path, text, wanted in (("/p", _TEXT, 700), ("/p", _TEXT[:50], 50), ("", _TEXT, 0)):
        first = Document((None, "k"), path, _TEXT, 1)
        documents.open(first)
        first.cursor = 700
        documents.close((None, "k"))
        again = Document((None, "other"), path, text, 1)
        documents.open(again)
        assert again.cursor == wanted
        documents.close((None, "other"))
    for number in range(300):
        documents.open(Document((None, "k"), f"/{number}", _TEXT, 1))
    assert len(documents._cursors) == 256
