"""The memory: what followed the longest contexts like this one, in the corpus and in the open documents.

A suffix array finds every occurrence of the last n characters for every n up to MAX_ORDER; the next-character counts
of all orders are blended from the shortest to the longest (PPM with an escape of method D's kind: Howard 1993; the
unbounded orders follow PPM*: Cleary and Teahan 1997). It learns at once, recalls identifiers seen a single time, and
forgets a file without being rebuilt. Knows no LSTM and no files on disk.

    >>> memory = Memory.of(b"alpha beta, alpha gamma, alpha be")
    >>> memory.predict(memory.match(b"alpha be")).probabilities.argmax() == ord("t")
    True
"""

import bisect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydivsufsort import divsufsort

# Longer contexts are nearly always unique, and then say no more than the 24 characters do.
MAX_ORDER = 24
# Occurrences looked at per order; more of them do not change a distribution enough to pay for the time.
_SAMPLES = 200
# Weight of escaping to the next shorter order, per distinct character seen after this one.
_ESCAPE = 0.5
# Separates texts; occurs in no accepted text, so no match reaches across.
_GAP = b"\0"

Interval = tuple[int, int]
T = TypeVar("T", int, bytes)


class Shard:
    """One text with its suffix array; `alive` masks the characters that still count."""

    def __init__(self, text: bytes, alive: NDArray[np.bool_] | None = None) -> None:
        self.text = text + _GAP  # so that the character after the last one can be read
        self.characters = np.frombuffer(self.text, np.uint8)
        self.suffixes = _sort(text)
        self.alive = alive
        self._order: memoryview = memoryview(self.suffixes.data)  # indexes to int, twice as fast as the array

    def __len__(self) -> int:
        return len(self.suffixes)

    def masked(self, alive: NDArray[np.bool_]) -> "Shard":
        """Return a shard that shares everything with this one but what counts."""
        other = object.__new__(Shard)
        other.__dict__.update(self.__dict__, alive=alive)
        return other

    def find(self, context: bytes) -> list[Interval]:
        """Return, for each order from 0 as far as the context's end occurs, its interval of the suffix array."""
        found = [(0, len(self))]
        for order in range(1, min(len(context), MAX_ORDER) + 1):
            pattern = context[-order:]
            interval = self._narrow(0, len(self), pattern, self._reader(order))
            if interval is None:
                break
            found.append(interval)
        return found

    def extend(self, intervals: list[Interval], character: int) -> list[Interval]:
        """Return the intervals after one more character: each order's occurrences that went on with it."""
        longer = [(0, len(self))]
        for order, (low, high) in enumerate(intervals[:MAX_ORDER]):
            interval = self._narrow(low, high, character, self._nth(order))
            if interval is None:
                break
            longer.append(interval)
        return longer

    def _narrow(self, low: int, high: int, wanted: T, key: Callable[[int], T]) -> Interval | None:
        first = bisect.bisect_left(self._order, wanted, low, high, key=key)
        last = bisect.bisect_right(self._order, wanted, first, high, key=key)
        return (first, last) if last > first else None

    def _reader(self, length: int) -> Callable[[int], bytes]:
        text = self.text
        return lambda start: text[start : start + length]

    def _nth(self, offset: int) -> Callable[[int], int]:
        text = self.text
        return lambda start: text[start + offset]


def _sort(text: bytes) -> NDArray[np.int32]:
    if not text:
        return np.zeros(0, np.int32)
    suffixes: NDArray[np.int32] = divsufsort(np.frombuffer(text, np.uint8).copy())
    return suffixes.view(np.intc)  # the same bytes; a memoryview of "<i4" cannot be indexed, of a native one it can


@dataclass(frozen=True, slots=True)
class Match:
    """Where the context occurs: per shard its intervals by order, and the place that is the cursor itself."""

    intervals: list[list[Interval]]
    cursors: list[int]  # per shard: the offset that the occurrence at the cursor predicts, or -1


@dataclass(frozen=True, slots=True)
class Prediction:
    """A distribution over the next character, with what the gate wants to know of it."""

    probabilities: NDArray[np.float64]  # (256,)
    order: int  # the longest context found
    count: int  # how often it occurs


class Memory:
    """Shards that are asked as one.

    Args:
        cursors: per shard, the offset in it where the text being written stands, or -1: what follows there is no
            evidence of what will be written.
        holes: per shard, a part of it that does not count at all; (0, 0) is none.
    """

    def __init__(
        self, shards: Iterable[Shard], cursors: Iterable[int] | None = None, holes: Iterable[Interval] | None = None
    ) -> None:
        self.shards = list(shards)
        self._cursors = [-1] * len(self.shards) if cursors is None else list(cursors)
        self._holes = [(0, 0)] * len(self.shards) if holes is None else list(holes)

    @classmethod
    def of(cls, text: bytes) -> "Memory":
        """Return the memory of one text."""
        return cls([Shard(text)])

    def __repr__(self) -> str:
        return f"Memory({sum(map(len, self.shards)):,} characters in {len(self.shards)} shards)"

    def match(self, context: bytes) -> Match:
        """Return where the end of `context` occurs."""
        return Match([shard.find(context) for shard in self.shards], self._cursors)

    def advance(self, match: Match, character: int) -> Match:
        """Return the match after one more character."""
        intervals = [shard.extend(each, character) for shard, each in zip(self.shards, match.intervals, strict=True)]
        return Match(intervals, [cursor + 1 if cursor >= 0 else -1 for cursor in match.cursors])

    def predict(self, match: Match) -> Prediction:
        """Return what followed the match, the longer contexts first."""
        sizes = _sizes(match.intervals)
        orders = [o for o in range(len(sizes)) if o <= 2 or o + 1 == len(sizes) or sizes[o] != sizes[o + 1]]
        counts = np.zeros((len(orders), 256))
        for shard, intervals, cursor, hole in zip(
            self.shards, match.intervals, match.cursors, self._holes, strict=True
        ):
            counts += _count(shard, intervals, cursor, hole, orders)
        counts[:, _GAP[0]] = 0  # where a text ends, nothing followed
        totals = counts.sum(1)  # (orders,)
        seen = totals > 0
        if not seen.any():
            return Prediction(np.full(256, 1 / 256), 0, 0)
        best = orders[int(np.flatnonzero(seen)[-1])]
        return Prediction(_blend(counts[seen], totals[seen]), best, sizes[best])


def _sizes(intervals: list[list[Interval]]) -> list[int]:
    sizes = [0] * max((len(each) for each in intervals), default=0)
    for each in intervals:
        for order, (low, high) in enumerate(each):
            sizes[order] += high - low
    return sizes


def _count(
    shard: Shard, intervals: list[Interval], cursor: int, hole: Interval, orders: list[int]
) -> NDArray[np.int64]:
    """Return the next-character counts of one shard, (orders, 256); of many occurrences an even sample."""
    found = [intervals[order] for order in orders if order < len(intervals)]
    picked = [shard.suffixes[low : high : max(1, (high - low) // _SAMPLES)] for low, high in found]
    lengths = [len(each) for each in picked]
    rows = np.repeat(np.arange(len(picked)), lengths)  # (occurrences,)
    places = np.concatenate(picked) + np.repeat(orders[: len(picked)], lengths)  # where the next character stands
    keep = _that_count(shard, places, cursor, hole)
    if keep is not None:
        rows, places = rows[keep], places[keep]
    flat = np.bincount(rows * 256 + shard.characters[places], minlength=len(orders) * 256)
    return flat.reshape(len(orders), 256)


def _that_count(shard: Shard, places: NDArray[np.int64], cursor: int, hole: Interval) -> NDArray[np.bool_] | None:
    """Return which places are evidence, (occurrences,); None for all."""
    if shard.alive is None and cursor < 0 and hole == (0, 0):
        return None
    keep: NDArray[np.bool_] = places != cursor
    if shard.alive is not None:
        keep &= shard.alive[np.minimum(places, len(shard.alive) - 1)]
    if hole != (0, 0):
        keep &= (places < hole[0]) | (places >= hole[1])
    return keep


def _blend(counts: NDArray[np.float64], totals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix orders, shortest first, (orders, 256): each keeps its share and escapes with the rest to the shorter one."""
    doubt = _ESCAPE * (counts > 0).sum(1)
    escape = doubt / (totals + doubt)  # (orders,)
    passed_on = np.append(np.cumprod(escape[::-1])[::-1], 1.0)  # what the longer orders left, down to each
    weights = (1 - escape) * passed_on[1:]
    mixed: NDArray[np.float64] = (weights / totals) @ counts + passed_on[0] / 256
    return mixed


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
        return cls(Shard(_GAP.join(texts.values())), _places_of(texts))

    def changed(self, texts: Mapping[str, bytes | None]) -> "CorpusMemory":
        """Return the memory with these files replaced, added, or (None) forgotten; costs by what changed."""
        places, fresh = dict(self.places), dict(self.fresh)
        alive = np.ones(len(self.base) + 1, np.bool_) if self.base.alive is None else self.base.alive.copy()
        for name, text in texts.items():
            if place := places.pop(name, None):
                alive[slice(*place)] = False
            fresh.pop(name, None)
            if text is not None:
                fresh[name] = text
        delta = Shard(_GAP.join(fresh.values())) if fresh else None
        return CorpusMemory(self.base.masked(alive), places, fresh, delta)

    def rebuilt(self) -> "CorpusMemory":
        """Return the same memory as one fresh shard."""
        kept = {name: self.base.text[start:end] for name, (start, end) in self.places.items()}
        return CorpusMemory.build(kept | dict(self.fresh))

    def memory(self, without: str = "") -> Memory:
        """Return what a predictor asks; `without` names a file that is open, whose text is known better there."""
        holes = [self.places.get(without, (0, 0))]
        if self.delta is None:
            return Memory([self.base], holes=holes)
        hole = _places_of(self.fresh)[without] if without in self.fresh else (0, 0)
        return Memory([self.base, self.delta], holes=[*holes, hole])

    @property
    def is_worn(self) -> bool:
        """Whether so much changed that building anew pays."""
        return self.delta is not None and len(self.delta) > max(1 << 17, len(self.base) // 8)

    def __len__(self) -> int:
        return sum(end - start for start, end in self.places.values()) + sum(map(len, self.fresh.values()))


def _places_of(texts: Mapping[str, bytes]) -> dict[str, Interval]:
    """Return where each text stands when they are joined."""
    places, end = {}, 0
    for name, text in texts.items():
        places[name] = (end, end + len(text))
        end += len(text) + len(_GAP)
    return places
