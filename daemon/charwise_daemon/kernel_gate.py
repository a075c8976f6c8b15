"""The gate's arithmetic in C, with the answers of gate.py and features.py."""

from collections.abc import Sequence
from ctypes import byref, c_int32

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.kernel import MOST_SOURCES, MOST_UNITS, GateView, Kernel

Floats = NDArray[np.float64]


class KernelMix:
    """The network of one gate. Its arrays are float64, contiguous and read where they lie: they may change there.

    Args:
        kernel: the library.
        arrays: w1 (F, H), b1 (H,), w2 (K, H), b2 (K,), w3 (K + 1, H), b3 (K + 1,), and (K + 1, 1) what takes part.
    """

    def __init__(self, kernel: Kernel, arrays: Sequence[Floats]) -> None:
        self._kept, self._mix = arrays, kernel.library.charwise_mix
        (features, units), sources = arrays[0].shape, len(arrays[3])
        self.structure = GateView(*(array.ctypes.data for array in arrays), features, units, sources)

    def mix(self, features: Floats, distributions: Floats) -> Floats:
        """Return the distribution of the next character, (256,)."""
        mixed = np.empty(256)
        self._mix(byref(self.structure), features.ctypes.data, distributions.ctypes.data, mixed.ctypes.data)
        return mixed


def mix_of(kernel: Kernel | None, arrays: Sequence[Floats]) -> KernelMix | None:
    """Return what mixes in C, None where there is no kernel, or none with room for such a network."""
    fits = len(arrays[1]) <= MOST_UNITS and len(arrays[3]) <= MOST_SOURCES
    return KernelMix(kernel, arrays) if kernel and fits else None


def features_of(kernel: Kernel, distributions: Floats, found: Sequence[int], kind: int, size: int) -> Floats:
    """Return what a gate looks at, (size,).

    Args:
        kernel: the library.
        distributions: (K, 256) of the sources.
        found: of each memory, the order and the count of what it found.
        kind: of the character before.
        size: how many features there are.
    """
    features, memories = np.empty(size), (c_int32 * len(found))(*found)
    sources = len(distributions)
    kernel.library.charwise_features(
        distributions.ctypes.data, sources, memories, len(found) // 2, kind, features.ctypes.data
    )
    return features
