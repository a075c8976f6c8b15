"""The memory: what followed the longest contexts like this one, in the corpus and in the open documents.

It learns at once, recalls identifiers seen a single time, and forgets a file without being rebuilt. Knows no LSTM and
no files on disk.

    >>> Memory.of(b"alpha beta, alpha gamma, alpha be").match(b"alpha be").probabilities.argmax() == ord("t")
    True
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from charwise_daemon import kernel as kernels
from charwise_daemon.kernel_lookup import KernelLookup
from charwise_daemon.lookup import Lookup, Match, View
from charwise_daemon.shard import GAP, Interval, Shard, Strip, places_of

# Characters of a delta that are no burden, however small the base, and that are, however large: it is sorted at every
# save, at 30 ms per MB.
_SMALL, _LARGE = 1 << 17, 1 << 20


class Memory:
    """Shards and strips that are asked as one; in C where the kernel is, else on numpy. Arguments as of Lookup."""

    def __init__(self, views: Sequence[View] = (), strips: Sequence[Strip] = (), after: bytes = b"") -> None:
        kernel = kernels.chosen().kernel
        self._size = sum(len(view.shard) for view in views)
        self._lookup = KernelLookup(kernel, views, strips, after) if kernel else Lookup(views, strips, after)

    @classmethod
    def of(cls, text: bytes) -> "Memory":
        """Return the memory of one text."""
        return cls([View(Shard(text))])

    def __repr__(self) -> str:
        return f"Memory({self._size:,} characters)"

    def match(self, context: bytes) -> Match:
        """Return where the end of `context` occurs, and what followed it."""
        return self._lookup.match(context.rpartition(GAP)[2])

    def advance(self, match: Match, character: int) -> Match:
        """Return the match after one more character."""
        return self._lookup.advance(match, character)


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

    def memory(self, without: str = "") -> Memory:
        """Return what a predictor asks; `without` names a file that is open, whose text is known better there."""
        views = [View(self.base, hole=self.places.get(without, (0, 0)))]
        if self.delta is not None:
            views.append(View(self.delta, hole=self._fresh_places.get(without, (0, 0))))
        return Memory(views)

    def text_of(self, name: str) -> bytes | None:
        """Return a file as it was encoded, None where it is not in the memory."""
        if name in self.fresh:
            return self.fresh[name]
        place = self.places.get(name)
        return bytes(self.base.text[slice(*place)]) if place else None

    @functools.cached_property
    def _fresh_places(self) -> Mapping[str, Interval]:
        """Where the fresh files stand in the delta; asked for at every key."""
        return places_of(self.fresh)

    @property
    def is_worn(self) -> bool:
        """Whether so much changed that building anew pays."""
        return self.delta is not None and len(self.delta) > min(max(_SMALL, len(self.base) // 8), _LARGE)

    def __len__(self) -> int:
        return sum(end - start for start, end in self.places.values()) + sum(map(len, self.fresh.values()))
