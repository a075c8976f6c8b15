"""Figures of many hunks: what was saved, at which precision, how sure that is, and the curve of one against the other.

Pure: it takes scores and knows neither git nor models. Intervals are from resampling the hunks (bootstrap), 95% wide.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise.evaluation.replay import DEFAULT_PRICE, PRICES, Score

Floats = NDArray[np.float64]

# The precision at which variants are compared by one number.
TARGET = 0.6
_RESAMPLES, _SEED = 1000, 0
_BINS = 10


@dataclass(frozen=True)
class _Sums:
    """Sums over hunks; a first axis, where there is one, is of resamples."""

    characters: Floats  # (...) that take a key
    keys: Floats  # (..., P)
    shown: Floats  # (..., P)
    accepted: Floats  # (..., P)
    text: Floats  # (...) characters, all of them
    bits: Floats  # (...)

    @property
    def saved(self) -> Floats:
        """Keystrokes saved, by price."""
        return 1 - self.keys / np.maximum(self.characters, 1)[..., None]

    @property
    def precision(self) -> Floats:
        """Share of suggestions that were right, by price; NaN where none was shown."""
        return np.where(self.shown > 0, self.accepted / np.maximum(self.shown, 1), np.nan)

    @property
    def bpc(self) -> Floats:
        """Bits per character."""
        return self.bits / np.maximum(self.text, 1)


def summary(scores: Sequence[Score], price: float = DEFAULT_PRICE) -> dict[str, Any]:
    """Return what is reported of one variant on one set of hunks, as JSON takes it."""
    one, many = _sums(scores, None), _sums(scores, _weights(len(scores)))
    at, best = PRICES.index(price), saved_at(one)
    found = {
        "hunks": len(scores),
        "characters": int(one.characters),
        "bpc": float(one.bpc),
        "saved": float(one.saved[at]),
        "precision": _number(one.precision[at]),
        "shown_per_100": float(100 * one.shown[at] / max(one.characters, 1)),
        "saved_at_target": best,
        "intervals": {
            "bpc": _interval(many.bpc),
            "saved": _interval(many.saved[:, at]),
            "precision": _interval(many.precision[:, at]),
            "saved_at_target": _interval(_each(many)),
        },
        "curve": curve(one),
    }
    return found | _lines(scores) | _times(scores)


def curve(sums: _Sums) -> list[dict[str, Any]]:
    """Return what is saved, at which precision, for each price of a distraction."""
    shown = 100 * sums.shown / max(float(sums.characters), 1)
    rows = zip(PRICES, sums.saved, sums.precision, shown, strict=True)
    return [
        {"price": price, "saved": float(saved), "precision": _number(precision), "shown_per_100": float(often)}
        for price, saved, precision, often in rows
    ]


def saved_at(sums: _Sums, target: float = TARGET) -> float | None:
    """Return the most that is saved at a precision of at least `target`, on the lines between the curve's points."""
    saved, precision = sums.saved, sums.precision
    found = [float(each) for each, enough in zip(saved, precision >= target, strict=True) if enough]
    for low in range(len(PRICES) - 1):
        below, above = sorted((low, low + 1), key=lambda at: precision[at])
        if precision[below] < target <= precision[above]:
            share = (target - precision[below]) / (precision[above] - precision[below])
            found.append(float(saved[below] + share * (saved[above] - saved[below])))
    return max(found, default=None)


def gain(one: Sequence[Score], other: Sequence[Score]) -> dict[str, Any]:
    """Return how much more of keystrokes one variant saves than another at the same precision, with its interval."""
    weights = _weights(len(one))
    first, second = saved_at(_sums(one, None)), saved_at(_sums(other, None))
    difference = None if first is None or second is None else first - second
    return {"gain": difference, "interval": _interval(_each(_sums(one, weights)) - _each(_sums(other, weights)))}


def by_source(scores: Sequence[Score]) -> dict[str, float]:
    """Return the bits per character of each source."""
    characters = sum(score.characters for score in scores)
    sources = list(dict.fromkeys(source for score in scores for source in score.source_bits))
    return {source: sum(score.source_bits.get(source, 0.0) for score in scores) / characters for source in sources}


def by_kind(scores: Sequence[Score]) -> dict[str, list[Score]]:
    """Return the scores of each type of file, the commonest first."""
    kinds = dict[str, list[Score]]()
    for score in scores:
        kinds.setdefault(score.kind, []).append(score)
    return dict(sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0])))


def reliability(scores: Sequence[Score], price: float = DEFAULT_PRICE) -> list[dict[str, Any]]:
    """Return, for suggestions in bins by their probability, how often they were right."""
    seen = [each for score in scores for each in score.typings[PRICES.index(price)].seen]
    rows = []
    for number in range(_BINS):
        inside = [each for each in seen if min(int(each[0] * _BINS), _BINS - 1) == number]
        if inside:
            predicted = statistics.fmean(probability for probability, _ in inside)
            right = statistics.fmean(is_right for _, is_right in inside)
            rows.append({"from": number / _BINS, "shown": len(inside), "predicted": predicted, "right": right})
    return rows


def _lines(scores: Sequence[Score]) -> dict[str, Any]:
    guesses = [guess for score in scores for guess in score.lines]
    if not guesses:
        return {"exact": None, "similarity": None}
    exact, alike = (statistics.fmean(column) for column in zip(*guesses, strict=True))
    return {"exact": exact, "similarity": alike}


def _times(scores: Sequence[Score]) -> dict[str, Any]:
    times = [each for score in scores for each in score.milliseconds]
    if not times:
        return {"milliseconds": None, "milliseconds_p95": None}
    median, p95 = np.percentile(times, (50, 95))
    return {"milliseconds": float(median), "milliseconds_p95": float(p95)}


def _weights(hunks: int) -> Floats:
    """Return how often each hunk is in each resample, (R, H); the same ones each time, so that variants compare."""
    chance = np.random.default_rng(_SEED)
    return chance.multinomial(hunks, np.full(hunks, 1 / hunks), _RESAMPLES).astype(np.float64)


def _sums(scores: Sequence[Score], weights: Floats | None) -> _Sums:
    weights = np.ones(len(scores)) if weights is None else weights
    typings = [[(typing.keys, len(typing.seen), typing.accepted) for typing in score.typings] for score in scores]
    keys, shown, accepted = np.moveaxis(np.array(typings, np.float64), 2, 0)  # (3, H, P)
    characters = np.array([score.typings[0].characters for score in scores], np.float64)
    text = np.array([score.characters for score in scores], np.float64)
    bits = np.array([score.bits for score in scores], np.float64)
    return _Sums(*(weights @ each for each in (characters, keys, shown, accepted, text, bits)))


def _each(many: _Sums) -> Floats:
    """Return saved_at of each resample, NaN where that precision is not reached."""
    columns = (many.characters, many.keys, many.shown, many.accepted, many.text, many.bits)
    found = [saved_at(_Sums(*(column[at] for column in columns))) for at in range(len(many.bits))]
    return np.array([np.nan if each is None else each for each in found])


def _interval(values: Floats) -> list[float] | None:
    known = values[~np.isnan(values)]
    return [float(each) for each in np.percentile(known, (2.5, 97.5))] if len(known) else None


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
