"""What learning a character costs by the model's size and precision, with one process and with several.

The steps are the trainer's own, on real text, with everything that processes agree on after each. The batch is the same
however many processes share it: its lanes are divided among them, its result is the same. Of each round the
median step counts, and of the rounds the best: other work on the machine only slows. docs/scaling.md says what the
figures mean.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import torch
from common import options
from machine import describe
from material import text
from report import Report

from charwise_trainer.batches import Lanes
from charwise_trainer.config import NARROW, ModelConfig, TrainConfig
from charwise_trainer.device import Precision
from charwise_trainer.distributed import is_first, of_first, part, together, total
from charwise_trainer.learner import Learner

_SIZES = ((1, 128), (1, 256), (1, 512), (2, 512), (3, 512), (2, 1024))
_PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
# The default, which learns most per minute of a small corpus, and what a large one can fill; a GPU wants many more.
_LANES, _LANES_OF_A_GPU = (16, 64), (64, 256, 1024)
_WAYS = _USUAL, _COMPILED, _PLAIN = "as the trainer (cuDNN)", "cuDNN, the rest compiled", "without cuDNN"
_ONLY = (2, 512, 256)  # the size and lanes that are read in the other ways too: torch compiles for each anew
_WARM_UP, _FEWEST = 2, 3  # steps: torch's first ones choose and compile its kernels
_WORKER = "CHARWISE_SCALING"  # what a worker is to measure, as JSON
_GB = 1e9


def main() -> None:
    """Measure, print the tables and the JSON line."""
    parser = options(
        __doc__.splitlines()[0], seconds=(2.0, "of training for each"), rounds=(2, "of which the best counts")
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--window", type=int, default=NARROW[1], help="characters of a window")
    chosen = parser.parse_args()
    if _WORKER in os.environ:
        _work(json.loads(os.environ[_WORKER]))
        return
    report = Report("scaling", vars(chosen))
    report.say(f"windows of {chosen.window} characters, {_named(chosen.device)}, torch {torch.__version__}")
    lanes = _LANES if chosen.device == "cpu" else _LANES_OF_A_GPU
    asked = {"seconds": 0.5 if chosen.quick else chosen.seconds, "device": chosen.device}
    asked |= {"lanes": lanes, "window": chosen.window}
    rates: dict[tuple[int, int], dict[str, float]] = {setup: {} for setup in _setups(chosen.device)}
    for _ in range(1 if chosen.quick else chosen.rounds):
        for setup, best in rates.items():
            for key, rate in _measured(*setup, asked).items():
                best[key] = max(rate, best.get(key, 0.0))
    for each in lanes:
        _show(report, each, rates)
    if chosen.device != "cpu":
        _show_ways(report, rates[1, 1])
    report.end()


def _named(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else device


def _setups(device: str) -> list[tuple[int, int]]:
    """Return (processes, threads of each): one alone, with all cores, and one for each core (or GPU)."""
    if device == "cpu":
        cores = describe()["cores"]
        return [(1, 1), (1, cores), (cores, 1)]
    return [(1, 1)] + ([(torch.cuda.device_count(), 1)] if torch.cuda.device_count() > 1 else [])


def _measured(processes: int, threads: int, asked: dict[str, Any]) -> dict[str, float]:
    """Return the characters per second of all processes together, by size, precision and lanes."""
    environment = os.environ | {_WORKER: json.dumps(asked), "OMP_NUM_THREADS": str(threads)}
    command = [sys.executable, __file__]
    if processes > 1:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
        command = [sys.executable, *torchrun, __file__]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _show(report: Report, lanes: int, rates: dict[tuple[int, int], dict[str, float]]) -> None:
    names = {setup: f"{_counted(setup[0], 'process')} x {_counted(setup[1], 'thread')}" for setup in rates}
    rows = []
    for layers, width in _SIZES:
        for precision in _PRECISIONS:
            found = [rates[setup].get(_key(layers, width, precision, lanes)) for setup in rates]
            if None in found:
                continue
            best = max(each for each in found if each)
            parameters = ModelConfig(layers=layers, width=width).parameters / 1e6
            figures = [round(each) for each in found if each]
            rows.append([f"{layers}x{width} {precision}", parameters, *figures, 1e9 / best, _GB / best / 3600])
    columns = ["", "M parameters", *(f"{name}, char/s" for name in names.values()), "ns per character", "hours per GB"]
    report.grid(f"{lanes} lanes: characters learned per second, and what the fastest takes", columns, rows)


def _show_ways(report: Report, rates: dict[str, float]) -> None:
    layers, width, lanes = _ONLY
    rows = [
        [f"{way}, {precision}", round(rates[_key(layers, width, precision, lanes, way)])]
        for way in _WAYS
        for precision in _PRECISIONS
    ]
    report.grid(f"{layers}x{width}, {lanes} lanes, in several ways", ["", "characters learned per second"], rows)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}{'es' if what.endswith('s') else 's'}"


# --- in the processes that are measured ---------------------------------------------------------------------
def _work(asked: dict[str, Any]) -> None:
    """Measure all sizes; the first process prints the rates."""
    with together(asked["device"]):
        rates = {
            _key(layers, width, precision, lanes, way): rate
            for layers, width in _SIZES
            for lanes in asked["lanes"]
            for way in (_WAYS if asked["device"] != "cpu" and (layers, width, lanes) == _ONLY else _WAYS[:1])
            for precision in _PRECISIONS
            if (rate := _rate(ModelConfig(layers=layers, width=width), precision, lanes, way, asked))
        }
        if is_first():
            print(json.dumps(rates))


def _rate(model: ModelConfig, precision: Precision, lanes: int, way: str, asked: dict[str, Any]) -> float:
    """Return how many characters all processes learn per second, the median of steps; 0 where torch cannot."""
    torch.backends.cudnn.enabled = way != _PLAIN
    config = TrainConfig(lanes=lanes, window=asked["window"], precision=precision, device=asked["device"])
    learner = Learner(model, config, lanes // part().of, precision)
    if learner.precision != precision:
        return 0.0
    if way == _COMPILED:
        learner.model.compile()
    material = Lanes([text(1_000_000).encode()], lanes, asked["window"], part())
    times, end = list[float](), float("inf")
    windows = (window for _ in range(1000) for window in material.epoch(np.random.default_rng(0)))
    for number, window in enumerate(windows):
        began = time.perf_counter()
        learner.step(window, config.rate)
        now = of_first(time.perf_counter())  # and whether to stop, as in the loop
        total(0.0)
        if number == _WARM_UP:
            end = now + asked["seconds"]
        elif number > _WARM_UP:
            times.append((time.perf_counter() - began) / window.characters)
            if now > end and len(times) >= _FEWEST:
                break
    return 1 / statistics.median(times)


def _key(layers: int, width: int, precision: str, lanes: int, way: str = _USUAL) -> str:
    return f"{layers}x{width} {precision} {lanes} {way}"


if __name__ == "__main__":
    main()
