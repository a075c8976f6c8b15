"""Typing held-out text where it stands in its files: what tells how good a predictor is, and what a gate learns from.

The situation is that of real use: some lines are missing from an open file, and are typed into it; the file is in the
memory of the corpus too, as it is on disk, without those lines.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from charwise_daemon.adaptation import Adaptation
from charwise_daemon.documents import Document, Documents
from charwise_daemon.engine import Engine, State
from charwise_daemon.gate import Gate
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Position, Predictor
from charwise_trainer.corpus import CorpusFile, encode, encode_header

# Lines missing from a file, and typed: the LSTM reads a window before them, which is not to be most of the work.
_REGION_LINES = 48


@dataclass(frozen=True)
class Region:
    """Lines of a file to be typed, between what stands before and after them; the first is this one of the file."""

    name: str
    before: bytes
    typed: bytes
    after: bytes
    line: int = 0


def typed(
    engine: Engine,
    gate: Gate,
    learned: Sequence[CorpusFile],
    held_out: Sequence[CorpusFile],
    characters: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[Position, int]]:
    """Yield the position before each of at most so many characters of held-out files, and the character."""
    chosen = list(_within(regions(held_out), characters))
    memory = CorpusMemory.build({file.name: encode(file) for file in learned} | dict(_rests(held_out, chosen)))
    adaptation = Adaptation(engine.width)
    for region in chosen:
        predictor = Predictor.of(engine, gate, memory, region.name, adaptation)
        for _, position, character in type_region(predictor, region):
            if should_stop():
                return
            yield position, character


def regions(files: Sequence[CorpusFile], seed: int = 0) -> Iterator[Region]:
    """Yield all lines of these files as regions, in a random order that is the same each time."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    places = [(file, start) for file in files for start in range(0, len(file.data.splitlines()), _REGION_LINES)]
    chance.shuffle(places)
    for file, start in places:
        lines, stop = file.data.splitlines(keepends=True), start + _REGION_LINES
        before, typed, after = (b"".join(part) for part in (lines[:start], lines[start:stop], lines[stop:]))
        yield Region(file.name, before, typed, after, start)


def _within(found: Iterator[Region], characters: int) -> Iterator[Region]:
    for region in found:
        yield replace(region, typed=region.typed[:characters])
        characters -= len(region.typed)
        if characters <= 0:
            return


def _rests(files: Sequence[CorpusFile], chosen: Sequence[Region]) -> Iterator[tuple[str, bytes]]:
    """Yield these files, encoded, without what will be typed."""
    for file in files:
        gone = {region.line for region in chosen if region.name == file.name}
        if not gone:
            yield file.name, encode(file)
            continue
        lines = file.data.splitlines(keepends=True)
        left = [line for number, line in enumerate(lines) if number // _REGION_LINES * _REGION_LINES not in gone]
        yield file.name, encode_header(file.name) + b"".join(left)


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
