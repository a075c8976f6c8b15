"""The table of valid UTF-8 against Python's decoder."""

from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon import utf8


def _accepts(data: bytes) -> bool:
    state = utf8.BOUNDARY
    for byte in data:
        if not utf8.ALLOWED[state, byte]:
            return False
        state = int(utf8.FOLLOWS[state, byte])
    return state == utf8.BOUNDARY


def _decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(st.text())
def test_allowed_text(text: str) -> None:
    """All text is allowed."""
    assert _accepts(text.encode("utf-8", "replace"))


@given(
    st.binary(max_size=8)
    | st.lists(st.sampled_from([0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0x9F, 0x90])).map(bytes)
)
def test_allowed_bytes(data: bytes) -> None:
    """Bytes are allowed exactly where Python decodes them."""
    assert _accepts(data) == _decodes(data)
