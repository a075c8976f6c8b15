"""What the gate looks at: how sure the sources are, whether they agree, what the memories found, what stands before.

In C where the kernel is, else on numpy; a test holds the two together. Knows no engine and no memories.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import kernel as kernels
from charwise_daemon import kernel_gate
from charwise_daemon.gate import LEAST
from charwise_daemon.lookup import Match
from charwise_daemon.shard import MAX_ORDER

Floats = NDArray[np.float64]

SOURCES = ("lstm", "corpus", "documents", "nearby", "habits")
"""In the order of the gate's outputs: the LSTM; the workspace's files; the open documents; what was just written; and
habits, what followed the last two characters in the workspace's files, whatever came before."""
MEMORIES = SOURCES[1:4]

_KINDS = ["lower", "upper", "digit", "blank", "end", "underscore", "bracket", "other", "beyond"]
"""Of the character before: what a source is worth at a word's beginning is not what it is worth within one."""


def _kind(character: int) -> str:
    text = chr(character)
    if character >= 0x80:
        return "beyond"
    if text.isalnum():
        return "digit" if text.isdigit() else "lower" if text.islower() else "upper"
    return {" ": "blank", "\t": "blank", "\n": "end", "_": "underscore"}.get(
        text, "bracket" if text in "()[]{}" else "other"
    )


KIND_OF = [_KINDS.index(_kind(character)) for character in range(256)]
"""By character, the number of its kind."""
FEATURES = len(SOURCES) + len(SOURCES) ** 2 + 3 * len(MEMORIES) + len(_KINDS)


def features_of(distributions: Floats, matches: Sequence[Match], before: int) -> Floats:
    """Return what the gate looks at after a character, (K, 256) -> (FEATURES,).

    The entropy of each source in bits; what each gives to the favourite of each, as a logarithm; of each memory how
    long a context it found, and how often; and what kind of character stands before.
    """
    found = [number for match in matches for number in (match.order, match.count)]
    if kernel := kernels.chosen().kernel:
        return kernel_gate.features_of(kernel, distributions, found, KIND_OF[before], FEATURES)
    logs = np.log(distributions + LEAST)  # (K, 256)
    entropies = -np.einsum("kc,kc->k", distributions, logs) / math.log(2)
    agreement = logs[:, distributions.argmax(1)]  # (K, K)
    orders, counts = np.reshape(found, (-1, 2)).T
    known = np.stack((np.log1p(orders), np.log1p(counts), orders / MAX_ORDER), 1)
    kind = np.arange(len(_KINDS)) == KIND_OF[before]
    return np.concatenate((entropies, agreement.ravel(), known.ravel(), kind))
