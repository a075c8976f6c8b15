"""Candidates: what may come after a position, followed as far as that is worth following.

The likeliest character is followed by the likeliest after it, and so on. Keeping several texts at once (a beam, or the
likeliest first of all that branches off) finds nothing better to show at a precision that anyone can bear: what is
shown is more likely right than not, and so are its characters. Alternatives branch off where the most probability does.

A search is a generator that yields after every character, so that whoever drives it can stop it there; when its time is
over, what it has found so far is its answer. What a wrong suggestion costs is not its business: where to cut, and
whether to show anything, is completer.py's choice, which can be made many times of one search. It can tell the search
that the choice is made already: that saves two steps in five.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from charwise_daemon import utf8
from charwise_daemon.predictor import Floats, Position, Predictor

# Below this probability of the whole text, going on brings nothing: with 0.05 as much is saved, in twice the steps.
HOPELESS = 0.2
# What makes of the probabilities after a text so far, (256,), those that suit where it is to stand; zeros end it.
Steer = Callable[[Floats, bytes], Floats]
# Whether it is no matter what comes after a text, whose characters have these probabilities.
Settled = Callable[[bytes, Sequence[float]], bool]
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
    unlikely: float = 0.02  # what is less probable where it branches off is no alternative
    hopeless: float = HOPELESS  # a text that is less sure as a whole is not gone on with


@dataclass(frozen=True, slots=True)
class Candidate:
    """Text that may come next, not cut yet, with the probability of each of its characters.

    Args:
        branch: how many of its first characters a likelier candidate has too.
        positions: before each character, and after the last if the search came there.
    """

    text: bytes
    probabilities: tuple[float, ...]
    branch: int = 0
    positions: tuple[Position, ...] = field(default=(), compare=False, repr=False)


def _unsteered(probabilities: Floats, text: bytes) -> Floats:  # noqa: ARG001 - as any that steers
    return probabilities


def unsettled(text: bytes, probabilities: Sequence[float]) -> bool:  # noqa: ARG001 - as any that tells
    """Tell that it matters."""
    return False


def search(
    predictor: Predictor,
    position: Position,
    limits: Limits,
    clock: Callable[[], float] = time.monotonic,
    steer: Steer = _unsteered,
    settled: Settled = unsettled,
) -> Iterator[list[Candidate]]:
    """Yield nothing yet after every character, and last the candidates, the likeliest first.

    Args:
        predictor: what tells how probable a character is.
        position: where the cursor is.
        limits: how far to go.
        clock: what the time is, in seconds.
        steer: makes of the probabilities after a text so far those that suit the document.
        settled: tells of a text so far whether it need not be gone on with.
    """
    latest = clock() + limits.milliseconds / 1000
    ways, branches = list[_Way](), [_Branch(1.0, _Way.begun(position, steer), 0, None)]
    while branches and len(ways) < limits.alternatives:
        branch = max(branches, key=lambda each: each.sure)
        branches.remove(branch)
        ways.append(branch.way.until(branch.at))
        for _ in _follow(ways[-1], branch, predictor, limits, settled):
            if clock() >= latest:
                yield [way.candidate for way in ways]
                return
            yield []
        if limits.alternatives > 1:
            branches += _branches(ways[-1], branch, limits)
    yield [way.candidate for way in ways]


@dataclass(frozen=True, slots=True)
class _Place:
    """What is known before one character of a text."""

    position: Position
    probabilities: Floats  # of what may come, (256,)
    unicode: int  # state of the code point
    lines: int
    sure: float  # probability of all characters before


class _Way:
    """One text that is followed, and its places: one before each character, and one after the last if it went on."""

    def __init__(self, text: bytes, probabilities: tuple[float, ...], places: list[_Place], steer: Steer) -> None:
        self.branch, self.places, self._steer = len(text), places, steer
        self._text, self._probabilities = bytearray(text), list(probabilities)

    @classmethod
    def begun(cls, position: Position, steer: Steer) -> "_Way":
        way = cls(b"", (), [], steer)
        way.places.append(way._place(position, utf8.BOUNDARY, 1, 1.0))
        return way

    def __len__(self) -> int:
        return len(self._text)

    def __getitem__(self, at: int) -> int:
        return self._text[at]

    @property
    def candidate(self) -> Candidate:
        positions = tuple(place.position for place in self.places)
        return Candidate(bytes(self._text), tuple(self._probabilities), self.branch, positions)

    def until(self, length: int) -> "_Way":
        """Return its first characters, to be gone on with otherwise."""
        return _Way(
            bytes(self._text[:length]), tuple(self._probabilities[:length]), self.places[: length + 1], self._steer
        )

    def take(self, character: int) -> float:
        """Add a character; return its probability."""
        self._text.append(character)
        self._probabilities.append(float(self.places[-1].probabilities[character]))
        return self._probabilities[-1]

    def is_settled(self, settled: Settled) -> bool:
        return settled(bytes(self._text), self._probabilities)

    def arrive(self, position: Position) -> None:
        """Add the place after the last character."""
        last, character = self.places[-1], self._text[-1]
        unicode, lines = int(utf8.FOLLOWS[last.unicode, character]), last.lines + (character == LINE_ENDS[1])
        self.places.append(self._place(position, unicode, lines, last.sure * self._probabilities[-1]))

    def _place(self, position: Position, unicode: int, lines: int, sure: float) -> _Place:
        probabilities = self._steer(position.probabilities * utf8.ALLOWED[unicode], bytes(self._text))
        return _Place(position, probabilities, unicode, lines, sure)


@dataclass(frozen=True, slots=True)
class _Branch:
    """Where a way may be gone on with otherwise: with a character, None for the likeliest, so probable as a whole."""

    sure: float
    way: _Way
    at: int
    character: int | None


def _follow(way: _Way, branch: _Branch, predictor: Predictor, limits: Limits, settled: Settled) -> Iterator[None]:
    """Go on with a way as far as that is worth it, with a step after every character."""
    character = branch.character
    while True:
        place = way.places[-1]
        if character is None:
            character = int(place.probabilities.argmax())
        if _ends(character, place.lines, limits):
            return
        sure = place.sure * way.take(character)
        yield
        if sure < limits.hopeless * branch.sure or len(way) >= limits.characters or way.is_settled(settled):
            return
        way.arrive(predictor.step(place.position, character))
        character = None


def _branches(way: _Way, begun: _Branch, limits: Limits) -> Iterator[_Branch]:
    """Yield where a way that was followed could have gone otherwise, at places that are its own."""
    for at in range(begun.at + (begun.character is not None), len(way.places)):
        place = way.places[at]
        probabilities = place.probabilities
        taken = way[at] if at < len(way) else int(probabilities.argmax())
        for character in probabilities.argsort()[::-1][: limits.alternatives + 1]:
            sure = place.sure * float(probabilities[character])
            if sure < limits.unlikely:
                break
            if character != taken and not _ends(int(character), place.lines, limits):
                yield _Branch(sure, way, at, int(character))


def _ends(character: int, lines: int, limits: Limits) -> bool:
    if character in LINE_ENDS:
        return lines >= limits.lines
    return character < _FIRST_PRINTABLE and character not in _CONTROLS_ALLOWED
