"""The C kernel: whether there is one, which of its paths this processor takes, and how Python calls it.

It is built at installation where a compiler is, and never required: `chosen()` is the one place that decides, and says
why; where it returns no kernel, engine.py, lookup.py, features.py and gate.py do the same on numpy. Calls release the
GIL.
"""

import ctypes
import functools
import os
from ctypes import POINTER, Structure, c_char_p, c_double, c_float, c_int, c_int32, c_void_p
from dataclasses import dataclass
from pathlib import Path

from charwise_daemon.errors import SettingsError
from charwise_daemon.escape import FEATURES, HIDDEN
from charwise_daemon.shard import MAX_ORDER

# Overrides the choice: auto, numpy, or a path.
VARIABLE = "CHARWISE_KERNEL"
# As in kernel.c, best first; its own numbers are the values.
_PATHS = {"vnni": 2, "avx2": 1, "neon": 3, "portable": 0}
# Of kernel.c; a library left over from an older version is not used.
_ABI = 4
MOST_BATCH = 8
# Sources and hidden units of a gate for which it has room.
MOST_SOURCES, MOST_UNITS = 8, 64
# Memories that one step asks.
MEMORIES = 3


class Matrix(Structure):
    """`matrix` of kernel_lstm.h."""

    _fields_ = (
        ("tiles", c_void_p),
        ("scales", c_void_p),
        ("biases", c_void_p),
        ("sums", c_void_p),
        ("rows", c_int32),
        ("columns", c_int32),
    )


class LSTM(Structure):
    """`lstm` of kernel_lstm.h."""

    _fields_ = (
        ("table", c_void_p),
        ("below", POINTER(Matrix)),
        ("across", POINTER(Matrix)),
        ("head", Matrix),
        ("depth", c_int32),
        ("width", c_int32),
    )


class ShardView(Structure):
    """`shard` of kernel_memory.h."""

    _fields_ = (
        ("text", c_void_p),
        ("suffixes", c_void_p),
        ("histogram", c_void_p),
        ("alive", c_void_p),
        ("size", c_int32),
    )


class StripView(Structure):
    """`strip` of kernel_memory.h."""

    _fields_ = (
        ("text", c_void_p),
        ("histogram", c_void_p),
        ("size", c_int32),
        ("first", c_int32),
        ("places", c_int32),
        ("weight", c_int32),
    )


class EscapeView(Structure):
    """`escape` of kernel_memory.h."""

    _fields_ = (
        ("w1", c_double * (HIDDEN * FEATURES)),
        ("b1", c_double * HIDDEN),
        ("w2", c_double * HIDDEN),
        ("b2", c_double),
    )


class MemoryView(Structure):
    """`memory` of kernel_memory.h."""

    _fields_ = (
        ("shards", POINTER(ShardView)),
        ("strips", POINTER(StripView)),
        ("escape", POINTER(EscapeView)),
        ("after", c_char_p),
        ("shard_count", c_int32),
        ("strip_count", c_int32),
        ("after_size", c_int32),
    )


class GateView(Structure):
    """`gate` of kernel_gate.h."""

    _fields_ = (
        *((name, c_void_p) for name in ("w1", "b1", "w2", "b2", "w3", "b3", "counts")),
        ("features", c_int32),
        ("units", c_int32),
        ("sources", c_int32),
    )


class CorrectionView(Structure):
    """`correction` of kernel_position.h."""

    _fields_ = (("weights", c_void_p), ("touched", c_void_p), ("scale", c_void_p), ("limit", c_float))


class CourseView(Structure):
    """`course` of kernel_position.h."""

    _fields_ = (
        ("model", c_void_p),
        ("correction", c_void_p),
        ("memories", c_void_p * MEMORIES),
        ("gate", c_void_p),
        *((name, c_int32) for name in ("path", "state", "features", "mixed", "told")),
        ("intervals", c_int32 * MEMORIES),
        ("lengths", c_int32 * MEMORIES),
    )


# int32 of `intervals` in kernel_memory.h: how many are found, lows and highs.
INTERVALS = 1 + 2 * (MAX_ORDER + 1)


@dataclass(frozen=True)
class Kernel:
    """The library, and the path of it that is taken."""

    library: ctypes.CDLL
    path: str

    def __repr__(self) -> str:
        return f"Kernel({self.path})"

    @property
    def number(self) -> int:
        """The path's number in kernel.c."""
        return _PATHS[self.path]


@dataclass(frozen=True)
class Choice:
    """What is used, None for numpy, and why, as `charwise doctor` says it."""

    kernel: Kernel | None
    reason: str

    @property
    def name(self) -> str:
        """vnni, avx2, neon, portable or numpy."""
        return self.kernel.path if self.kernel else "numpy"


def paths() -> list[str]:
    """Return the paths that this processor can run, best first; none where the kernel is not built."""
    library, _ = _library()
    return [path for path, number in _PATHS.items() if library and library.charwise_can_run(number)]


def chosen() -> Choice:
    """Return what the environment and this machine allow.

    Raises:
        SettingsError: CHARWISE_KERNEL names what is not known, or cannot run here.
    """
    return choose(os.environ.get(VARIABLE, "auto"))


@functools.cache
def choose(wanted: str) -> Choice:
    """Return the kernel of this name: auto, numpy or a path; raises SettingsError as chosen() does."""
    library, trouble = _library()
    possible = paths()
    if wanted == "numpy":
        return Choice(None, f"{VARIABLE}=numpy asks for it")
    if wanted != "auto" and wanted not in possible:
        known = ", ".join(["auto", *possible, "numpy"])
        raise SettingsError(f"{VARIABLE}={wanted} cannot be used here{trouble and f' {trouble}'}; use one of {known}")
    if library is None:
        return Choice(None, trouble)
    path = possible[0] if wanted == "auto" else wanted
    reason = "the best that this processor can run" if wanted == "auto" else f"{VARIABLE}={wanted} asks for it"
    return Choice(Kernel(library, path), reason)


@functools.cache
def _library() -> tuple[ctypes.CDLL | None, str]:
    """Return the library, or None and why there is none."""
    file = Path(os.environ.get("CHARWISE_KERNEL_LIBRARY", Path(__file__).with_name("libkernel.so")))
    if not file.exists():
        return None, "(the kernel is not built: there was no C compiler at installation; install one, then charwise)"
    try:
        library = ctypes.CDLL(str(file))  # not PyDLL: the GIL is released in every call
        abi = library.charwise_abi()
    except (OSError, AttributeError) as error:
        return None, f"(the kernel cannot be loaded: {error}; install charwise again)"
    if abi != _ABI:
        return None, f"(the kernel is of build {abi}, {_ABI} is wanted; install charwise again)"
    library.charwise_lstm.argtypes = [POINTER(LSTM), *2 * [c_int], c_void_p, c_char_p, c_int, c_int, *3 * [c_void_p]]
    library.charwise_match.argtypes = [POINTER(MemoryView), c_char_p, c_int, c_void_p, c_void_p, c_void_p]
    library.charwise_advance.argtypes = [
        POINTER(MemoryView),
        c_void_p,
        c_void_p,
        c_int32,
        c_int32,
        c_int,
        *3 * [c_void_p],
    ]
    library.charwise_features.argtypes = [c_void_p, c_int, c_void_p, c_int, c_int, c_void_p]
    library.charwise_mix.argtypes = [POINTER(GateView), c_void_p, c_void_p, c_void_p]
    library.charwise_begin.argtypes = [
        POINTER(CourseView),
        c_void_p,
        c_char_p,
        c_int,
        c_char_p,
        c_int,
        c_int,
        c_void_p,
    ]
    library.charwise_step.argtypes = [POINTER(CourseView), c_int, c_int, c_int32, c_void_p, c_void_p]
    for function in (library.charwise_match, library.charwise_advance, library.charwise_features, library.charwise_mix):
        function.restype = None
    return library, ""
