"""Looking a context up in shards and strips, on numpy: where it occurs, and what followed it there.

A suffix array finds every occurrence of the last n characters for every n up to MAX_ORDER; the next-character counts
of all orders are blended from the shortest to the longest, each leaving to the shorter ones what escape.py makes of it
(PPM, Cleary and Witten 1984, with a learned escape). kernel_lookup.py does the same in C; a test holds them together.
"""

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.escape import Escape, features_of
from charwise_daemon.shard import GAP, HABITS, MAX_ORDER, Counts, Interval, Shard, Strip

# Occurrences looked at per order of a sampled shard; more do not change a distribution enough to pay for the time.
_SAMPLES = 200

T = TypeVar("T", int, bytes)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a context occurs, and what followed it there, the longer ends of the context first."""

    probabilities: NDArray[np.float64]  # (256,) of the next character
    habits: NDArray[np.float64]  # (256,) the same by the last HABITS characters alone
    order: int  # the longest end of the context that something followed
    count: int  # how often that end occurs
    found: Any  # the look-up's own: intervals of the shards, and lengths along the strips
    shift: int  # characters since the context was looked up
    own: int  # how long an end of the context stands before the place in the text that is being written


Found = tuple[list[list[Interval]], list[NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed the ends of a context, the shortest first.

    Args:
        orders: (n,) how long each end is.
        counts: (n, 256) of the characters after it; none is empty.
    """

    orders: NDArray[np.int64]
    counts: Counts


class Lookup:
    """Shards and strips that are asked as one.

    Args:
        after: what follows the context in the text that is being written, where that is counted too: it would only
            ever predict what already stands there, so that one place is not counted.
        escape: what each order leaves to the shorter ones.
    """

    def __init__(self, shards: Sequence[Shard], strips: Sequence[Strip], after: bytes, escape: Escape) -> None:
        self._shards, self._strips, self._after, self._escape = shards, strips, after, escape

    def match(self, context: bytes) -> Match:
        """Return where the end of `context`, in which there is no gap, occurs."""
        found = [_find(shard, context) for shard in self._shards]
        lengths = [_measure(strip, context) for strip in self._strips]
        return self._matched((found, lengths), 0, min(len(context), MAX_ORDER))

    def advance(self, match: Match, character: int) -> Match:
        """Return the match after one more character."""
        intervals, lengths = match.found
        found = [_extend(shard, each, character) for shard, each in zip(self._shards, intervals, strict=True)]
        longer = [_lengthen(strip, each, character) for strip, each in zip(self._strips, lengths, strict=True)]
        goes_on = self._after[match.shift : match.shift + 1] == bytes((character,)) != GAP
        return self._matched((found, longer), match.shift + 1, min(match.own + 1, MAX_ORDER) if goes_on else 0)

    def followed(self, match: Match) -> Followed:
        """Return what followed where a context occurs."""
        return self._followed(match.found, match.shift, match.own)[0]

    def _matched(self, found: Found, shift: int, own: int) -> Match:
        followed, sizes = self._followed(found, shift, own)
        best = int(followed.orders[-1]) if len(followed.orders) else 0
        count = int(sizes[best]) if len(followed.orders) else 0
        return Match(*_blend(followed, self._escape), best, count, found, shift, own)

    def _followed(self, found: Found, shift: int, own: int) -> tuple[Followed, Counts]:
        counts, sizes = np.zeros((MAX_ORDER + 1, 256), np.int64), np.zeros(MAX_ORDER + 2, np.int64)
        for strip, lengths in zip(self._strips, found[1], strict=True):
            _count_strip(strip, lengths, counts, sizes)
        for intervals in found[0]:
            sizes[: len(intervals)] += [high - low for low, high in intervals]
        orders = _telling(sizes)
        for shard, intervals in zip(self._shards, found[0], strict=True):
            for order in orders[orders < len(intervals)]:
                counts[order] += _count(shard, order, *intervals[order])
        if shift < len(self._after):
            own_place = counts[: own + 1, self._after[shift]]
            own_place -= own_place > 0
        counts[:, GAP[0]] = 0  # where a text ends, nothing followed
        orders = orders[counts[orders].sum(1) > 0]
        return Followed(orders, counts[orders]), sizes


# --- shards ------------------------------------------------------------------------------------------
def _find(shard: Shard, context: bytes) -> list[Interval]:
    """Return, for each order from 0 as far as the context's end occurs, its interval of the suffix array."""
    found, text = [(0, len(shard))], shard.text
    for order in range(1, min(len(context), MAX_ORDER) + 1):

        def at(start: int, length: int = order) -> bytes:
            return bytes(text[start : start + length])

        interval = _narrow(shard, 0, len(shard), context[-order:], at)
        if interval is None:
            break
        found.append(interval)
    return found


def _extend(shard: Shard, intervals: list[Interval], character: int) -> list[Interval]:
    """Return the intervals after one more character: each order's occurrences that went on with it."""
    longer, text = [(0, len(shard))], shard.text
    for order, (low, high) in enumerate(intervals[:MAX_ORDER] if character != GAP[0] else ()):

        def at(start: int, offset: int = order) -> int:
            return text[start + offset]

        interval = _narrow(shard, low, high, character, at)
        if interval is None:
            break
        longer.append(interval)
    return longer


def _narrow(shard: Shard, low: int, high: int, wanted: T, key: Callable[[int], T]) -> Interval | None:
    order = memoryview(shard.suffixes)  # type: ignore[arg-type]  # indexes to int, twice as fast as the array
    first = bisect.bisect_left(order, wanted, low, high, key=key)
    last = bisect.bisect_right(order, wanted, first, high, key=key)
    return (first, last) if last > first else None


def _count(shard: Shard, order: int, low: int, high: int) -> Counts:
    """Return the next-character counts of one order, (256,)."""
    if shard.histogram is not None and order == 0:
        return shard.histogram
    if shard.histogram is not None:
        return np.bincount(shard.characters[shard.suffixes[low:high] + order], minlength=256)
    places = shard.suffixes[low : high : max(1, (high - low) // _SAMPLES)] + order
    if shard.alive is not None:
        places = places[shard.alive[places]]
    return np.bincount(shard.characters[places], minlength=256)


# --- strips ------------------------------------------------------------------------------------------
def _measure(strip: Strip, context: bytes) -> NDArray[np.uint8]:
    """Return how long an end of the context stands before each place, (len,)."""
    lengths = np.zeros(len(strip), np.uint8)
    if not context:
        return lengths
    for place in (np.flatnonzero(strip.characters[:-1] == context[-1]) + 1).tolist():
        lengths[place] = _common_end(strip.text[max(0, place - MAX_ORDER) : place], context)
    return lengths


def _lengthen(strip: Strip, lengths: NDArray[np.uint8], character: int) -> NDArray[np.uint8]:
    longer = np.zeros_like(lengths)
    if character != GAP[0]:
        longer[1:] = np.where(strip.characters[:-1] == character, np.minimum(lengths[:-1] + 1, MAX_ORDER), 0)
    return longer


def _count_strip(strip: Strip, lengths: NDArray[np.uint8], counts: Counts, sizes: Counts) -> None:
    counts[0] += strip.weight * strip.histogram
    sizes[0] += strip.weight * strip.places
    for place in np.flatnonzero(lengths[strip.first :]) + strip.first:
        sizes[1 : lengths[place] + 1] += strip.weight
        counts[1 : lengths[place] + 1, strip.text[place]] += strip.weight


def _common_end(one: bytes, other: bytes) -> int:
    most = min(len(one), len(other), MAX_ORDER)
    return next((n for n in range(most) if one[-1 - n] != other[-1 - n]), most)


# --- blending ----------------------------------------------------------------------------------------
def _telling(sizes: Counts) -> NDArray[np.int64]:
    """Return the orders to count: those that say no more than the next longer one are left out, the shortest never."""
    longest = int(np.flatnonzero(sizes)[-1]) if sizes.any() else 0
    orders: NDArray[np.int64] = np.arange(longest + 1)
    chosen: NDArray[np.int64] = orders[(orders <= 2) | (orders == longest) | (sizes[:-1] != sizes[1:])[: longest + 1]]
    return chosen


def _blend(followed: Followed, escape: Escape) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mix orders, shortest first, (256,): each keeps its share and escapes with the rest to the shorter one.

    Returned are all mixed, and those up to HABITS.
    """
    mixed, totals = np.full(256, 1 / 256), followed.counts.sum(1)
    habits = mixed
    rests = escape.shares(features_of(followed.orders, followed.counts))
    for order, row, total, rest in zip(followed.orders, followed.counts, totals, rests, strict=True):
        mixed = mixed * rest + (1 - rest) / total * row
        habits = mixed if order <= HABITS else habits
    return mixed, habits
