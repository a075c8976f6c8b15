"""What was learned once, on other people's projects, and comes with charwise: escapes, and the gates to begin with.

bench/defaults.py made the file, by typing later commits of the tuning projects again; nothing of their text is in it.
"""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from charwise_daemon.escape import Escape

FILE = Path(__file__).with_name("defaults.safetensors")


@functools.cache
def escape(memory: str) -> Escape:
    """Return the escape of a memory: corpus, documents or nearby."""
    return Escape.of(_named(f"escape.{memory}."))


@functools.cache
def gate(name: str) -> Mapping[str, NDArray[np.float32]]:
    """Return the arrays of a gate: `gate` with an LSTM, `gate-memories` before there is one."""
    return _named(f"{name}.")


def _named(prefix: str) -> dict[str, NDArray[np.float32]]:
    return {key.removeprefix(prefix): array for key, array in _arrays().items() if key.startswith(prefix)}


@functools.cache
def _arrays() -> Mapping[str, NDArray[np.float32]]:
    return safetensors.numpy.load(FILE.read_bytes())
