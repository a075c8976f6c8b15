"""Mirrored documents: edits, versions, and the memory that follows them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.documents import Document, Documents
from charwise_daemon.errors import DocumentError, InvalidRequestError


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
    memory = documents.memory_for(document, offset)
    seen = memory.predict(memory.match(bytes(document.text[:offset])))
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
def test_memory_for_sees_the_whole_text(data: st.DataObject) -> None:
    """After any edits, every long enough stretch of the text is found, wherever the cursor stands."""
    document, documents = _open(b"the quick brown fox\njumps over the lazy dog\n" * 3), Documents()
    documents.open(document)
    documents.memory_for(document, 0)
    for version in range(2, 8):
        start = data.draw(st.integers(0, len(document.text)))
        end = min(len(document.text), start + data.draw(st.integers(0, 5)))
        document.apply([[start, end, data.draw(st.sampled_from([b"", b"xyz", b"wombat\n"]))]], version)
        cursor = data.draw(st.integers(0, len(document.text)))
        memory = documents.memory_for(document, cursor)
        place = data.draw(st.integers(0, max(0, len(document.text) - 12)))
        found = max(len(intervals) for intervals in memory.match(bytes(document.text[place : place + 12])).intervals)
        assert found - 1 == min(12, len(document.text) - place)
