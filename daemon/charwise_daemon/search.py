"""Candidates: what may come after a position, followed as far as that is worth following.

A search is a generator that yields after every character, so that whoever drives it can stop it there; when its time is
over, what it has found so far is its answer. What a wrong suggestion costs is not its business: where to cut, and
whether to show anything, is completer.py's choice, which can be made many times of one search.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from charwise_daemon import utf8
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import Position, Predictor

# Below this probability of the whole text, going on cannot bring a benefit back.
_HOPELESS = 0.05
LINE_ENDS = b"\r\n"
# Control characters other than these end a suggestion: the marks of documents among them.
_CONTROLS_ALLOWED = b"\t\r\n"
_FIRST_PRINTABLE = 0x20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a search goes."""

    characters: int = 64
    lines: int = 1
    alternatives: int = 1
    milliseconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Candidate:
    """Text that may come next, not cut yet, with the probability of each of its characters."""

    text: bytes
    probabilities: tuple[float, ...]


def search(
    predictor: Predictor,
    position: Position,
    documents: Memory,
    limits: Limits,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[Candidate]]:
    """Yield nothing yet after every character, and last the candidates, the likeliest first character first."""
    latest = clock() + limits.milliseconds / 1000
    found: list[Candidate] = []
    firsts = (position.probabilities * utf8.ALLOWED[utf8.BOUNDARY]).argsort()[::-1]
    for first in firsts[: limits.alternatives]:
        candidate = Candidate(b"", ())
        for candidate in _follow(predictor, position, documents, limits, int(first)):
            if clock() >= latest:
                yield [*found, candidate]
                return
            yield []
        found.append(candidate)
    yield found


def _follow(
    predictor: Predictor, position: Position, documents: Memory, limits: Limits, first: int
) -> Iterator[Candidate]:
    """Yield the likeliest text that begins with `first`, after every character of it."""
    text, probabilities, sure = bytearray(), list[float](), 1.0
    character, unicode, lines = first, utf8.BOUNDARY, 1
    while True:
        lines += character == LINE_ENDS[1]
        if _ends(character, lines, limits):
            return
        text.append(character)
        probabilities.append(float(position.probabilities[character]))
        sure *= probabilities[-1]
        unicode = int(utf8.FOLLOWS[unicode, character])
        yield Candidate(bytes(text), tuple(probabilities))
        if sure < _HOPELESS or len(text) >= limits.characters:
            return
        position = predictor.step(position, character, documents)
        character = int(position.probabilities.argmax())
        if not utf8.ALLOWED[unicode, character]:
            character = int((position.probabilities * utf8.ALLOWED[unicode]).argmax())


def _ends(character: int, lines: int, limits: Limits) -> bool:
    if character in LINE_ENDS:
        return limits.lines == 1 or lines > limits.lines
    return character < _FIRST_PRINTABLE and character not in _CONTROLS_ALLOWED
