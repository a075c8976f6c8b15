r"""The line protocol of shells: a message a line, fields between unit separators. docs/terminal.md describes it. Pure.

A shell reads and writes lines, not MessagePack. What is sent to one may end up on a terminal, so nothing that could
command a terminal is ever sent.

    >>> fields(line("suggest", "7", "commit -m 'two\nlines'"))
    ['suggest', '7', "commit -m 'two\nlines'"]
"""

import re

from charwise_daemon.errors import ProtocolError

PROTOCOL = "1"
SEPARATOR, NEWLINE = "\x1f", "\x1e"

# A function list of a shell with all completions is 60 kB; what is longer than this is no line of ours.
LONGEST_LINE = 256 * 1024
# Control characters (C1 too: some terminals obey them), line and paragraph separators, and what turns the direction of
# text or hides in it: none of that can be seen for what it is.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffd]")
_SEPARATORS = re.compile("[\x1e\x1f]")


def is_safe(text: str) -> bool:
    """Tell whether a text can be put on a terminal as it is, on one line."""
    return not _UNSAFE.search(text) and not any("\ud800" <= each <= "\udfff" for each in text)


def line(*parts: str) -> bytes:
    """Return a message as it travels, with its newline; whatever else could command a terminal is left out."""
    return SEPARATOR.join(map(_enclosed, parts)).encode("utf-8", "replace") + b"\n"


def fields(received: bytes) -> list[str]:
    """Return the fields of a line, without its newline; bytes that are no UTF-8 become U+FFFD."""
    text = received.decode("utf-8", "replace").rstrip("\r\n")
    return [field.replace(NEWLINE, "\n") for field in text.split(SEPARATOR)]


def _enclosed(part: str) -> str:
    text = _SEPARATORS.sub("", part).replace("\n", NEWLINE)
    return "".join(each for each in text if each == NEWLINE or not _UNSAFE.match(each))


class Decoder:
    """Cuts what arrives into lines, of a bounded length."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest, self._rest, self._is_skipping = longest, bytearray(), False

    def feed(self, data: bytes) -> list[bytes | ProtocolError]:
        """Return the lines that are whole now; a line that is too long is an error in its place, and forgotten."""
        found = list[bytes | ProtocolError]()
        *whole, rest = data.split(b"\n")
        for part in whole:
            self._add(part, found)
            if not self._is_skipping:
                found.append(bytes(self._rest))
            self._rest.clear()
            self._is_skipping = False
        self._add(rest, found)
        return found

    def _add(self, part: bytes, found: list[bytes | ProtocolError]) -> None:
        if self._is_skipping:
            return
        if len(self._rest) + len(part) > self._longest:
            self._is_skipping = True
            self._rest.clear()
            found.append(ProtocolError(f"a line is longer than {self._longest} bytes; it is left out"))
        else:
            self._rest += part
