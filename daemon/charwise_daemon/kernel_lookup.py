"""Look-ups of shards and strips in C, with the interface of lookup.py and its answers."""

import ctypes
import functools
from collections.abc import Sequence

import numpy as np

from charwise_daemon.escape import Escape
from charwise_daemon.kernel import INTERVALS, EscapeView, Kernel, MemoryView, ShardView, StripView
from charwise_daemon.lookup import Match
from charwise_daemon.shard import Shard, Strip

# `prediction` of kernel_memory.h: twice 256 doubles, and three int32 in the place of two more.
_PREDICTION = 514


class KernelLookup:
    """Shards and strips that are asked as one; arguments as of Lookup."""

    def __init__(
        self, kernel: Kernel, shards: Sequence[Shard], strips: Sequence[Strip], after: bytes, escape: Escape
    ) -> None:
        self._match, self._advance = kernel.library.charwise_match, kernel.library.charwise_advance
        self._kept = shards, strips, after  # the structures point into them
        self._shards = (ShardView * len(shards))(*map(_shard_view, shards))
        self._strips = (StripView * len(strips))(*map(_strip_view, strips))
        self._escape = _escape_view(escape)
        sizes = len(shards), len(strips), len(after)
        self.structure = MemoryView(self._shards, self._strips, ctypes.pointer(self._escape), after, *sizes)
        self.intervals = 4 * INTERVALS * len(shards)
        self.size = self.intervals + sum(map(len, strips))
        """Bytes of what a match found: the shards' intervals and the strips' lengths after them."""

    def match(self, context: bytes) -> Match:
        """Return where the end of `context` occurs."""
        found, prediction = np.empty(self.size, np.uint8), np.empty(_PREDICTION)
        intervals = found.ctypes.data
        lengths = intervals + self.intervals
        self._match(self.structure, context, len(context), intervals, lengths, prediction.ctypes.data)
        return _matched(prediction, found, 0)

    def advance(self, match: Match, character: int) -> Match:
        """Return the match after one more character."""
        found, prediction = np.empty(self.size, np.uint8), np.empty(_PREDICTION)
        before, after = match.found.ctypes.data, found.ctypes.data
        strips, shift = self.intervals, match.shift + 1
        out = prediction.ctypes.data
        self._advance(self.structure, before, before + strips, shift, match.own, character, after, after + strips, out)
        return _matched(prediction, found, shift)


def _matched(prediction: np.ndarray[tuple[int], np.dtype[np.float64]], found: object, shift: int) -> Match:
    order, count, own, _ = prediction[512:].view(np.int32).tolist()
    return Match(prediction[:256], prediction[256:512], order, count, found, shift, own)


def _shard_view(shard: Shard) -> ShardView:
    alive = shard.alive
    return ShardView(
        shard.characters.ctypes.data,
        shard.suffixes.ctypes.data,
        None if shard.histogram is None else shard.histogram.ctypes.data,
        None if alive is None else alive.ctypes.data,
        len(shard),
    )


def _strip_view(strip: Strip) -> StripView:
    text, histogram = strip.characters.ctypes.data, strip.histogram.ctypes.data
    return StripView(text, histogram, len(strip), strip.first, strip.places, strip.weight)


@functools.cache
def _escape_view(escape: Escape) -> EscapeView:
    arrays = escape.w1, escape.b1, escape.w2, escape.b2
    return EscapeView.from_buffer_copy(b"".join(each.tobytes() for each in arrays))
