"""What the machine can do at most: how fast one core reads memory, how fast torch multiplies matrices. Knows no model.

Measured, not looked up, so that a throttled or shared machine is judged by what it is now.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def describe() -> dict[str, Any]:
    """Return the processor's name, what it has of what the kernels want, its cores and how busy they are."""
    text = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    fields = dict(line.split("\t: ", 1) for line in text.replace("\t\t", "\t").splitlines() if "\t: " in line)
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_bf16", "asimddp")
    have = fields.get("flags", fields.get("Features", "")).split()
    return {
        "cpu": fields.get("model name", platform.processor() or platform.machine()),
        "flags": [flag for flag in wanted if flag in have],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def bandwidth(size: int, seconds: float = 0.5) -> float:
    """Return how many bytes per second one core reads of a buffer of this size, read over and over.

    The best of two ways to read it, each as fast as its library knows: a sum of integers, and a dot product of its
    halves (numpy's BLAS has one thread here, see common.one_thread).
    """
    words = np.ones(size // 8, np.uint64)
    floats = np.ones(size // 4, np.float32)
    half = len(floats) // 2
    return max(
        words.nbytes / _typical(words.sum, seconds / 2),
        floats.nbytes / _typical(lambda: floats[:half] @ floats[half:], seconds / 2),
    )


def gemm(rows: int, inner: int, columns: int, precision: str, seconds: float = 0.5) -> float:
    """Return torch's floating point operations per second for (rows, inner) @ (inner, columns)."""
    import torch  # noqa: PLC0415 - a second, and most benchmarks do without

    kind = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    chance = torch.Generator().manual_seed(0)
    left = torch.randn(rows, inner, generator=chance).to(kind)
    right = torch.randn(inner, columns, generator=chance).to(kind)
    with torch.inference_mode():
        return 2 * rows * inner * columns / _typical(lambda: left @ right, seconds)


def _typical(act: Callable[[], object], seconds: float) -> float:
    """Return the seconds of one call: the median of the calls that fit, the first few being warm-up."""
    times, end = list[float](), time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times[len(times) // 4 :])
