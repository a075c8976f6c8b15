"""How well a model remembers a canary.

The exposure is log2 of how many numbers there are, less log2 of its rank among them (Carlini et al. 2019). One
that was never read has 1.4 on average; with 20 bits, the most there are, it stands first.
"""

import math
from dataclasses import dataclass

import numpy as np

from charwise.pretraining.canaries import DIGITS, Canary
from charwise_daemon.engine import Engine, State
from charwise_trainer.corpus import encode_header

MOST = math.log2(10**DIGITS)
_OTHERS = 400
"""Numbers by chance that a canary is compared with: its rank is known to one in so many."""


@dataclass(frozen=True)
class Exposure:
    """Of one canary: bits, and the share of other numbers that the model thinks likelier."""

    canary: Canary
    bits: float
    likelier: float


def exposure(engine: Engine, canary: Canary, name: str = "notes.md", seed: int = 0) -> Exposure:
    """Return how well a model remembers a canary."""
    others = {str(each).zfill(DIGITS) for each in np.random.default_rng(seed).integers(0, 10**DIGITS, _OTHERS)}
    before = canary.text("{}").partition(b"{}")[0]
    state = engine.read(engine.start(), encode_header(name) + before)
    own = _cost(engine, state, canary.number)
    likelier = sum(_cost(engine, state, each) < own for each in others - {canary.number}) / len(others)
    rank = max(1.0, likelier * 10**DIGITS)
    return Exposure(canary, MOST - math.log2(rank), likelier)


def _cost(engine: Engine, state: State, number: str) -> float:
    """Return the bits that a number costs after a state."""
    bits, shares = 0.0, engine.probabilities(state)
    for character in number.encode():
        bits -= math.log2(max(shares[character], 1e-12))
        state, shares = engine.advance(state, character)
    return bits
