"""The memory: what followed the longest contexts like this one, in the corpus and in the open documents.

It learns at once, recalls identifiers seen a single time, and forgets a file without being rebuilt. Knows no LSTM and
no files on disk.

    >>> Memory.of(b"alpha beta, alpha gamma, alpha be").match(b"alpha be").probabilities.argmax() == ord("t")
    True
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from charwise_daemon import defaults
from charwise_daemon import kernel as kernels
from charwise_daemon.kernel_lookup import KernelLookup
from charwise_daemon.lookup import Lookup, Match
from charwise_daemon.shard import GAP, Interval, Shard, Strip, places_of

# Characters of a delta that are no burden, however small the base, and that are, however large: it is sorted at every
# save, at 30 ms per MB.
_SMALL, _LARGE = 1 << 17, 1 << 20


class Memory:
    """Shards and strips that are asked as one; in C where the kernel is, else on numpy. Arguments as of Lookup.

    Args:
        source: whose escape is used: corpus, documents or nearby.
    """

    def __init__(
        self, shards: Sequence[Shard] = (), strips: Sequence[Strip] = (), after: bytes = b"", source: str = "corpus"
    ) -> None:
        self._parts, self._source = (shards, strips), source
        self._size = sum(map(len, shards)) + sum(map(len, strips))
        kernel, escape = kernels.chosen().kernel, defaults.escape(source)
        self.lookup = (
            KernelLookup(kernel, shards, strips, after, escape) if kernel else Lookup(shards, strips, after, escape)
        )

    @classmethod
    def of(cls, text: bytes) -> "Memory":
        """Return the memory of one text."""
        return cls([Shard(text)])

    def beside(self, after: bytes) -> "Memory":
        """Return the same memory for a place of its own text, which is not counted, with this after it."""
        return Memory(*self._parts, after, self._source)

    def __repr__(self) -> str:
        return f"Memory({self._size:,} characters)"

    def match(self, context: bytes) -> Match:
        """Return where the end of `context` occurs, and what followed it."""
        return self.lookup.match(context.rpartition(GAP)[2])

    def advance(self, match: Match, character: int) -> Match:
        """Return the match after one more character."""
        return self.lookup.advance(match, character)


class OpenMemories(NamedTuple):
    """The memories as seen from the cursor in an open document.

    Args:
        documents: of the open documents.
        nearby: of what was written just before.
        after: what follows the cursor.
    """

    documents: Memory
    nearby: Memory
    after: bytes = b""

    @classmethod
    def none(cls) -> "OpenMemories":
        """Return the memories of no document."""
        return cls(Memory(source="documents"), Memory(source="nearby"))


@dataclass(frozen=True)
class CorpusMemory:
    """The memory of a workspace's files: a large shard, a small one for what changed since, and what is gone masked.

    A value: `changed` returns a new one, so that a running search keeps the one it began with.
    """

    base: Shard
    places: Mapping[str, Interval]  # of the files in the base that still count
    fresh: Mapping[str, bytes] = field(default_factory=dict)  # files newer than the base
    delta: Shard | None = None

    @classmethod
    def build(cls, texts: Mapping[str, bytes]) -> "CorpusMemory":
        """Return the memory of these encoded files, by name."""
        return cls(Shard(GAP.join(texts.values()), is_sampled=True), places_of(texts))

    def changed(self, texts: Mapping[str, bytes | None]) -> "CorpusMemory":
        """Return the memory with these files replaced, added, or (None) forgotten; costs by what changed."""
        places, fresh = dict(self.places), dict(self.fresh)
        gone = [place for name in texts if (place := places.pop(name, None))]
        for name, text in texts.items():
            fresh.pop(name, None)
            if text is not None:
                fresh[name] = text
        delta = Shard(GAP.join(fresh.values()), is_sampled=True) if fresh else None
        return CorpusMemory(self._base_without(gone), places, fresh, delta)

    def _base_without(self, gone: Sequence[Interval]) -> Shard:
        if not gone:
            return self.base  # a file saved again is not in it any more, and the mask is as large as the text
        alive = np.ones(len(self.base) + 1, np.bool_) if self.base.alive is None else self.base.alive.copy()
        for place in gone:
            alive[slice(*place)] = False
        return self.base.masked(alive)

    @functools.cached_property
    def memory(self) -> Memory:
        """What a predictor asks."""
        return Memory([self.base] if self.delta is None else [self.base, self.delta])

    def __contains__(self, name: str) -> bool:
        """Tell whether a file is in it."""
        return name in self.places or name in self.fresh

    def text_of(self, name: str) -> bytes | None:
        """Return a file as it was encoded, None where it is not in the memory."""
        if name in self.fresh:
            return self.fresh[name]
        place = self.places.get(name)
        return bytes(self.base.text[slice(*place)]) if place else None

    @property
    def is_worn(self) -> bool:
        """Whether so much changed that building anew pays."""
        return self.delta is not None and len(self.delta) > min(max(_SMALL, len(self.base) // 8), _LARGE)

    def __len__(self) -> int:
        return sum(end - start for start, end in self.places.values()) + sum(map(len, self.fresh.values()))
