"""How much text a training step reads per second, in fp32 and bf16, beside what the machine can multiply.

The steps are the trainer's own, with its default batch and window, on real text. The machine's rate is torch's matrix
product of the same shapes, and of large squares. An LSTM's step is a chain of small products and cannot reach it all.
"""

import math
import statistics
import time
from typing import Any

import numpy as np
import torch
from common import LAYERS, WIDTH, options
from machine import gemm
from material import text
from report import CHARACTERS_BF16, Report, Row

from charwise_trainer.batches import Lanes
from charwise_trainer.config import NARROW, ModelConfig, TrainConfig
from charwise_trainer.device import Precision, can_compute
from charwise_trainer.learner import Learner

_SIZES = ((LAYERS, WIDTH), (1, 512), (1, 256))
_PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
# Forward one product, backward two: of each weight with each character.
_PRODUCTS, _OPERATIONS = 3, 2
# torch's first steps are slow: it chooses and compiles its kernels.
_WARM_UP = 3
_SQUARE = 2048


def main() -> None:
    """Measure, print the tables and the JSON line."""
    chosen = options(__doc__.splitlines()[0], seconds=(10.0, "of training for each")).parse_args()
    seconds = 2.0 if chosen.quick else chosen.seconds
    report = Report("training", vars(chosen))
    report.say("{} lanes, windows of {} characters, {} threads".format(*NARROW, torch.get_num_threads()))
    rates = {(size, precision): speed(*size, precision, seconds) for size in _SIZES for precision in _PRECISIONS}
    budgets: dict[Any, Any] = {((LAYERS, WIDTH), "bf16"): CHARACTERS_BF16}
    rows = [
        Row(f"{layers}x{width} {precision}", "char/s", values, budgets.get(((layers, width), precision)))
        for ((layers, width), precision), values in rates.items()
    ]
    report.table("characters learned per second, all threads", rows)
    _beside_gemm(report, rates, seconds / 8)
    report.end()


def speed(layers: int, width: int, precision: Precision, seconds: float) -> list[float]:
    """Return how many characters per second the trainer's steps learn: one value for each that fits in the time.

    None where torch cannot compute in this precision.
    """
    config, rates = TrainConfig(), list[float]()
    learner = Learner(ModelConfig(layers=layers, width=width), config, NARROW[0])
    if not can_compute(learner.model, precision):
        return []
    learner.precision = precision
    lanes, end = Lanes([text(1_000_000).encode()], *NARROW), math.inf
    for number, window in enumerate(lanes.epoch(np.random.default_rng(0))):
        began = time.perf_counter()
        learner.step(window, config.rate)
        now = time.perf_counter()
        if number == _WARM_UP:
            end = now + seconds
        elif number > _WARM_UP:
            rates.append(window.characters / (now - began))
            if now > end:
                break
    return rates


def _beside_gemm(report: Report, rates: dict[Any, list[float]], seconds: float) -> None:
    rows = []
    for ((layers, width), precision), values in rates.items():
        if not values:
            continue
        achieved = statistics.median(values) * _PRODUCTS * _OPERATIONS * _weights(layers, width)
        lanes, window = NARROW
        across = gemm(lanes, width, 4 * width, precision, seconds)  # once for each character of the window
        below = gemm(lanes * window, width, 4 * width, precision, seconds)  # once for all of it
        square = gemm(_SQUARE, _SQUARE, _SQUARE, precision, seconds)
        giga = [each / 1e9 for each in (achieved, across, below, square)]
        rows.append([f"{layers}x{width} {precision}", *giga, achieved / max(across, below, square)])
    columns = ["GFLOP/s", "training", "its products across time", "its products of a window", "large squares", "share"]
    report.grid("training beside the machine's matrix products (share: of the best of them)", columns, rows)


def _weights(layers: int, width: int) -> int:
    """Return how many weights each character is multiplied with."""
    model = ModelConfig(layers=layers, width=width)
    return sum(shape[0] * shape[1] for name, shape in model.shapes.items() if len(shape) == 2 and "embed" not in name)


if __name__ == "__main__":
    main()
