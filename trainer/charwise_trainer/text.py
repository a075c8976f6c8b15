"""Bytes on disk to UTF-8: opens a file so that it can do no harm, tells text from binary, and finds its encoding.

Knows nothing of names, of ignore rules or of what may be learned.
"""

import codecs
import os
import re
import stat
from pathlib import Path

from charwise_trainer.errors import LeftOut

START = b"\x02"
END = b"\x03"
"""The marks round a document in what the model reads; a text never holds them (see `to_utf8`)."""

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r\f\b\x1b"))
MOST_CONTROLS = 0.01
"""Share of control characters above which a file is no text; page breaks and terminal colours do not count."""

# UTF-32 first: its little-endian mark begins with UTF-16's.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_PART = 1 << 20
"""Bytes read at a time."""

_SAMPLE = 65_536
"""Bytes from which an encoding is guessed: more costs seconds and says no more."""

_CLEAR_LEAD = 0.1
"""How much more chaotic any other reading must be before a guessed encoding counts as certain (0 clean, 1 noise)."""

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
VANISHED = "it vanished while it was read"
_UNCERTAIN = "not UTF-8, and its encoding is not certain"


def read_regular(path: str | Path, limit: int) -> tuple[bytes, os.stat_result]:
    """Return a regular file's bytes and status; raises LeftOut with the reason.

    Never follows a link, waits for a pipe or reads more than `limit` bytes, whatever the path becomes meanwhile.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise LeftOut(unreadable(error)) from error
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise LeftOut("not a regular file")
        # One more than allowed: it may have grown, or be one of those whose size the system gives as 0.
        raw = _read(descriptor, limit + 1) if info.st_size <= limit else b""
    except OSError as error:
        raise LeftOut(unreadable(error)) from error
    finally:
        os.close(descriptor)
    if max(info.st_size, len(raw)) > limit:
        raise LeftOut(larger_than(limit))
    return raw, info


def _read(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, min(most, _PART))):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def unreadable(error: OSError) -> str:
    """Return the reason that stands for a failed system call."""
    if isinstance(error, FileNotFoundError):
        return VANISHED
    return f"not readable ({error.strerror or error})"


def larger_than(limit: int) -> str:
    """Return the reason for a file over the limit, in bytes."""
    return f"larger than {readable_size(limit)}"


def readable_size(count: int) -> str:
    """Return a number of bytes as people write it: 1 MB, 1.5 kB."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count} bytes"


def printable(name: str) -> str:
    """Return a path as one line of valid UTF-8: bytes that are no UTF-8, and control characters, become U+FFFD."""
    return name if name.isascii() and name.isprintable() else _UNPRINTABLE.sub("\ufffd", name)


def to_utf8(raw: bytes) -> bytes:
    """Return the text as UTF-8 without byte order mark, START and END; raises LeftOut for binary and for unsure ones.

    Line ends stay as they are.
    """
    text = raw.removeprefix(codecs.BOM_UTF8)
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), None)
    if encoding is not None:
        text = _recoded(raw, encoding)
    if _is_binary(text):
        raise LeftOut("binary")
    if not text.isascii() and not _is_utf8(text):
        text = _recoded(text, _guess(text))
        if _is_binary(text):
            raise LeftOut(_UNCERTAIN)
    return text.translate(None, START + END)


def _is_binary(text: bytes) -> bool:
    if b"\0" in text:
        return True
    return len(text) - len(text.translate(None, _CONTROLS)) > MOST_CONTROLS * len(text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _recoded(raw: bytes, encoding: str) -> bytes:
    try:
        return raw.decode(encoding).encode()
    except UnicodeError as error:  # broken off in a character, or a lone surrogate
        raise LeftOut(_UNCERTAIN) from error


def _guess(raw: bytes) -> str:
    """Return the encoding where there is but one clean reading; raises LeftOut else.

    Single letters with accents look alike in a dozen encodings: then nothing is certain, and nothing is learned wrong.
    """
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 4 MB that a project in UTF-8 never needs

    if _is_damaged_utf8(raw):
        raise LeftOut(_UNCERTAIN)
    matches = list(from_bytes(_telling_lines(raw)))
    best = matches[0] if matches else None
    if best is None or best.chaos >= _CLEAR_LEAD or not best.coherence:
        raise LeftOut(_UNCERTAIN)
    if any(rival.chaos < best.chaos + _CLEAR_LEAD and str(rival) != str(best) for rival in matches[1:]):
        raise LeftOut(_UNCERTAIN)
    return best.encoding


def _telling_lines(raw: bytes) -> bytes:
    """Return the beginning, which may declare the encoding, and the lines that are not ASCII."""
    lines = raw.splitlines(keepends=True)
    return b"".join(lines[:2] + [line for line in lines[2:] if not line.isascii()])[:_SAMPLE]


def _is_damaged_utf8(raw: bytes) -> bool:
    """Return whether most of what is not ASCII is sound UTF-8, which other encodings' texts hardly ever look like."""
    decoded = raw.decode(errors="replace")
    broken = decoded.count("\ufffd")
    return sum(character > "\x7f" for character in decoded) - broken >= broken
