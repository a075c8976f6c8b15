"""From scores to what is reported of them, as JSON takes it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from charwise.evaluation import scores
from charwise.evaluation.replay import Score


def figures(minutes: float, found: Mapping[str, Sequence[Score]]) -> dict[str, Any]:
    """Return the figures of one training: of each variant, and what the product gains on the others."""
    others = {name: other for name, other in found.items() if name != "all"}
    return {
        "minutes": minutes,
        "variants": {name: _variant(each) for name, each in found.items()},
        "gains": {name: scores.gain(found["all"], other) for name, other in others.items()},
    }


def without_bits(found: Sequence[Score]) -> dict[str, Any]:
    """Return the summary of what predicts no probabilities."""
    summary = scores.summary(found)
    kept = ("hunks", "saved", "precision", "shown_per_100")
    return {key: summary[key] for key in kept}


def rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures with as many digits as mean something."""
    return {key: _rounded(value) for key, value in values.items()}


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 5)
        case dict():
            return rounded(value)
        case list():
            return [_rounded(each) for each in value]
    return value


def _variant(found: Sequence[Score]) -> dict[str, Any]:
    return scores.summary(found) | {
        "sources": scores.by_source(found),
        "kinds": {kind: _kind(each) for kind, each in scores.by_kind(found).items()},
        "reliability": scores.reliability(found),
    }


def _kind(found: Sequence[Score]) -> dict[str, Any]:
    return {key: value for key, value in scores.summary(found).items() if key not in {"curve", "intervals"}}


def of_files(found: Sequence[Score]) -> dict[str, Any]:
    """Return bits per character, mixed and by source, of all files and of each type, as JSON takes them."""
    return _bits(found) | {"kinds": {kind: _bits(each) for kind, each in scores.by_kind(found).items()}}


def _bits(found: Sequence[Score]) -> dict[str, Any]:
    characters = sum(score.characters for score in found)
    mixed = math.fsum(score.bits for score in found) / characters
    return {"files": len(found), "characters": characters, "bpc": mixed, "sources": scores.by_source(found)}
