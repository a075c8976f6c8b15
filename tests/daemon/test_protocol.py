"""Frames and parameters: what goes in comes out, and what is no message costs one clear error."""

import contextlib
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon import protocol
from charwise_daemon.errors import InvalidRequestError, ProtocolError
from charwise_daemon.protocol import Decoder, Notification, Request, Response, encode, parse

_plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
_messages = st.one_of(
    st.builds(Request, st.integers(0, 2**32 - 1), st.text(), _plain),
    st.builds(Response, st.integers(0, 2**32 - 1), _plain, _plain),
    st.builds(Notification, st.text(), _plain),
)


@given(messages=st.lists(_messages, max_size=5), data=st.data())
def test_decoder_any_split(messages: list[protocol.Message], data: st.DataObject) -> None:
    """However the stream is cut into pieces, the same messages come out in the same order."""
    stream, decoder, seen = b"".join(map(encode, messages)), Decoder(), list[protocol.Message]()
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        seen += decoder.feed(stream[:size])
        stream = stream[size:]
    assert seen == messages


@given(st.binary(min_size=1, max_size=200))
def test_decoder_garbage(noise: bytes) -> None:
    """Noise is either waited for or refused with one of our errors, never with another."""
    with contextlib.suppress(ProtocolError):
        Decoder().feed(noise)


@pytest.mark.parametrize(
    "parts", [7, [], [0, 1, "x"], [3, 1, "x", []], [0, "1", "x", []], [2, 5, []], [True, 1, "x", []], "hi"]
)
def test_decoder_not_rpc(parts: Any) -> None:
    """MessagePack that is no MessagePack-RPC is refused, saying what was seen."""
    with pytest.raises(ProtocolError, match="not MessagePack-RPC"):
        Decoder().feed(msgpack.packb(parts))


def test_decoder_over_the_limit() -> None:
    """A frame longer than the limit is refused before it is in memory whole."""
    decoder = Decoder(limit=1000)
    assert decoder.feed(b"\xc6\x00\x00\x0f\xff" + b"x" * 900) == []
    with pytest.raises(ProtocolError, match="limit of 1,000 bytes"):
        decoder.feed(b"x" * 200)


def test_encode_over_the_limit() -> None:
    """A message that no peer would take is refused where it is made."""
    with pytest.raises(ProtocolError, match="over the limit"):
        encode(Notification("open", b"x" * (protocol.MAX_FRAME + 1)))


@pytest.mark.parametrize("value", ["half of \ud83d", 2**64], ids=["surrogate", "number"])
def test_encode_what_cannot_be_sent(value: object) -> None:
    """What JSON can say and MessagePack cannot is refused where it is made, too."""
    with pytest.raises(ProtocolError, match="cannot be sent"):
        encode(Request(1, "open", {"document": value}))


def test_decoder_text_that_is_no_utf8() -> None:
    """Neovim sends the bytes of a buffer as a string; they come out as they were."""
    frame = b"\x93\x02\xa4open\x91\x81\xa4text\xa3a\xff\x62"
    [message] = Decoder().feed(frame)
    assert isinstance(message, Notification)
    params = message.params | {"document": "d", "version": 1}
    assert parse(protocol.Open, params).text == b"a\xffb"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ([], "takes one map"),
        ({"document": "d", "version": 1}, "offset is missing"),
        ({"document": "d", "version": 1, "offset": 0, "colour": 1}, "unknown parameter 'colour'"),
        ({"document": "d", "version": "1", "offset": 0}, "version is '1', but must be int"),
        ({"document": "d", "version": True, "offset": 0}, "version is True, but must be int"),
        ({"document": "d", "version": 1, "offset": 0, "trigger": "magic"}, "trigger is 'magic', but must be one of"),
    ],
)
def test_parse_refuses(params: Any, said: str) -> None:
    """A wrong parameter is named, with what it should be."""
    with pytest.raises(InvalidRequestError, match=said):
        parse(protocol.Complete, params)
