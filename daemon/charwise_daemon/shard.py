"""What a memory is made of: shards, texts with their suffix arrays, and strips, short texts that are read as they are.

Values: nothing here changes once it is made. Looking things up in them is lookup.py's and kernel.py's work.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydivsufsort import divsufsort

# Longer contexts are nearly always unique, and then say no more than the 24 characters do.
MAX_ORDER = 24
# Characters of the contexts whose followers are habits. Of 2, 3, 4 and 6, two saved the gate most: 1.4 bits in 100.
HABITS = 2
# Separates texts; occurs in no accepted text, so no match reaches across.
GAP = b"\0"

Interval = tuple[int, int]
Counts = NDArray[np.int64]


class Shard:
    """One text with its suffix array.

    Args:
        is_sampled: whether an even sample of many occurrences will do. It is quicker in large texts, where the
            occurrences lie far apart, but not the same for two shards that together hold the same text.
    """

    def __init__(self, text: bytes, *, is_sampled: bool = False) -> None:
        self._set(text + GAP, _sort(text), is_sampled)

    @classmethod
    def sorted(cls, text: bytes | memoryview, suffixes: NDArray[np.int32], *, is_sampled: bool = False) -> "Shard":
        """Return the shard of a text (its last character a gap) whose suffix array is known."""
        shard = object.__new__(cls)
        shard._set(text, suffixes, is_sampled)
        return shard

    def _set(self, text: bytes | memoryview, suffixes: NDArray[np.int32], is_sampled: bool) -> None:
        self.text = text  # so that the character after the last one can be read, a gap follows it
        self.characters = np.frombuffer(text, np.uint8)
        self.suffixes = suffixes
        self.alive: NDArray[np.bool_] | None = None  # which characters count, (len + 1,); None for all
        # How often each character stands in it, (256,); None where it is sampled.
        self.histogram: Counts | None = None if is_sampled else np.bincount(self.characters[:-1], minlength=256)

    def __len__(self) -> int:
        return len(self.suffixes)

    def __repr__(self) -> str:
        return f"Shard({len(self):,} characters)"

    def masked(self, alive: NDArray[np.bool_]) -> "Shard":
        """Return a shard that shares everything with this one but what counts."""
        other = object.__new__(Shard)
        other.__dict__.update(self.__dict__, alive=alive)
        return other


class Strip:
    """A short text whose places, from `first` on, are counted one by one.

    Args:
        text: what is predicted at its places, with the characters before them for context.
        first: the first place that counts.
        weight: 1, or -1 to take off what a shard has that is not so any more.
        is_end: whether the last place is the end of the document, where nothing follows.
    """

    def __init__(self, text: bytes, first: int, weight: int = 1, *, is_end: bool = False) -> None:
        self.text, self.first, self.weight = text, first, weight
        self.characters = np.frombuffer(text, np.uint8)
        self.places = len(text) - first - is_end
        self.histogram: Counts = np.bincount(self.characters[first : first + self.places], minlength=256)

    def __len__(self) -> int:
        return len(self.text)

    def __repr__(self) -> str:
        return f"Strip({self.places:,} places, weight {self.weight})"


def _sort(text: bytes) -> NDArray[np.int32]:
    if not text:
        return np.zeros(0, np.int32)
    suffixes: NDArray[np.int32] = divsufsort(np.frombuffer(text, np.uint8).copy())
    return suffixes.view(np.intc)  # the same bytes; a memoryview of "<i4" cannot be indexed, of a native one it can


def places_of(texts: Mapping[str, bytes]) -> dict[str, Interval]:
    """Return where each text stands when they are joined by gaps."""
    places, end = {}, 0
    for name, text in texts.items():
        places[name] = (end, end + len(text))
        end += len(text) + len(GAP)
    return places
