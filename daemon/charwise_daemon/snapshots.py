"""The LSTM's states along one document, so that typing costs one step and a jump a bounded number of them.

The text is cut into cells of `GRID` characters. *Lane* k begins at the start of cell k (at the first line that starts
in its first half, if one does) with the state after the header, and the state at an offset is that of the lane which
began in the cell before. So it is a pure function of engine, header and the text before the offset, whatever edits led
there, and costs half a cell to two cells of characters at most, from the nearest state that was kept.

Reading is a generator that yields every few characters: whoever drives it can stop there, and what was read is kept.
"""

import bisect
from collections.abc import Iterator

from charwise_daemon.engine import Engine, State

# A state is that of reading half of this to twice this, as far back as there is text.
GRID = 256
# Distance between states kept along a lane: an edit reads on from there.
_STRIDE = 32
# Characters read between two yields: a fraction of a millisecond, so that nobody waits for it.
_PIECE = 8
# States kept along lanes, and at the places that were asked for: 8 KiB each for a 2x512 LSTM, so 1 MiB a document.
_MOST, _MOST_ASKED = 96, 32
_LONGEST_CODE_POINT = 4


class _Kept:
    """States by offset and lane, so many at most: the one farthest from the newest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: list[tuple[int, int]] = []  # offset, lane; sorted
        self._states: list[State] = []

    def __len__(self) -> int:
        return len(self._places)

    def copy(self) -> "_Kept":
        other = _Kept(self._most)
        other._places, other._states = self._places.copy(), self._states.copy()
        return other

    def cut(self, offset: int) -> None:
        keep = bisect.bisect_left(self._places, (offset + 1,))
        del self._places[keep:], self._states[keep:]

    def nearest(self, lane: int, begin: int, offset: int) -> tuple[int, State] | None:
        """Return the last place of a lane from `begin` to `offset`, and the state there."""
        for at in range(bisect.bisect_left(self._places, (offset + 1,)) - 1, -1, -1):
            place, its_lane = self._places[at]
            if place < begin:
                return None
            if its_lane == lane:
                return place, self._states[at]
        return None

    def keep(self, lane: int, offset: int, state: State) -> None:
        at = bisect.bisect_left(self._places, (offset, lane))
        if at < len(self._places) and self._places[at] == (offset, lane):
            return
        self._places.insert(at, (offset, lane))
        self._states.insert(at, state)
        if len(self._places) > self._most:
            far = 0 if offset - self._places[0][0] > self._places[-1][0] - offset else -1
            del self._places[far], self._states[far]


class Snapshots:
    """States of one engine after prefixes of one text.

    Args:
        header: what the LSTM reads before the text, so that it knows the kind of file.
        grid: the length of a cell.
    """

    def __init__(self, header: bytes, grid: int = GRID) -> None:
        self.header, self._grid = header, grid
        self._engine: Engine | None = None
        self._start: State | None = None  # after the header
        self._along, self._asked = _Kept(_MOST), _Kept(_MOST_ASKED)
        self._cuts = 0

    def __repr__(self) -> str:
        return f"Snapshots({len(self._along)} kept along, {len(self._asked)} where asked)"

    def copy(self) -> "Snapshots":
        """Return the same states, for a text that will differ."""
        other = Snapshots(self.header, self._grid)
        other._engine, other._start = self._engine, self._start
        other._along, other._asked = self._along.copy(), self._asked.copy()
        return other

    def cut(self, offset: int) -> None:
        """Forget the states after `offset`: the text there has changed."""
        self._cuts += 1
        self._along.cut(offset)
        self._asked.cut(offset)

    def clear(self) -> None:
        """Forget all states."""
        self.cut(-1)

    def read(self, engine: Engine, text: bytes | bytearray, offset: int) -> Iterator[State]:
        """Yield states on the way to `offset` and last the state there."""
        yield from self._read(max(0, offset // self._grid - 1), engine, text, offset)

    def ahead(self, engine: Engine, text: bytes | bytearray, offset: int) -> Iterator[State]:
        """Yield states of the lane that the next cell will need; it can be read as soon as the cursor nears that."""
        cell, column = divmod(offset, self._grid)
        if cell and column >= self._grid // 2:  # the first two cells have the same lane
            yield from self._read(cell, engine, text, offset)

    def _read(self, lane: int, engine: Engine, text: bytes | bytearray, offset: int) -> Iterator[State]:
        if engine is not self._engine:  # a new checkpoint was swapped in
            self.clear()
            self._engine, self._start = engine, engine.read(engine.start(), self.header)
        # Where a lane begins depends on the text up to here. States before are not kept, so that an edit which leaves
        # a kept state can never have moved the beginning of its lane.
        settled = lane * self._grid + (self._grid // 2 if lane else 0)
        cuts, (at, state) = self._cuts, self._nearest(lane, settled, text, offset)
        while at < offset:
            stop = min(offset, at + _PIECE - at % _PIECE)
            at, state = stop, engine.read(state, bytes(text[at:stop]))
            if at < offset:
                if at % _STRIDE == 0 and at >= settled:
                    self._along.keep(lane, at, state)
                yield state
                assert cuts == self._cuts, "the text has changed: whoever changes it stops the reading first"
        (self._asked if offset % _STRIDE else self._along).keep(lane, offset, state)
        yield state

    def _nearest(self, lane: int, settled: int, text: bytes | bytearray, offset: int) -> tuple[int, State]:
        found = [kept.nearest(lane, settled, offset) for kept in (self._along, self._asked)]
        if best := max(filter(None, found), key=lambda place: place[0], default=None):
            return best
        assert self._start is not None
        return self._begin(lane, text), self._start

    def _begin(self, lane: int, text: bytes | bytearray) -> int:
        """Return where a lane begins: where a line does, as the LSTM has learned files, or else a code point."""
        if lane == 0:
            return 0
        low = lane * self._grid
        if start := text.find(b"\n", low - 1, low - 1 + self._grid // 2) + 1:
            return start
        return next((at for at in range(low, low + _LONGEST_CODE_POINT) if text[at] & 0xC0 != 0x80), low)
