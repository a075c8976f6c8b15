"""What an order of a memory leaves to the shorter ones: PPM's escape probability, learned instead of counted.

A fixed estimate (PPM's methods A to D) knows the number of occurrences and of different characters. This small network
sees besides how even they are, how long the context is, and whether a longer one was found; and it is another one for
each memory: what the open document says once is truer than what some other file does. Fitted by bench/defaults.py;
over PPM's method D it saves an eighth of the memories' bits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise_daemon.shard import MAX_ORDER, Counts

Floats = NDArray[np.float64]

FEATURES, HIDDEN = 7, 16
"""As in kernel_memory.h."""


@dataclass(frozen=True, eq=False)
class Escape:
    """The network: one layer of rectified units, and a logistic output."""

    w1: Floats  # (HIDDEN, FEATURES)
    b1: Floats  # (HIDDEN,)
    w2: Floats  # (HIDDEN,)
    b2: Floats  # (1,)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.float32]]) -> "Escape":
        """Return the network of arrays by the names of its fields."""
        return cls(*(np.ascontiguousarray(arrays[field], np.float64) for field in ("w1", "b1", "w2", "b2")))

    def shares(self, features: Floats) -> Floats:
        """Return what each order leaves to the shorter ones, (n, FEATURES) -> (n,)."""
        inner = np.maximum(features @ self.w1.T + self.b1, 0.0)
        shares: Floats = 1 / (1 + np.exp(-(inner @ self.w2 + self.b2)))
        return shares


def features_of(orders: NDArray[np.int64], counts: Counts) -> Floats:
    """Return what the network looks at of some orders, (n,), shortest first, with counts (n, 256) -> (n, FEATURES)."""
    totals, distinct, most = counts.sum(1), (counts > 0).sum(1), counts.max(1, initial=0)
    columns = (
        orders / MAX_ORDER,
        np.log1p(totals),
        np.log1p(distinct),
        distinct / totals,
        most / totals,
        (orders.max(initial=0) - orders) / MAX_ORDER,
        distinct == 1,
    )
    return np.stack(columns, 1).astype(np.float64)
