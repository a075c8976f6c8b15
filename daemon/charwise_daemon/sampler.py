"""Text drawn from the LSTM alone, character by character, as char-rnn's sampling did. Knows no memory, no documents."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import Engine, softmax
from charwise_trainer.text import END, START


def sample(
    engine: Engine,
    prime: bytes,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
    begin: bytes = START,
) -> Iterator[int]:
    """Yield `length` characters that follow `prime`; temperature 0 takes the likeliest each time.

    Where a text ends, another one begins, with `begin`. The same rule as charwise_trainer.sample, from another hand: a
    seed gives the same text there and here.
    """
    state, chance = engine.read(engine.start(), prime or begin), np.random.default_rng(seed)
    for _ in range(length):
        character = choose(engine.logits(state).astype(np.float64), temperature, top_k, chance)
        yield character
        is_end = character == END[0]
        state = engine.read(engine.start(), begin) if is_end else engine.step(state, character)


def choose(scores: NDArray[np.float64], temperature: float, top_k: int | None, chance: np.random.Generator) -> int:
    """Return one character, (256,) scores -> 0..255; of equal scores the lower wins."""
    if temperature <= 0:
        return int(scores.argmax())
    shares = softmax(scores / temperature)
    if top_k is not None:
        shares[np.argsort(-shares, kind="stable")[top_k:]] = 0
    heights = shares.cumsum()
    return min(int(np.searchsorted(heights, chance.random() * heights[-1], side="right")), 255)
