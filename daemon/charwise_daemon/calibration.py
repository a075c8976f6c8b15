"""What the gate is fitted on: held-out text, typed where it stands in files that the memory has not seen.

The situation is that of real use: a few lines are missing from an open file, and are typed into it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.documents import Document, Documents
from charwise_daemon.engine import Engine
from charwise_daemon.memory import MAX_ORDER, CorpusMemory
from charwise_daemon.predictor import Position, Predictor
from charwise_trainer.corpus import CorpusFile, encode

# Lines missing from a file at a time, as in a small edit.
_MOST_LINES = 8


@dataclass(frozen=True)
class Case:
    """Text to be typed into a file, between what stands before and after it."""

    name: str
    before: bytes
    typed: bytes
    after: bytes


def rows(
    engine: Engine, learned: Sequence[CorpusFile], held_out: Sequence[CorpusFile], characters: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return the gate's features (n, 12), what each source gave the character that came (n, 3), and its case (n,).

    n is `characters`, or fewer where the held-out files are shorter.
    """
    predictor = Predictor(engine, None, CorpusMemory.build({file.name: encode(file) for file in learned}).memory())
    features, chances, numbers = [], [], []
    for number, case in enumerate(cases(held_out)):
        for position, character in type_case(predictor, case):
            features.append(position.features)
            chances.append(position.distributions[:, character])
            numbers.append(number)
        if len(features) >= characters:
            break
    n = min(len(features), characters)
    return np.reshape(features[:n], (n, 12)), np.reshape(chances[:n], (n, 3)), np.array(numbers[:n], np.int64)


def cases(files: Sequence[CorpusFile], seed: int = 0) -> Iterator[Case]:
    """Yield places in these files in a random order that is the same each time; no line comes twice."""
    places, chance = list[tuple[CorpusFile, int, int]](), random.Random(seed)  # noqa: S311 - no secret
    for file in files:
        lines, start = file.data.splitlines(keepends=True), 0
        while start < len(lines):
            stop = start + chance.randint(1, _MOST_LINES)
            places.append((file, start, stop))
            start = stop
    chance.shuffle(places)
    for file, start, stop in places:
        lines = file.data.splitlines(keepends=True)
        before, typed, after = (b"".join(part) for part in (lines[:start], lines[start:stop], lines[stop:]))
        yield Case(file.name, before, typed, after)


def type_case(predictor: Predictor, case: Case) -> Iterator[tuple[Position, int]]:
    """Yield each character of the case with the position before it, the document growing line by line."""
    documents = Documents()
    document = Document((None, case.name), case.name, case.before + case.after, 0)
    document.name_it(case.name)
    documents.open(document)
    offset = len(case.before)
    for version, line in enumerate(case.typed.splitlines(keepends=True), 1):
        memory = documents.memory_for(document, offset)
        state = None
        if predictor.engine:
            *_, state = document.snapshots.read(predictor.engine, document.text, offset)
        position = predictor.at(state, bytes(document.text[max(0, offset - MAX_ORDER) : offset]), memory)
        for character in line:
            yield position, character
            position = predictor.step(position, character, memory)
        document.apply([[offset, offset, line]], version)
        offset += len(line)
