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
class Part:
    """One of so many equal parts of the lanes: those that this process reads."""

    number: int = 0
    of: int = 1

    def own(self, count: int) -> slice:
        """Return which of so many are in it."""
        return slice(count * self.number // self.of, count * (self.number + 1) // self.of)


ALL = Part()


@dataclass(frozen=True)
class Documents:
    """Texts, one after the other, in memory or mapped from a file: what of them is not read is not loaded."""

    raw: NDArray[np.uint8]  # all of them, and one zero more than a window has
    lengths: NDArray[np.int64]  # (texts,)

    @classmethod
    def of(cls, texts: Sequence[bytes], window: int) -> "Documents":
        """Join texts in memory."""
        raw = np.frombuffer(b"".join([*texts, bytes(window + 1)]), np.uint8)
        return cls(raw, np.array([len(text) for text in texts], np.int64))


@dataclass(frozen=True)
class Window:
    """T characters of B lanes, and what follows each of them."""

    x: NDArray[np.int64]  # (T, B)
    y: NDArray[np.int64]  # (T, B), IGNORE at padding
    starts: NDArray[np.bool_]  # (B,): a document, or the lane, begins here: read from the zero state
    characters: int  # how many are to be predicted: of y, and where it is a part of y, of all parts
    replayed: int = 0  # lanes, the last ones, of text that is read again beside what is new


class Windows:
    """All windows of some texts, by number, in the texts' order.

    `skip` gives, per text, how many of its first characters are read but not to be predicted. Kept are a few numbers
    for each text, none for each window: there may be thousands of millions of those.
    """

    def __init__(self, documents: Documents | Sequence[bytes], window: int, skip: Sequence[int] | None = None) -> None:
        documents = documents if isinstance(documents, Documents) else Documents.of(documents, window)
        self.window = window
        # One window of zeros at the end: the last document's padding, and window -1, the empty one.
        self.raw = documents.raw
        self._targets = np.maximum(documents.lengths - 1, 0)  # a text of n characters has n - 1 that follow another
        self.per_text = -(-self._targets // window)  # (texts,)
        self.first = np.cumsum(self.per_text) - self.per_text  # (texts,): each text's first window
        self.count = int(self.per_text.sum())
        self._begin = np.cumsum(documents.lengths) - documents.lengths  # (texts,): where in `raw` each begins
        unread = np.zeros(len(self._targets), np.int64) if skip is None else np.array(skip, np.int64) - 1
        self._skip = np.clip(unread, 0, self._targets)
        self.characters = int((self._targets - self._skip).sum())

    def __repr__(self) -> str:
        return f"<Windows {self.count} of {self.window}, {self.characters} characters>"

    def text(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the text that each window is of."""
        found: NDArray[np.int64] = np.searchsorted(self.first, numbers, side="right") - 1
        return found

    def take(self, numbers: NDArray[np.int64], part: Part = ALL) -> Window:
        """Return the windows of these numbers (B,), one lane each, or the lanes of a part; -1 is an empty one."""
        there = numbers >= 0
        text = self.text(numbers)
        within = (numbers - self.first[text]) * self.window  # (B,): where in its text each begins
        end = np.where(there, np.minimum(self._targets[text] - within, self.window), 0)
        skip = np.clip(self._skip[text] - within, 0, end)
        begin = np.where(there, self._begin[text] + within, len(self.raw) - self.window - 1)
        own = part.own(len(numbers))
        time = np.arange(self.window)[:, None]  # (T, 1)
        at = begin[own] + time  # (T, B)
        read = time < end[own]
        return Window(
            x=np.where(read, self.raw[at], 0).astype(np.int64),
            y=np.where(read & (time >= skip[own]), self.raw[at + 1].astype(np.int64), IGNORE),
            starts=(within[own] == 0) & there[own],
            characters=int((end - skip).sum()),
        )


class Lanes:
    """The training texts in B lanes: one epoch after another, each in a new order.

    Fewer lanes than asked for where the texts are too short to fill them. All processes lay out the same lanes; each
    reads its part of them.
    """

    def __init__(self, documents: Documents | Sequence[bytes], lanes: int, window: int, part: Part = ALL) -> None:
        self.all = Windows(documents, window)
        self.part = part
        fitting = min(lanes, self.all.count // FEWEST_WINDOWS)
        self.lanes = max(1, fitting // part.of) * part.of
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
        taken = np.bincount(self.all.text(np.flatnonzero(self._taken)), minlength=len(self.all.per_text))
        is_read: NDArray[np.bool_] = taken == self.all.per_text
        return is_read

    def epoch(self, rng: np.random.Generator, lanes: int | None = None) -> Iterator[Window]:
        """Yield every character once, the texts shuffled by `rng`; a lane reads on where its last window ended."""
        rows = self._rows(rng.permutation(len(self.all.per_text)), lanes or self.lanes)
        for row, numbers in enumerate(rows):
            window = self.all.take(numbers, self.part)
            self._taken[numbers[numbers >= 0]] = True
            if row == 0:  # most lanes begin inside a document, whose beginning is at another lane's end
                window.starts[:] = True
            yield window

    def _rows(self, order: NDArray[np.int64], lanes: int) -> Iterator[NDArray[np.int64]]:
        """Yield the windows' numbers (lanes,) with the texts in this order; lanes differ by one at most."""
        per_text = self.all.per_text[order]
        ends = np.cumsum(per_text)
        shift = self.all.first[order] - (ends - per_text)  # (texts,): from a place in this order to a window's number
        cuts = np.arange(lanes + 1) * self.all.count // lanes
        for row in range(math.ceil(self.all.count / lanes)):
            at = cuts[:-1] + row  # (lanes,)
            text = np.searchsorted(ends, np.minimum(at, self.all.count - 1), side="right")
            yield np.where(at < cuts[1:], at + shift[text], -1)
