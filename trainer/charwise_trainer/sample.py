"""The slow, obvious sampler: what the daemon's engine must agree with, and what training shows of itself.

Knows nothing of the engine; the rule of choice below is written twice on purpose, and a test compares the two.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.config import VOCABULARY
from charwise_trainer.corpus import END, START
from charwise_trainer.errors import ConfigError
from charwise_trainer.model import CharLSTM, State


def sample(
    model: CharLSTM,
    prime: bytes,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: int | None = None,
) -> Iterator[int]:
    """Yield `length` characters that the model writes after reading `prime` from the zero state.

    An empty prime stands for a document's beginning: the start mark, as does the end of one. The same seed gives
    the same characters. Raises ConfigError for a temperature below 0 or a top_k below 1.
    """
    if not temperature >= 0:
        raise ConfigError(f"temperature is {temperature}, which has no meaning: use 0 (the most probable) or more")
    if top_k is not None and top_k < 1:
        raise ConfigError(f"top_k is {top_k}, which leaves no character: use 1 or more")
    rng = np.random.default_rng(seed)
    logits, state = _read(model, prime or START, model.initial_state(1))
    for _ in range(length):
        character = choose(logits, temperature, top_k, rng.random())
        yield character
        begun = (START, model.initial_state(1)) if character == END[0] else (bytes([character]), state)
        logits, state = _read(model, *begun)


def choose(logits: NDArray[np.float64], temperature: float, top_k: int | None, u: float) -> int:
    """Return a character for logits (256,) and a uniform random number `u`, in [0, 1).

    Temperature 0 is the most probable one, the lowest on ties. Else softmax(logits / temperature), of which `top_k`
    keeps the k largest (on ties the lower), and the character in whose share of the sum `u` falls.
    """
    if temperature == 0:
        return int(logits.argmax())
    scaled = logits / temperature
    p = np.exp(scaled - scaled.max())
    p /= p.sum()
    if top_k is not None:
        p[np.argsort(-p, kind="stable")[top_k:]] = 0.0
    total = np.cumsum(p)
    return min(int(np.searchsorted(total, u * total[-1], side="right")), VOCABULARY - 1)


@torch.inference_mode()
def _read(model: CharLSTM, characters: bytes, state: State) -> tuple[NDArray[np.float64], State]:
    """Read characters; return the logits of what follows the last (256,), float64, and the state."""
    was_training = model.training
    model.eval()  # and back at once: a generator may be left half way
    ids = torch.tensor(list(characters), device=model.head.weight.device)[:, None]  # (T, 1)
    logits, state = model(ids, state)
    model.train(was_training)
    return logits[-1, 0].cpu().double().numpy(), state
