"""Types a hunk into the file that it was added to, through the parts that the daemon answers with.

What is asked for is asked once for all prices of a distraction; the typist is then simulated at each of them.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from charwise.evaluation.asking import Offer, candidates, offers
from charwise.evaluation.history import Hunk
from charwise.evaluation.similarity import similarity
from charwise.evaluation.typist import Typing, counted, type_out
from charwise.evaluation.variants import SUFFIX, Learned, Variant
from charwise_daemon.benefit import price_of
from charwise_daemon.documents import Document, Documents
from charwise_daemon.features import SOURCES
from charwise_daemon.fitting import Surroundings
from charwise_daemon.memory import OpenMemories
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import Limits
from charwise_daemon.settings import CompletionSettings

# Keystrokes that a wrong suggestion is taken to cost, from those who want to see everything to those who want none.
PRICES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 16.0, 20.0, 28.0, 40.0, 64.0, 128.0)
DEFAULT_PRICE = price_of(CompletionSettings().eagerness)
# A character that a source holds impossible costs 30 bits, not infinitely many.
_LEAST = 1e-9
_LINE_ENDS = b"\r\n"


@dataclass
class Score:
    """What one variant made of one hunk."""

    kind: str  # of file
    characters: int
    bits: float = 0.0
    source_bits: dict[str, float] = field(default_factory=dict)
    typings: list[Typing] = field(default_factory=list)  # by price
    lines: list[tuple[bool, float]] = field(default_factory=list)  # was the rest of a line foreseen, and how similar
    milliseconds: list[float] = field(default_factory=list)


@dataclass
class _Place:
    """What was known before one character."""

    position: Position
    offers: list[Offer | None]
    guess: bytes  # the whole of what the search found for this line
    milliseconds: float


def replay(hunk: Hunk, learned: Learned, variants: Sequence[Variant]) -> dict[str, Score]:
    """Return what each variant makes of a hunk, by its name."""
    return {variant.name: _score(hunk, variant, _type(hunk, learned, variant)) for variant in variants}


def _type(hunk: Hunk, learned: Learned, variant: Variant) -> Iterator[_Place]:
    """Yield what is known before each character of a hunk."""
    documents, offset, limits = Documents(), len(hunk.before), _limits()
    document = Document((None, hunk.path), hunk.path, hunk.before + _line_end(hunk) + hunk.after, 0)
    document.name_it(hunk.path)
    documents.open(document)
    predictor, reads_on = learned.predictor(variant, hunk.path), SUFFIX not in variant.without
    _position(predictor, document, offset, documents.memory_for(document, offset))  # read ahead, as the daemon does
    for character, is_asked in zip(hunk.typed, _keyed(hunk), strict=True):
        began = time.perf_counter()
        memory = documents.memory_for(document, offset)
        position = _position(predictor, document, offset, memory)
        around = Surroundings.of(document.text, offset)
        found = candidates(predictor, position, limits, around, reads_on=reads_on) if is_asked else []
        milliseconds = 1000 * (time.perf_counter() - began)
        shown = offers(found, PRICES, around) if is_asked else []
        yield _Place(position, shown, found[0].text.partition(b"\n")[0] if found else b"", milliseconds)
        predictor.learn(position, character)
        document.splice(offset, offset, bytes((character,)))
        offset += 1


def _position(predictor: Predictor, document: Document, offset: int, memory: OpenMemories) -> Position:
    state = None
    if predictor.engine is not None:
        *_, state = document.snapshots.read(predictor.engine, document.text, offset)
    return predictor.at(state, document.context(offset), memory)


def _keyed(hunk: Hunk) -> list[bool]:
    """Tell of each character of a hunk whether it takes a key of its own."""
    return counted(hunk.typed, at_line_start=not hunk.before.rpartition(b"\n")[2].strip())


def _limits() -> Limits:
    chosen = CompletionSettings()
    return Limits(chosen.max_characters, chosen.max_lines)


def _line_end(hunk: Hunk) -> bytes:
    """Return what stands after the cursor in the line that was opened to type the hunk in, if one was."""
    if hunk.is_within:
        return b""
    return b"\r\n" if b"\r\n" in hunk.before[-1000:] + hunk.after[:1000] else b"\n"


def _score(hunk: Hunk, variant: Variant, places: Iterator[_Place]) -> Score:
    score, by_place, keyed = Score(hunk.kind, len(hunk.typed)), list[list[Offer | None]](), _keyed(hunk)
    for at, (character, place) in enumerate(zip(hunk.typed, places, strict=True)):
        by_place.append(place.offers)
        score.bits += bits(place.position.probabilities[character])
        for source, distribution in zip(SOURCES, place.position.distributions, strict=True):
            if distribution.any() and source not in variant.without:
                score.source_bits[source] = score.source_bits.get(source, 0.0) + bits(distribution[character])
        if keyed[at]:
            score.milliseconds.append(place.milliseconds)
            if character not in _LINE_ENDS:
                rest = hunk.typed[at:].split(b"\n")[0].rstrip(b"\r")
                score.lines.append((place.guess == rest, similarity(place.guess, rest)))
    for number in range(len(PRICES)):
        score.typings.append(type_out(hunk.typed, keyed, [each[number] if each else None for each in by_place]))
    return score


def bits(probability: float) -> float:
    """Return what a character costs that was given this probability."""
    return -math.log2(max(float(probability), _LEAST))
