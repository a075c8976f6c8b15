"""PPMd, the classic compressor of text, as a baseline: what it would need for each hunk after reading the project.

It reads the project once, and for each hunk a forked process, which has all that was learned for nothing, reads on: the
text around the place, then the hunk. A copy that stops before the hunk tells what the hunk alone cost, to a byte. Needs
pyppmd, the optional `bench` dependency.
"""

import importlib.util
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from charwise.evaluation.errors import EvaluationError

ORDERS = (6, 16, 32)
# Bytes that it may use: never reached by a project of some megabytes, after which it would begin to forget.
_MEMORY = 1 << 30

Texts = Sequence[tuple[bytes, bytes]]  # what stands before each hunk, in the order it is read, and the hunk


def is_there() -> bool:
    """Tell whether pyppmd is installed."""
    return importlib.util.find_spec("pyppmd") is not None


def bits_per_character(corpus: bytes, texts: Texts, orders: Sequence[int] = ORDERS) -> dict[int, float]:
    """Return the bits that each order needs for a character of the hunks.

    Raises:
        EvaluationError: pyppmd is not installed.
    """
    if not is_there():
        raise EvaluationError("pyppmd is not installed, so there is no PPMd to compare with: pip install pyppmd")
    characters = sum(len(typed) for _, typed in texts)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # one without threads, to fork
        found = [pool.submit(_bytes, corpus, texts, order) for order in orders]
        return {order: 8 * each.result() / characters for order, each in zip(orders, found, strict=True)}


def _bytes(corpus: bytes, texts: Texts, order: int) -> int:
    import pyppmd  # noqa: PLC0415 - optional

    encoder = pyppmd.Ppmd7Encoder(order, _MEMORY)
    encoder.encode(corpus)  # what it has written so far is the same for all that follows
    return sum(_forked(encoder, [before, typed]) - _forked(encoder, [before]) for before, typed in texts)


def _forked(encoder: Any, texts: Sequence[bytes]) -> int:
    """Return how many bytes a copy of the encoder writes for these texts."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:  # nothing but this: no clean-up of the parent's is to run here
        length = sum(len(encoder.encode(text)) for text in texts) + len(encoder.flush())
        os.write(writing, length.to_bytes(8))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status or len(answer) != 8:
        raise EvaluationError("PPMd ended before it answered, perhaps for want of memory; leave it out with --no-ppmd")
    return int.from_bytes(answer)
