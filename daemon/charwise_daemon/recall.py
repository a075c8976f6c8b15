"""The memory of one open document: a shard of its text as it was, mended by strips where it changed since.

What it counts is what a shard of the text as it is would count, whatever edits led there: the strips take off what the
shard has too much, and add what it lacks.
"""

from charwise_daemon.shard import GAP, MAX_ORDER, Shard, Strip

# Characters changed until the whole text is sorted again: a strip is read through for every character of a search.
_LEAST_CHANGED, _SHARE_CHANGED = 4096, 32


class Recall:
    """A shard over one document and what changed since it was made, kept up to date by `edited`."""

    def __init__(self) -> None:
        self._base: Shard | None = None
        self._changed: tuple[int, int] | None = None  # the part of the text that the base does not have
        self._is_sorting = False
        self._changed_since: tuple[int, int] | None = None  # since the text was given out to be sorted

    def __repr__(self) -> str:
        return f"Recall({0 if self._base is None else len(self._base):,} characters, changed {self._changed})"

    @property
    def is_warm(self) -> bool:
        """Whether there is a shard already."""
        return self._base is not None

    def edited(self, start: int, end: int, length: int) -> None:
        """Note that [start, end) was replaced by `length` characters."""
        self._changed = _joined(self._changed, start, end, length)
        self._changed_since = _joined(self._changed_since, start, end, length)

    def begin_sorting(self, text: bytes | bytearray) -> bytes | None:
        """Return what is to be sorted now, in another thread; None where that is under way, or not needed."""
        if self._is_sorting or not self._is_worn(len(text)):
            return None
        self._is_sorting, self._changed_since = True, None
        return bytes(text)

    def end_sorting(self, shard: Shard) -> None:
        """Take the shard of what was given out; the text may have changed since."""
        self._is_sorting, self._base, self._changed = False, shard, self._changed_since

    def parts(self, text: bytes | bytearray) -> tuple[Shard, list[Strip]]:
        """Return what the text is counted by."""
        base = self._base
        if base is None or (self._is_worn(len(text)) and not self._is_sorting):
            base = self._base = Shard(bytes(text))
            self._changed = None
        if self._changed is None:
            return base, []
        low, high = self._changed
        grown = len(text) - len(base)
        return base, [_strip(base.text, len(base), low, high - grown, -1), _strip(text, len(text), low, high, 1)]

    def _is_worn(self, length: int) -> bool:
        low, high = self._changed or (0, 0)
        return self._base is None or high - low > max(_LEAST_CHANGED, length // _SHARE_CHANGED)


def _joined(changed: tuple[int, int] | None, start: int, end: int, length: int) -> tuple[int, int]:
    """Return the part that is changed after [start, end) was replaced by `length` characters."""
    low, high = changed or (start, end)
    return min(low, start), max(high, end) + length - (end - start)


def _strip(text: bytes | bytearray | memoryview, size: int, low: int, high: int, weight: int) -> Strip:
    """Return the places whose context or character lies in [low, high): all of it, and as far after it as one looks."""
    begin, stop = max(0, low - MAX_ORDER), min(high + MAX_ORDER, size + 1)
    part = bytes(text[begin:stop]).ljust(stop - begin, GAP)  # where the text ends, nothing follows
    return Strip(part, low - begin, weight, is_end=stop > size)
