"""Changed text beside a replay of all text, side by side in each window, until the changed text was read often enough.

Learning only what has just changed, a network forgets the rest within minutes; reading all of it again, a save would
cost as much as the first training. Knows nothing of files or models.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from charwise_trainer.batches import Lanes, Window, Windows

FEWEST_LANES = 16
"""Of a window, so that a single changed line is learned beside enough of the rest: 8 take as long, and forget more."""


class Mixture:
    """Changed pieces in half of the lanes at most, each read `times` times; the other lanes replay.

    Args:
        pieces: each is read whole, from the zero state.
        replay: all text.
        most: lanes of a window.
    """

    def __init__(self, pieces: Sequence[bytes], replay: Lanes, most: int, times: int) -> None:
        self.replay, self.times = replay, times
        self.changed = Windows(pieces, replay.all.window)
        self.first = max(1, min(most // 2, len(pieces)))  # lanes of changed text
        self.rest = max(self.first, min(FEWEST_LANES, most) - self.first)  # lanes of replay
        self.is_read = not pieces  # all of it, as often as it is to be

    def __repr__(self) -> str:
        return f"<Mixture of {self.changed!r} in {self.first} of {self.first + self.rest} lanes>"

    def __len__(self) -> int:
        """Windows until all is read."""
        return len(self._plan(np.random.default_rng(0)))

    def windows(self, rngs: Iterator[np.random.Generator]) -> Iterator[Window]:
        """Yield windows until all changed text is read, the replay shuffled by one generator for each epoch of it."""
        rng = next(rngs)
        replayed = itertools.chain([rng], rngs)
        rest = itertools.chain.from_iterable(self.replay.epoch(each, self.rest) for each in replayed)
        plan = self._plan(rng)
        for row, numbers in enumerate(plan):
            window = _beside(self.changed.take(numbers), next(rest))
            if row == 0:
                window.starts[:] = True
            self.is_read = row == len(plan) - 1  # said with the last one, after which nobody may ask for more
            yield window

    def _plan(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the windows' numbers (rows, first): each piece whole in one lane, one reading after the other."""
        lanes: list[list[int]] = [[] for _ in range(self.first)]
        for _ in range(self.times):
            for piece in rng.permutation(len(self.changed.per_text)):
                begin = self.changed.first[piece]
                min(lanes, key=len).extend(range(begin, begin + self.changed.per_text[piece]))
        rows = max(map(len, lanes))
        return np.array([lane + [-1] * (rows - len(lane)) for lane in lanes], np.int64).T


def _beside(left: Window, right: Window) -> Window:
    return Window(
        x=np.concatenate([left.x, right.x], 1),
        y=np.concatenate([left.y, right.y], 1),
        starts=np.concatenate([left.starts, right.starts]),
        characters=left.characters + right.characters,
        replayed=right.x.shape[1],
    )
