"""Typing lines where they belong in a file: what tells how good a predictor is, and what gates are fitted on.

The situation is that of real use: some lines are missing from an open file, and are typed into it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from charwise_daemon.documents import Document, Documents
from charwise_daemon.engine import State
from charwise_daemon.predictor import Position, Predictor


@dataclass(frozen=True)
class Region:
    """Lines of a file to be typed, between what stands before and after them."""

    name: str
    before: bytes
    typed: bytes
    after: bytes


def type_region(predictor: Predictor, region: Region) -> Iterator[tuple[int, Position, int]]:
    """Yield each character of the region with the number of its line and the position before it.

    The document grows line by line; what is still to be typed has never been in it. The predictor learns what is typed.
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
            predictor.learn(position, character)
            position = predictor.step(position, character)
        document.apply([[offset, offset, line]], document.version + 1)
        offset += len(line)


def _state(predictor: Predictor, document: Document, offset: int) -> State | None:
    if predictor.engine is None:
        return None
    *_, state = document.snapshots.read(predictor.engine, document.text, offset)
    return state
