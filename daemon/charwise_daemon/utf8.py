"""Which bytes may come next in valid UTF-8 (RFC 3629, section 4, as a table of states). Pure."""

import numpy as np
from numpy.typing import NDArray

BOUNDARY = 0  # between two code points
_NEED_1, _NEED_2, _NEED_3, _AFTER_E0, _AFTER_ED, _AFTER_F0, _AFTER_F4 = range(1, 8)
_TAIL = (0x80, 0xBF)

# Per state: ranges of bytes, both ends included, and the state that they lead to.
_RULES: dict[int, list[tuple[int, int, int]]] = {
    BOUNDARY: [
        (0x00, 0x7F, BOUNDARY),
        (0xC2, 0xDF, _NEED_1),
        (0xE0, 0xE0, _AFTER_E0),
        (0xE1, 0xEC, _NEED_2),
        (0xED, 0xED, _AFTER_ED),
        (0xEE, 0xEF, _NEED_2),
        (0xF0, 0xF0, _AFTER_F0),
        (0xF1, 0xF3, _NEED_3),
        (0xF4, 0xF4, _AFTER_F4),
    ],
    _NEED_1: [(*_TAIL, BOUNDARY)],
    _NEED_2: [(*_TAIL, _NEED_1)],
    _NEED_3: [(*_TAIL, _NEED_2)],
    _AFTER_E0: [(0xA0, 0xBF, _NEED_1)],
    _AFTER_ED: [(0x80, 0x9F, _NEED_1)],
    _AFTER_F0: [(0x90, 0xBF, _NEED_2)],
    _AFTER_F4: [(0x80, 0x8F, _NEED_2)],
}


def _tables() -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    allowed, follows = np.zeros((len(_RULES), 256), np.bool_), np.zeros((len(_RULES), 256), np.int8)
    for state, ranges in _RULES.items():
        for low, high, after in ranges:
            allowed[state, low : high + 1], follows[state, low : high + 1] = True, after
    return allowed, follows


# (states, 256): whether a byte may come in a state, and the state after it.
ALLOWED, FOLLOWS = _tables()
