"""Which files the memory holds when there is no room for all: the newest, and those near to what is worked on.

Pure: it takes names and times, and knows no disk.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from charwise_trainer.corpus import Candidate


def ordered(newest: Sequence[Candidate], documents: Iterable[str]) -> list[Candidate]:
    """Return files in the order in which they are taken: the newest and the nearest to the documents in turn.

    Args:
        newest: the files, the newest first.
        documents: names of documents that are worked on; where there are none, the newest files are the nearest.
    """
    folders = {_folder(name) for name in documents}
    distances = {folder: _nearest(folder, folders) for folder in {_folder(file.name) for file in newest}}
    nearest = sorted(newest, key=lambda file: distances[_folder(file.name)])  # among equals, still the newest first
    return list(dict.fromkeys(chain.from_iterable(zip(newest, nearest, strict=True))))


def _nearest(folder: tuple[str, ...], others: Collection[tuple[str, ...]]) -> int:
    return min((_distance(folder, other) for other in others), default=0)


def _distance(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many steps, up or down, lead from one folder to another."""
    shared = next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    shared = min(len(one), len(other)) if shared is None else shared
    return len(one) + len(other) - 2 * shared


def _folder(name: str) -> tuple[str, ...]:
    return tuple(name.split("/")[:-1])
