"""What the gate is fitted on: held-out text, typed where it stands in files that the memory has not seen.

The situation is that of real use: some lines are missing from an open file, and are typed into it.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.documents import Document, Documents
from charwise_daemon.engine import Engine, State
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Position, Predictor
from charwise_trainer.corpus import CorpusFile, encode

# Lines missing from a file, and typed: the LSTM reads a window before them, which is not to be most of the work.
_REGION_LINES = 48
# Lines that are judged together, when the gate is fitted on some and judged on others.
_HUNK_LINES = 8


@dataclass(frozen=True)
class Region:
    """Lines of a file to be typed, between what stands before and after them."""

    name: str
    before: bytes
    typed: bytes
    after: bytes


def rows(
    engine: Engine,
    learned: Sequence[CorpusFile],
    held_out: Sequence[CorpusFile],
    characters: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the gate's features (n, 12), what each source gave the character that came (n, 3), and its hunk (n,).

    n is `characters`, or fewer where the held-out files are shorter or `should_stop` said so.
    """
    predictor = Predictor(engine, None, CorpusMemory.build({file.name: encode(file) for file in learned}).memory())
    features, chances, numbers = [], [], []
    for number, position, character in _typed(predictor, held_out):
        features.append(position.features)
        chances.append(position.distributions[:, character])
        numbers.append(number)
        if len(features) == characters or should_stop():
            break
    n = len(features)
    return np.reshape(features, (n, 12)), np.reshape(chances, (n, 3)), np.array(numbers, np.int64)


def regions(files: Sequence[CorpusFile], seed: int = 0) -> Iterator[Region]:
    """Yield all lines of these files as regions, in a random order that is the same each time."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    places = [(file, start) for file in files for start in range(0, len(file.data.splitlines()), _REGION_LINES)]
    chance.shuffle(places)
    for file, start in places:
        lines, stop = file.data.splitlines(keepends=True), start + _REGION_LINES
        yield Region(file.name, *(b"".join(part) for part in (lines[:start], lines[start:stop], lines[stop:])))


def _typed(predictor: Predictor, files: Sequence[CorpusFile]) -> Iterator[tuple[int, Position, int]]:
    for number, region in enumerate(regions(files)):
        for line, position, character in type_region(predictor, region):
            yield number * _REGION_LINES + line // _HUNK_LINES, position, character


def type_region(predictor: Predictor, region: Region) -> Iterator[tuple[int, Position, int]]:
    """Yield each character of the region with the number of its line and the position before it.

    The document grows line by line; what is still to be typed has never been in it.
    """
    documents, offset = Documents(), len(region.before)
    document = Document((None, region.name), region.name, region.before + region.after, 0)
    document.name_it(region.name)
    documents.open(document)
    for number, line in enumerate(region.typed.splitlines(keepends=True)):
        memory = documents.memory_for(document, offset)
        position = predictor.at(_state(predictor, document, offset), document.context(offset), memory)
        for character in line:
            yield number, position, character
            position = predictor.step(position, character, memory)
        document.apply([[offset, offset, line]], document.version + 1)
        offset += len(line)


def _state(predictor: Predictor, document: Document, offset: int) -> State | None:
    if predictor.engine is None:
        return None
    *_, state = document.snapshots.read(predictor.engine, document.text, offset)
    return state
