"""Bits per character of a model on files it has not learned from, read in order.

Knows nothing of training. The state is carried within a document and cut where one begins; its header (the path) is
read, so that the model knows the file's type, but not counted.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from charwise_trainer.batches import Window, Windows
from charwise_trainer.corpus import CorpusFile, encode, encode_header
from charwise_trainer.model import CharLSTM, State

LANES, WINDOW = 32, 128
"""Files read side by side, and characters per call: enough to keep matrix products busy."""


@dataclass(frozen=True)
class Evaluation:
    """Bits per character over all files, and by the suffix of their names ("" for none)."""

    bpc: float
    characters: int  # counted ones: without headers
    by_type: dict[str, float]
    by_file: tuple[float, ...]  # 0 for an empty one


def evaluate(
    model: CharLSTM,
    files: Sequence[CorpusFile],
    lanes: int = LANES,
    window: int = WINDOW,
    skip: Sequence[int] | None = None,
) -> Evaluation:
    """Read the files (in float32) and return the bits per character; NaN where there is nothing to count.

    `skip` says of each file how many of its first characters are read but not counted.
    """
    skip = skip or [0] * len(files)
    # encode() ends in an end mark, which is no text: left out.
    texts = [encode(file)[:-1] for file in files]
    unread = [len(encode_header(file.name)) + before for file, before in zip(files, skip, strict=True)]
    windows = Windows(texts, window, skip=unread)
    was_training = model.training
    model.eval()
    try:
        nats = _read(model, windows, _plan(windows.per_text, windows.first, lanes))  # (files,)
    finally:
        model.train(was_training)
    counts = [len(file.data) - before for file, before in zip(files, skip, strict=True)]
    return _summary(nats, counts, [PurePosixPath(file.name).suffix for file in files])


def _plan(per_text: NDArray[np.int64], first: NDArray[np.int64], lanes: int) -> NDArray[np.int64]:
    """Return the windows' numbers (rows, lanes): each text in one lane, the longest first, to the emptiest lane."""
    queues: list[list[int]] = [[] for _ in range(max(1, min(lanes, len(per_text))))]
    for text in np.argsort(-per_text, kind="stable"):
        queue = min(queues, key=len)
        queue.extend(range(first[text], first[text] + per_text[text]))
    rows = max(len(queue) for queue in queues)
    return np.array([queue + [-1] * (rows - len(queue)) for queue in queues], np.int64).T


@torch.inference_mode()
def _read(model: CharLSTM, windows: Windows, plan: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the nats that each text costs (texts,)."""
    nats = np.zeros(len(windows.per_text))
    state = model.initial_state(plan.shape[1])
    for numbers in plan:
        there = numbers >= 0
        cost, state = _costs(model, windows.take(numbers), state)
        np.add.at(nats, windows.text(numbers[there]), cost[there])
    return nats


def _costs(model: CharLSTM, window: Window, state: State) -> tuple[NDArray[np.float64], State]:
    """Return the nats of each lane's targets in this window (B,), and the state after it."""
    device = model.head.weight.device
    x, y, starts = (torch.from_numpy(part).to(device) for part in (window.x, window.y, window.starts))
    logits, state = model(x, model.cut(state, starts))
    lost = torch.nn.functional.cross_entropy(logits.permute(0, 2, 1), y, reduction="none")  # (T, B), 0 at IGNORE
    return lost.cpu().double().sum(0).numpy(), state


def _summary(nats: NDArray[np.float64], counts: Sequence[int], types: Sequence[str]) -> Evaluation:
    total: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for lost, count, kind in zip(nats, counts, types, strict=True):
        total[kind][0] += float(lost) / math.log(2)
        total[kind][1] += count
    characters = sum(counts)
    return Evaluation(
        bpc=float(nats.sum()) / math.log(2) / characters if characters else math.nan,
        characters=characters,
        by_type={kind: bits / count for kind, (bits, count) in sorted(total.items()) if count},
        by_file=tuple((nats / math.log(2) / np.maximum(counts, 1)).tolist()),
    )
