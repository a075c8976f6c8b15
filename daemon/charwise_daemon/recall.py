"""The memory of one open document: a shard of its text as it was, and a small one of what was typed since.

The occurrence at the cursor itself is not counted: it would only ever predict what already stands there.
"""

from charwise_daemon.memory import MAX_ORDER, Shard

# Characters changed until the whole text is sorted again: a 64th of it, so that the work per typed character is small.
_LEAST_CHANGED, _SHARE_CHANGED = 2048, 64


class Recall:
    """Shards over one document, kept up to date by `edited`."""

    def __init__(self) -> None:
        self.base: Shard | None = None
        self._changed: tuple[int, int] | None = None  # the part of the text that the base does not have

    def __repr__(self) -> str:
        return f"Recall({0 if self.base is None else len(self.base):,} characters, changed {self._changed})"

    def edited(self, start: int, end: int, length: int) -> None:
        """Note that [start, end) was replaced by `length` characters."""
        low, high = self._changed or (start, end)
        self._changed = min(low, start), max(high, end) + length - (end - start)

    def shards(self, text: bytes | bytearray, cursor: int) -> list[tuple[Shard, int]]:
        """Return the shards of the text, each with the offset in it that is the cursor's, or -1."""
        base = self.base
        if base is None or self._is_worn(len(text)):
            base = self.base = Shard(bytes(text))
            self._changed = None
        if self._changed is None:
            return [(base, cursor)]
        low, high = self._changed
        begin = max(0, low - MAX_ORDER)
        typed = Shard(bytes(text[begin : high + MAX_ORDER]))
        in_base = cursor if cursor <= low else cursor - (len(text) - len(base)) if cursor >= high else -1
        return [(base, in_base), (typed, cursor - begin if begin <= cursor <= high else -1)]

    def _is_worn(self, length: int) -> bool:
        low, high = self._changed or (0, 0)
        return high - low > max(_LEAST_CHANGED, length // _SHARE_CHANGED)
