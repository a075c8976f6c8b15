"""The LSTM's states along one document, so that typing costs one step and a jump a bounded number of them.

Reading is a generator that yields every few characters: whoever drives it can stop there, and what was read is kept.
"""

import bisect
from collections.abc import Iterator

from charwise_daemon.engine import Engine, State

# A cold start reads this much before the cursor: enough for the state to settle, a tenth of a second on numpy.
WINDOW = 384
# Distance between states kept while reading on.
_STRIDE = 32
# States kept in a document: 8 KiB each for a 2x512 LSTM, so 1 MiB.
_MOST = 128


class Snapshots:
    """States of one engine after prefixes of one text.

    Args:
        header: what the LSTM reads before the text, so that it knows the kind of file.
    """

    def __init__(self, header: bytes) -> None:
        self._header = header
        self._engine: Engine | None = None
        self._offsets: list[int] = []
        self._states: list[State] = []

    def __repr__(self) -> str:
        return f"Snapshots({len(self._offsets)} kept)"

    def cut(self, offset: int) -> None:
        """Forget the states after `offset`: the text there has changed."""
        keep = bisect.bisect_right(self._offsets, offset)
        del self._offsets[keep:], self._states[keep:]

    def clear(self) -> None:
        """Forget all states."""
        self.cut(-1)

    def read(self, engine: Engine, text: bytes | bytearray, offset: int) -> Iterator[State]:
        """Yield states on the way to `offset` and last the state there."""
        if engine is not self._engine:  # a new checkpoint was swapped in
            self.clear()
            self._engine = engine
        at, state = self._nearest(engine, text, offset)
        while at < offset:
            stop = min(offset, at + _STRIDE - at % _STRIDE)
            at, state = stop, engine.read(state, text[at:stop])
            self._keep(at, state)
            yield state
        yield state

    def _nearest(self, engine: Engine, text: bytes | bytearray, offset: int) -> tuple[int, State]:
        found = bisect.bisect_right(self._offsets, offset) - 1
        if found >= 0 and offset - self._offsets[found] <= WINDOW:
            return self._offsets[found], self._states[found]
        begin = max(0, offset - WINDOW)
        if begin:  # at the start of a line where there is one, as the LSTM has learned files
            begin = text.find(b"\n", begin, offset) + 1 or begin
        return begin, engine.read(engine.start(), self._header)

    def _keep(self, offset: int, state: State) -> None:
        place = bisect.bisect_left(self._offsets, offset)
        if place < len(self._offsets) and self._offsets[place] == offset:
            return
        self._offsets.insert(place, offset)
        self._states.insert(place, state)
        if len(self._offsets) > _MOST:  # the one farthest from here is the one least likely to be wanted
            far = 0 if offset - self._offsets[0] > self._offsets[-1] - offset else -1
            del self._offsets[far], self._states[far]
