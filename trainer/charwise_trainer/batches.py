"""Encoded documents as contiguous lanes, cut in windows that training and evaluation read in order.

A document always begins at a window's start, so that the state can be cut exactly there; the rest of its last window
is padding that nobody is asked to predict. The text stays one byte per character until a window is taken. Knows
nothing of models, nor of what the bytes mean.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IGNORE = -100
"""The target where nothing is to be predicted; torch's cross_entropy leaves it out by default."""

FEWEST_WINDOWS = 4
"""Windows per lane at least: with fewer, the state is hardly ever carried and lanes only slow the updates."""


@dataclass(frozen=True)
class Window:
    """T characters of B lanes, and what follows each of them."""

    x: NDArray[np.int64]  # (T, B)
    y: NDArray[np.int64]  # (T, B), IGNORE at padding
    starts: NDArray[np.bool_]  # (B,): a document, or the lane, begins here: read from the zero state
    characters: int  # how many of y are to be predicted
    replayed: int = 0  # lanes, the last ones, of text that is read again beside what is new


class Windows:
    """All windows of some texts, by number, in the texts' order.

    `skip` gives, per text, how many of its first characters are read but not to be predicted.
    """

    def __init__(self, texts: Sequence[bytes], window: int, skip: Sequence[int] | None = None) -> None:
        self.window = window
        # One window of zeros at the end: the last document's padding, and window -1, the empty one.
        self.raw = np.frombuffer(b"".join([*texts, bytes(window + 1)]), np.uint8)
        lengths = np.array([len(text) for text in texts], np.int64)
        targets = np.maximum(lengths - 1, 0)  # a text of n characters has n - 1 that follow another
        self.per_text = -(-targets // window)  # (texts,)
        self.first = np.cumsum(self.per_text) - self.per_text  # (texts,): each text's first window
        self.count = int(self.per_text.sum())
        self.text = np.repeat(np.arange(len(texts)), self.per_text)  # (count,): the text a window is of
        within = (np.arange(self.count) - self.first[self.text]) * window  # (count,): where in its text it begins
        self.begin = (np.cumsum(lengths) - lengths)[self.text] + within
        self.end = np.minimum(targets[self.text] - within, window)
        unread = np.zeros(len(texts), np.int64) if skip is None else np.array(skip, np.int64) - 1
        self.skip = np.clip(unread[self.text] - within, 0, self.end)
        self.starts = within == 0
        self.characters = int((self.end - self.skip).sum())

    def __repr__(self) -> str:
        return f"<Windows {self.count} of {self.window}, {self.characters} characters>"

    def take(self, numbers: NDArray[np.int64]) -> Window:
        """Return the windows of these numbers (B,), one lane each; -1 is an empty one."""
        there = numbers >= 0
        begin = np.where(there, self.begin[numbers], len(self.raw) - self.window - 1)
        end = np.where(there, self.end[numbers], 0)
        time = np.arange(self.window)[:, None]  # (T, 1)
        at = begin + time  # (T, B)
        read = time < end
        wanted = read & (time >= np.where(there, self.skip[numbers], 0))
        return Window(
            x=np.where(read, self.raw[at], 0).astype(np.int64),
            y=np.where(wanted, self.raw[at + 1].astype(np.int64), IGNORE),
            starts=self.starts[numbers] & there,
            characters=int(wanted.sum()),
        )


class Lanes:
    """The training texts in B lanes: one epoch after another, each in a new order.

    Fewer lanes than asked for where the texts are too short to fill them.
    """

    def __init__(self, texts: Sequence[bytes], lanes: int, window: int) -> None:
        self.all = Windows(texts, window)
        self.lanes = max(1, min(lanes, self.all.count // FEWEST_WINDOWS))
        self.characters = self.all.characters
        self._taken = np.zeros(self.all.count, np.bool_)  # windows that were read

    def __repr__(self) -> str:
        return f"<Lanes {self.lanes} of {len(self)} windows, {self.characters} characters>"

    def __len__(self) -> int:
        """Windows per epoch: the longest lane's."""
        return math.ceil(self.all.count / self.lanes)

    @property
    def read(self) -> NDArray[np.bool_]:
        """Which texts were read from start to end, in whatever epochs (texts,)."""
        taken = np.bincount(self.all.text[self._taken], minlength=len(self.all.per_text))
        is_read: NDArray[np.bool_] = taken == self.all.per_text
        return is_read

    def epoch(self, rng: np.random.Generator, lanes: int | None = None) -> Iterator[Window]:
        """Yield every character once, the texts shuffled by `rng`; a lane reads on where its last window ended."""
        plan = self._plan(rng.permutation(len(self.all.per_text)), lanes or self.lanes)
        for row, numbers in enumerate(plan):
            window = self.all.take(numbers)
            self._taken[numbers[numbers >= 0]] = True
            if row == 0:  # most lanes begin inside a document, whose beginning is at another lane's end
                window.starts[:] = True
            yield window

    def _plan(self, order: NDArray[np.int64], lanes: int) -> NDArray[np.int64]:
        """Return the windows' numbers (rows, lanes) with the texts in this order; lanes differ by one at most."""
        per_text = self.all.per_text[order]
        ends = np.cumsum(per_text)
        stream = np.repeat(self.all.first[order] - (ends - per_text), per_text) + np.arange(self.all.count)
        cuts = np.arange(lanes + 1) * self.all.count // lanes
        at = cuts[:-1] + np.arange(math.ceil(self.all.count / lanes))[:, None]  # (rows, lanes)
        return np.where(at < cuts[1:], stream[np.minimum(at, self.all.count - 1)], -1)
