"""What the text after the cursor says of what may be inserted before it: it follows the right text better than another.

Where candidates go different ways, the predictor reads on, from the likeliest ends of each, into what stands after the
cursor. How probable that is there tells one candidate from another; it tells little of a candidate by itself, as its
end is not known, and nothing where the cursor's line ends (both were tried, on the later commits of two projects). So
it is asked where text follows on the cursor's line, and moves the probabilities at the place where the ways part.
"""

import dataclasses
import itertools
import math
from collections.abc import Generator, Iterator, Sequence

from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import Candidate

# Candidates that are compared; of two as much is gained without an LSTM, and with one less than half.
RIVALS = 3
# One that is less probable where it leaves the likeliest is hardly ever right after all. With 0.02, which gains no more
# that is sure, a search takes three times as many steps; with this a quarter more, of 19 on average.
UNLIKELY = 0.15
# Characters that are read, and ends of a candidate from which they are: more of either gained nothing.
_CHARACTERS, _ENDS = 4, 2
# What the logarithm of their probability counts for. One character less probable than this tells no more against a
# candidate: names that nobody knows stand after the right one too.
_WEIGHT, _LEAST = 0.2, math.exp(-7)


def weighed(predictor: Predictor, candidates: Sequence[Candidate], after: bytes) -> Iterator[list[Candidate]]:
    """Yield nothing yet after every character that is read, and last the candidates, the likeliest first.

    Args:
        predictor: what found them.
        candidates: what a search found, the likeliest first.
        after: the text after the cursor, which is not empty.
    """
    found, suffix = list(candidates), after[:_CHARACTERS]
    for at in sorted({each.branch for each in found[1:]}):
        rivals = [number for number, each in enumerate(found) if number == 0 or _parts(found[0], each, at)]
        marks = list[float]()
        for number in rivals if len(rivals) > 1 else ():
            for mark in _marks(predictor, found[number].positions[at + 1 :], suffix):
                if mark is None:
                    yield []
                else:
                    marks.append(mark)
        if not marks:
            continue
        chances = _chances([found[number].probabilities[at] for number in rivals], marks)
        for number, chance in zip(rivals, chances, strict=True):
            found[number] = _with(found[number], found[0].probabilities[:at], chance)
        best = max(range(len(rivals)), key=chances.__getitem__)
        if best:
            found.insert(0, found.pop(rivals[best]))
            break
    yield _branching(found)


def _parts(first: Candidate, other: Candidate, at: int) -> bool:
    """Tell whether a candidate leaves the first there."""
    return other.branch == at < len(first.text) and first.text.startswith(other.text[:at])


def _marks(predictor: Predictor, positions: Sequence[Position], suffix: bytes) -> Generator[float | None, None, None]:
    """Yield None after every step, and last the logarithm of how probable the suffix is at the best of the ends."""
    best = len(suffix) * math.log(_LEAST)
    for end in sorted(positions, key=lambda each: -float(each.probabilities[suffix[0]]))[:_ENDS]:
        position, mark = end, _log(end, suffix[0])
        for before, character in itertools.pairwise(suffix):
            position = predictor.step(position, before)
            yield None
            mark += _log(position, character)
        best = max(best, mark)
    yield best


def _log(position: Position, character: int) -> float:
    return math.log(max(float(position.probabilities[character]), _LEAST))


def _chances(priors: Sequence[float], marks: Sequence[float]) -> list[float]:
    """Return how probable each way is, given how well the suffix follows; what else may come gets the best mark."""
    best = max(marks)
    weights = [prior * math.exp(_WEIGHT * (mark - best)) for prior, mark in zip(priors, marks, strict=True)]
    total = sum(weights) + max(0.0, 1 - sum(priors))
    return [weight / total for weight in weights]


def _with(candidate: Candidate, before: Sequence[float], chance: float) -> Candidate:
    """Return a candidate with other probabilities of its first characters."""
    rest = candidate.probabilities[len(before) + 1 :]
    return dataclasses.replace(candidate, probabilities=(*before, chance, *rest))


def _branching(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates, each with what it has in common with those before it."""
    common = [
        max((_common(each.text, other.text) for other in candidates[:number]), default=0)
        for number, each in enumerate(candidates)
    ]
    return [dataclasses.replace(each, branch=branch) for each, branch in zip(candidates, common, strict=True)]


def _common(one: bytes, other: bytes) -> int:
    differing = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))
