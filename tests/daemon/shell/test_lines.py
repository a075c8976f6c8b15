"""Lines in and out: fields, what a terminal must not get, and lines that are too long."""

from charwise_daemon.errors import ProtocolError
from charwise_daemon.shell.lines import LONGEST_LINE, Decoder, fields, is_safe, line


def test_fields_newline() -> None:
    """A newline inside a field travels as a record separator."""
    sent = line("ran", "/tmp", "for x in 1 2; do\n echo $x\ndone")
    assert sent.count(b"\n") == 1
    assert fields(sent) == ["ran", "/tmp", "for x in 1 2; do\n echo $x\ndone"]


def test_fields_invalid_utf8() -> None:
    """Bytes that are no UTF-8 are replaced."""
    assert fields(b"ran\x1f/tmp\x1fcaf\xe9") == ["ran", "/tmp", "caf\ufffd"]


def test_line_without_commands_to_terminals() -> None:
    """What could command a terminal is left out of whatever is sent."""
    assert line("error", "a\x1b[31mred\x07\x9b2J\u202e\u2066b\x7f") == b"error\x1fa[31mred2Jb\n"


def test_is_safe() -> None:
    """Text with controls, line ends or hidden characters is not safe; other languages and emoji are."""
    assert all(map(is_safe, ["git commit", "écho ça 🎉", "日本語"]))
    assert not any(map(is_safe, ["a\nb", "a\rb", "\x1b]0;x\x07", "a\x9bb", "a\u202eb", "a\u200bb", "\udc80", "\ufffd"]))


def test_decoder_in_pieces() -> None:
    """Lines arrive in any pieces."""
    decoder, found = Decoder(), []
    for piece in (b"he", b"llo\x1f1\nco", b"", b"mp\n", b"\n"):
        found += decoder.feed(piece)
    assert found == [b"hello\x1f1", b"comp", b""]


def test_decoder_line_too_long() -> None:
    """A line of a megabyte is one error in its place; what follows it is read, and nothing of it is kept."""
    decoder = Decoder()
    found = decoder.feed(b"first\n" + b"x" * (LONGEST_LINE + 1))
    for _ in range(10):
        found += decoder.feed(b"y" * 100_000)
        assert not decoder._rest
    found += decoder.feed(b"z\nlast\n")
    assert found[0] == b"first"
    assert isinstance(found[1], ProtocolError)
    assert found[2:] == [b"last"]
