"""Which text a model has learned: the digests of the passages that it has read, kept beside its weights.

A passage is a few lines. A text is cut after lines whose checksum says so, hence at the same lines wherever they
stand: an edit makes one passage another, and leaves the rest of its file what it was; a file renamed, or a branch
switched back, is nothing new. Knows nothing of models, nor of how a text is learned.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

LINES = 8
"""Lines of a passage, on average: some 350 characters, so that a changed word does not cost a page."""
LONGEST = 4_000
"""Bytes after which a passage ends with its line in any case."""

MOST = 1_000_000
"""Digests kept of a model: 8 MB, for some 350 MB of text. What was gone longest is forgotten first."""

Digests = NDArray[np.uint64]
NONE: Digests = np.zeros(0, np.uint64)
Span = tuple[int, int]
"""Where some text begins and ends, in bytes."""


def passages(text: bytes) -> Iterator[Span]:
    """Yield where each passage of a text is, in order; together they are all of it."""
    begin = end = 0
    for line in text.splitlines(keepends=True):
        end += len(line)
        if zlib.crc32(line) % LINES == 0 or end - begin >= LONGEST:
            yield begin, end
            begin = end
    if begin < end:
        yield begin, end


def digests(text: bytes) -> Digests:
    """Return the digest of each passage (n,)."""
    return np.array([digest(text[begin:end]) for begin, end in passages(text)], np.uint64)


def digest(passage: bytes) -> int:
    """Return a number that no other passage has, but for one chance in millions of millions."""
    return int.from_bytes(hashlib.blake2b(passage, digest_size=8).digest(), "little")


def fresh(text: bytes, known: Digests) -> list[Span]:
    """Return where the passages are whose digests are not among the known ones, which are sorted."""
    spans = list(passages(text))
    found = np.array([digest(text[begin:end]) for begin, end in spans], np.uint64)
    return [span for span, is_known in zip(spans, contains(known, found), strict=True) if not is_known]


def is_mostly(text: bytes, known: Digests) -> bool:
    """Whether more than half of a text's passages are among the known ones, which are sorted."""
    return len(known) > 0 and bool(np.mean(contains(known, digests(text))) > 0.5)


def contains(known: Digests, found: Digests) -> NDArray[np.bool_]:
    """Return which of the found ones are among the known ones, which are sorted."""
    at = np.searchsorted(known, found)
    inside = at < len(known)
    result = np.zeros(len(found), np.bool_)
    result[inside] = known[at[inside]] == found[inside]
    return result


def together(there: Sequence[Digests], gone: Digests = NONE, most: int = MOST) -> Digests:
    """Return the digests of text that is there and, as far as there is room, of text that is gone; sorted."""
    now = np.unique(np.concatenate([*there, NONE]))[:most]
    rest = gone[~contains(now, gone)]
    return np.sort(np.concatenate([now, rest[: most - len(now)]]))
