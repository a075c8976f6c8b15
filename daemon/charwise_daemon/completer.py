"""From a position to suggestions: search, and length by expected benefit.

A search is a generator that yields after every character, so that whoever drives it can stop it there; when its time is
over, the best so far is its answer. The length is language-independent: with s the probability that the whole text is
right and n its length, showing it is expected to save s * n keystrokes and to cost (1 - s) * price for looking at it in
vain; the best prefix wins, if it wins anything. Knows no sockets; the documents reach it as bytes.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from charwise_daemon import utf8
from charwise_daemon.fitting import Surroundings, fit
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import Position, Predictor

# Below this probability of the whole text, going on cannot bring a benefit back.
_HOPELESS = 0.05
# One keystroke accepts, so text of one character saves nothing.
_SHORTEST = 2
_LINE_ENDS = b"\r\n"
# Control characters other than these end a suggestion: the marks of documents among them.
_CONTROLS_ALLOWED = b"\t\r\n"
_FIRST_PRINTABLE = 0x20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a search goes, and what it must be worth."""

    characters: int = 64
    lines: int = 1
    price: float = (
        4.0  # keystrokes that a wrong suggestion costs; 4 gave a precision of 0.64 to 0.72 on replayed histories
    )
    alternatives: int = 1
    milliseconds: float = math.inf


@dataclass(frozen=True, slots=True)
class Draft:
    """Text that may be shown, with the probability of each of its characters and its expected benefit."""

    text: bytes = b""
    probabilities: tuple[float, ...] = ()
    benefit: float = 0.0


def complete(
    predictor: Predictor,
    position: Position,
    documents: Memory,
    limits: Limits,
    around: Surroundings,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[list[Draft]]:
    """Yield nothing yet after every character, and last the suggestions, best first."""
    latest = clock() + limits.milliseconds / 1000
    found: list[Draft] = []
    firsts = (position.probabilities * utf8.ALLOWED[utf8.BOUNDARY]).argsort()[::-1]
    for first in firsts[: limits.alternatives]:
        best = Draft()
        for best in search(predictor, position, documents, limits, int(first)):
            if clock() >= latest:
                yield _shown([*found, best], around)
                return
            yield []
        found.append(best)
        limits = replace(limits, price=0.0)  # the others are seen by those who ask for them
    yield _shown(found, around)


def search(predictor: Predictor, position: Position, documents: Memory, limits: Limits, first: int) -> Iterator[Draft]:
    """Yield the best prefix so far of the likeliest text that begins with `first`, after every character of it."""
    text, probabilities, sure, best = bytearray(), list[float](), 1.0, Draft()
    character, unicode, lines = first, utf8.BOUNDARY, 1
    while True:
        lines += character == _LINE_ENDS[1]
        if _ends(character, lines, limits):
            return
        text.append(character)
        probabilities.append(float(position.probabilities[character]))
        sure *= probabilities[-1]
        unicode = int(utf8.FOLLOWS[unicode, character])
        benefit = sure * len(text) - (1 - sure) * limits.price
        if unicode == utf8.BOUNDARY and benefit > best.benefit and character not in _LINE_ENDS:
            best = Draft(bytes(text), tuple(probabilities), benefit)
        yield best
        if sure < _HOPELESS or len(text) >= limits.characters:
            return
        position = predictor.step(position, character, documents)
        character = int(position.probabilities.argmax())
        if not utf8.ALLOWED[unicode, character]:
            character = int((position.probabilities * utf8.ALLOWED[unicode]).argmax())


def _ends(character: int, lines: int, limits: Limits) -> bool:
    if character in _LINE_ENDS:
        return limits.lines == 1 or lines > limits.lines
    return character < _FIRST_PRINTABLE and character not in _CONTROLS_ALLOWED


def _shown(drafts: list[Draft], around: Surroundings) -> list[Draft]:
    """Return the drafts worth showing, without what already stands after the cursor; nothing where the first is not."""
    first, *others = [fitted(draft, around) for draft in drafts]
    if not _is_worth_it(first):
        return []
    return [first, *sorted(filter(_is_worth_it, others), key=lambda draft: -draft.benefit)]


def _is_worth_it(draft: Draft) -> bool:
    return len(draft.text) >= _SHORTEST and draft.benefit > 0


def fitted(draft: Draft, around: Surroundings) -> Draft:
    """Return as much of the draft as fits the text around the cursor."""
    text = fit(draft.text, around)
    return Draft(text, draft.probabilities[: len(text)], draft.benefit)
