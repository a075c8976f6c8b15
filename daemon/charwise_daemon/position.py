"""What is known at one place of a text, put together from what each source says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.engine import State
from charwise_daemon.lookup import Match
from charwise_daemon.memory import Memory

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlainPosition:
    """A position as Python computes it; kernel_position.py has those that the kernel does."""

    state: State | None  # the LSTM's, None where there is no LSTM yet
    memories: tuple[Memory, ...]  # as MEMORIES names them
    matches: tuple[Match, ...]  # of each memory
    distributions: Floats  # (K, 256) by source; a source that is absent has zeros
    features: Floats  # (FEATURES,)
    probabilities: Floats  # (256,) mixed
