"""Steps and completions per second of the LSTM: our kernels beside numpy, torch and onnxruntime, with the same weights.

A step is one character in, the scores of the next out. A completion is 64 steps, each of the likeliest character, in
the engine alone. Everybody takes their turn in each round, so that the machine's noise hits all alike; ratios are of
one round. The weights are a really trained 2x512 model's, the text is real.
"""

import itertools
import math
import statistics
import time
from typing import Any

import numpy as np
from common import LAYERS, WIDTH, one_thread, options, trained, weights
from machine import bandwidth
from material import text
from report import STEP_KERNEL, STEP_NUMPY, Report, Row
from rivals import Stepper, steppers

_BATCHES = (1, 2, 4, 8)
_COMPLETION = 64  # characters
# Of real text, over which everybody's bits per character are measured.
_JUDGED = 600
# A fast typist's keys are as far apart.
_IDLE_SECONDS, _IDLE_STEPS = 0.1, 30
# How often the kernel is to be as fast as these.
_TIMES_EAGER, _TIMES_INT8 = 40.0, 3.0


def main() -> None:
    """Measure, print the tables and the JSON line."""
    chosen = options(
        __doc__.splitlines()[0], rounds=(30, "turns for everybody"), slice=(0.03, "seconds of stepping in a turn")
    ).parse_args()
    rounds = 8 if chosen.quick else chosen.rounds
    one_thread()
    report = Report("throughput", vars(chosen))
    model = weights(trained(chosen.models, chosen.epochs))
    found = list(steppers(model))
    those = [each for each in found if not isinstance(each, str)]
    real = text(100_000).encode()
    for line in (each for each in found if isinstance(each, str)):
        report.say(line)
    steps = {(each.name, batch): list[float]() for each in those for batch in _BATCHES if batch <= each.largest}
    completions = {each.name: list[float]() for each in those}
    for number in range(rounds):
        for each in those:
            for batch in (batch for batch in _BATCHES if (each.name, batch) in steps):
                steps[each.name, batch].append(_steps(each, batch, real, chosen.slice))
            completions[each.name].append(_completion(each, real[512 * number :][:16]))
    _show(report, steps, completions, _judged(those, real))
    report.table("a step after idleness, whose weights have left the nearer caches", [_idle(those[0], real)])
    _limit(report, [each.name for each in those], steps)
    report.end()


def _steps(stepper: Stepper, batch: int, real: bytes, seconds: float) -> float:
    """Return the median microseconds of a step, of as many as fit in the time."""
    states, times, at = stepper.start(batch), list[float](), 0
    for character in real[:3]:  # warm, as weights are while somebody types
        states, _ = stepper.step(states, bytes([character] * batch))
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end or len(times) < 5:
        characters = real[at : at + batch]
        began = time.perf_counter()
        states, _ = stepper.step(states, characters)
        times.append(1e6 * (time.perf_counter() - began))
        at = (at + batch) % (len(real) - batch)
    return statistics.median(times)


def _completion(stepper: Stepper, before: bytes) -> float:
    """Return the milliseconds of one completion."""
    states, logits = stepper.start(1), np.zeros((1, 256), np.float32)
    for character in before:
        states, logits = stepper.step(states, bytes([character]))
    began = time.perf_counter()
    for _ in range(_COMPLETION):
        states, logits = stepper.step(states, bytes([int(logits[0].argmax())]))
    return 1e3 * (time.perf_counter() - began)


def _idle(stepper: Stepper, real: bytes) -> Row:
    """Return what a step costs that comes as late after the last as a typist's next key."""
    states, times = stepper.start(1), list[float]()
    for character in real[:_IDLE_STEPS]:
        time.sleep(_IDLE_SECONDS)
        began = time.perf_counter()
        states, _ = stepper.step(states, bytes([character]))
        times.append(1e6 * (time.perf_counter() - began))
    return Row(f"{stepper.name}, batch 1, after {_IDLE_SECONDS:g} s", "µs", times)


def _judged(those: list[Stepper], real: bytes) -> dict[str, float]:
    """Return the bits per character that the text costs each: the same but for rounding, or something is wrong."""
    bits = dict[str, float]()
    for each in those:
        states, nats = each.start(1), 0.0
        for character, following in itertools.pairwise(real[: _JUDGED + 1]):
            states, logits = each.step(states, bytes([character]))
            scores = logits[0].astype(np.float64)
            nats += float(np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[following])
        bits[each.name] = nats / _JUDGED / math.log(2)
    return bits


def _show(report: Report, steps: dict[tuple[str, int], list[float]], completions: Any, bits: Any) -> None:
    budgets: dict[str, Any] = {"charwise vnni": STEP_KERNEL, "charwise numpy": STEP_NUMPY}
    rows = [
        Row(f"{name}, batch {batch}", "µs", values, budgets.get(name) if batch == 1 else None)
        for (name, batch), values in steps.items()
    ]
    report.table(f"a step of {LAYERS}x{WIDTH}, medians of rounds", rows)
    report.table(
        f"a completion of {_COMPLETION} characters", [Row(name, "ms", values) for name, values in completions.items()]
    )
    batches = [*_BATCHES]
    report.grid(
        "characters per second (all texts of the batch together)",
        ["", *(f"batch {batch}" for batch in batches), "completions per second", f"bits per character, {_JUDGED}"],
        [
            [
                name,
                *(round(1e6 * b / statistics.median(steps[name, b])) if (name, b) in steps else "" for b in batches),
                1e3 / statistics.median(completions[name]),
                f"{bits[name]:.4f}",
            ]
            for name in completions
        ],
    )


def _limit(report: Report, names: list[str], steps: dict[tuple[str, int], list[float]]) -> None:
    """Show how many times faster each of ours is, round by round, and how near to what memory allows."""
    size = WIDTH * WIDTH * 4 * (2 * LAYERS - 1) + 256 * WIDTH  # int8; the first layer's input is a table
    speed = bandwidth(size)
    floor = 1e6 * size / speed
    report.say(f"int8 weights of {size / 1e6:.2f} MB at a measured {speed / 1e9:.0f} GB/s of one core: {floor:.1f} µs")
    rivals = {
        key: next((name for name in names if name.startswith(key) and name.endswith(", 1 thread")), "")
        for key in ("torch eager", "torch dynamic int8", "onnxruntime int8")
    }
    columns = ["", "µs", *(f"times {key}" for key in rivals), "share of the limit", "must show"]
    rows = []
    for name in (each for each in names if each.startswith("charwise")):
        times = {key: _ratio(steps.get((rival, 1), []), steps[name, 1]) for key, rival in rivals.items()}
        typical = statistics.median(steps[name, 1])
        rows.append([name, typical, *times.values(), floor / typical, _verdict(name, typical, times)])
    report.grid("batch 1 beside the others, in one run", columns, rows)


def _ratio(theirs: list[float], ours: list[float]) -> float | str:
    both = [a / b for a, b in zip(theirs, ours, strict=False)]
    return statistics.median(both) if both else "not here"


def _verdict(name: str, typical: float, times: dict[str, Any]) -> str:
    if name != "charwise vnni":
        return ""
    wanted = {"torch eager": _TIMES_EAGER, "torch dynamic int8": _TIMES_INT8}
    missed = [f"{key} {times[key]} < {least:g}" for key, least in wanted.items() if not _at_least(times[key], least)]
    if typical > STEP_KERNEL.median:
        missed.append(f"{typical:.0f} µs > {STEP_KERNEL.median:g}")
    return "MISSED: " + ", ".join(missed) if missed else "met"


def _at_least(value: float | str, least: float) -> bool:
    return isinstance(value, float) and value >= least


if __name__ == "__main__":
    main()
