"""From the scores of a replay to what is reported of it, as JSON takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from charwise.evaluation import scores
from charwise.evaluation.replay import Score


def figures(
    minutes: float, found: Mapping[str, Sequence[Score]], baselines: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the figures of one training: of each variant, what the product gains on the others, and the baselines."""
    others = {name: other for name, other in found.items() if name != "all"}
    return {
        "minutes": minutes,
        "variants": {name: _variant(each) for name, each in found.items()},
        "gains": {name: scores.gain(found["all"], other) for name, other in others.items()},
        "baselines": dict(baselines),
    }


def without_bits(found: Sequence[Score]) -> dict[str, Any]:
    """Return the summary of what predicts no probabilities."""
    summary = scores.summary(found)
    kept = ("hunks", "saved", "precision", "shown_per_100")
    return {key: summary[key] for key in kept}


def _variant(found: Sequence[Score]) -> dict[str, Any]:
    return scores.summary(found) | {
        "sources": scores.by_source(found),
        "kinds": {kind: _kind(each) for kind, each in scores.by_kind(found).items()},
        "reliability": scores.reliability(found),
    }


def _kind(found: Sequence[Score]) -> dict[str, Any]:
    return {key: value for key, value in scores.summary(found).items() if key not in {"curve", "intervals"}}
