"""Positions that follow one another by one call of the kernel each, with the answers of predictor.py's own steps."""

from collections.abc import Sequence
from ctypes import addressof

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import kernel as kernels
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.engine import Engine, State
from charwise_daemon.features import FEATURES, KIND_OF, SOURCES
from charwise_daemon.gate import Gate
from charwise_daemon.kernel import CorrectionView, CourseView, Kernel
from charwise_daemon.kernel_engine import KernelEngine
from charwise_daemon.kernel_gate import KernelMix
from charwise_daemon.kernel_lookup import KernelLookup
from charwise_daemon.memory import Memory

Floats = NDArray[np.float64]

_DOUBLE, _INT = 8, 4
# Doubles that a position begins with: up to where the distributions go, the features, and the mixture.
_DISTRIBUTIONS = len(SOURCES) * 256
_FEATURES = _DISTRIBUTIONS + FEATURES
_MIXED = _FEATURES + 256
# int32 of each memory's match: its order, its count and its own length.
_TOLD = 3
_NO_MEMORY = "no memory for a step of the LSTM"


class KernelPosition:
    """A position of a course, in one piece of memory; attributes as of PlainPosition.

    Args:
        course: what it is a position of.
        shift: how many characters after the first.
    """

    __slots__ = ("address", "course", "numbers", "shift")

    def __init__(self, course: "Course", shift: int) -> None:
        self.course, self.shift = course, shift
        self.numbers: Floats = np.empty(course.size)
        self.address = self.numbers.ctypes.data

    def __repr__(self) -> str:
        return f"KernelPosition({self.shift} after the first)"

    @property
    def state(self) -> State | None:
        """The LSTM's, None where there is none."""
        return self.course.state_in(self.numbers)

    @property
    def distributions(self) -> Floats:
        """(K, 256) by source; a source that is absent has zeros."""
        return self.numbers[:_DISTRIBUTIONS].reshape(len(SOURCES), 256)

    @property
    def features(self) -> Floats:
        """(FEATURES,)."""
        return self.numbers[_DISTRIBUTIONS:_FEATURES]

    @property
    def probabilities(self) -> Floats:
        """(256,) mixed."""
        return self.numbers[_FEATURES:_MIXED]


class Course:
    """What positions that follow one another share: the sources, and where each part of a position lies.

    Args:
        kernel: the library.
        engine: the LSTM, None where there is none.
        adaptation: what corrects it, None where nothing does.
        memories: in the order of MEMORIES.
        mix: of the gate.
    """

    def __init__(
        self,
        kernel: Kernel,
        engine: KernelEngine | None,
        adaptation: Adaptation | None,
        memories: Sequence[KernelLookup],
        mix: KernelMix,
    ) -> None:
        self._begin, self._step = kernel.library.charwise_begin, kernel.library.charwise_step
        self._shape = (engine.layers, 2, engine.width) if engine else (0,)
        self._state = _DOUBLE * _MIXED
        self._told = self._state + _INT * int(np.prod(self._shape))
        end, found = self._told + _INT * _TOLD * len(memories), list[int]()
        for memory in memories:
            found.append(end)
            end += -(-memory.size // _INT) * _INT
        self.size = -(-end // _DOUBLE)
        """Doubles of a position."""
        correction = _correction(adaptation) if engine and adaptation else None
        self._kept = engine, adaptation, memories, mix, correction  # the view points to them
        self._view = CourseView(
            addressof(engine.structure) if engine else None,
            addressof(correction) if correction else None,
            tuple(addressof(memory.structure) for memory in memories),
            addressof(mix.structure),
            kernel.number,
            self._state,
            _DOUBLE * _DISTRIBUTIONS,
            _DOUBLE * _FEATURES,
            self._told,
            tuple(found),
            tuple(start + memory.intervals for start, memory in zip(found, memories, strict=True)),
        )

    def begin(self, state: State | None, contexts: Sequence[bytes], before: int) -> KernelPosition:
        """Return the first position.

        Args:
            state: the LSTM's.
            contexts: what stands before, as the first memory has it and as the others have it; without gaps.
            before: the last character of these.
        """
        first, (context, own) = KernelPosition(self, 0), contexts
        where = None if state is None else state.ctypes.data
        if self._begin(self._view, where, context, len(context), own, len(own), KIND_OF[before], first.address):
            raise MemoryError(_NO_MEMORY)
        return first

    def step(self, position: KernelPosition, character: int) -> KernelPosition:
        """Return the position after one more character."""
        after = KernelPosition(self, position.shift + 1)
        where = position.address, after.address
        if self._step(self._view, character, KIND_OF[character], after.shift, *where):
            raise MemoryError(_NO_MEMORY)
        return after

    def state_in(self, numbers: Floats) -> State | None:
        """Return the LSTM's state in a position, None where there is none."""
        if self._kept[0] is None:
            return None
        state: State = numbers.view(np.uint8)[self._state : self._told].view(np.float32).reshape(self._shape)
        return state


def course_of(
    engine: Engine | None, adaptation: Adaptation | None, memories: Sequence[Memory], gate: Gate
) -> Course | None:
    """Return the course of these sources, None where the kernel has not all of what it needs."""
    kernel, lookups = kernels.chosen().kernel, [memory.lookup for memory in memories]
    if kernel is None or gate.kernel is None or not (engine is None or isinstance(engine, KernelEngine)):
        return None
    found = [lookup for lookup in lookups if isinstance(lookup, KernelLookup)]
    return Course(kernel, engine, adaptation, found, gate.kernel) if len(found) == len(lookups) else None


def _correction(adaptation: Adaptation) -> CorrectionView:
    arrays = adaptation.weights, adaptation.touched, adaptation.scale
    return CorrectionView(*(array.ctypes.data for array in arrays), adaptation.limit)
