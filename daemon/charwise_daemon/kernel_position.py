"""Positions that follow one another by one call of the kernel each, with the answers of predictor.py's own steps."""

from collections.abc import Sequence
from ctypes import pointer

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
from charwise_daemon.position import PlainPosition

Floats = NDArray[np.float64]

_DOUBLE, _INT = 8, 4
# Doubles that a position begins with: up to where the distributions go, the features, and the mixture.
_DISTRIBUTIONS = len(SOURCES) * 256
_FEATURES = _DISTRIBUTIONS + FEATURES
_MIXED = _FEATURES + 256
# int32 of each memory's match: its order, its count and its own length.
_TOLD = 3


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
        self._kept = engine, adaptation, memories, mix  # the structure points into them
        self._step, self._shape = kernel.library.charwise_step, engine.start().shape if engine else (0,)
        self._state = _DOUBLE * _MIXED
        self._told = self._state + _INT * int(np.prod(self._shape))
        end, self._found = self._told + _INT * _TOLD * len(memories), list[int]()
        for memory in memories:
            self._found.append(end)
            end += -(-memory.size // _INT) * _INT
        self.size = -(-end // _DOUBLE)
        """Doubles of a position."""
        view = CourseView(
            path=kernel.number,
            state=self._state,
            features=_DOUBLE * _DISTRIBUTIONS,
            mixed=_DOUBLE * _FEATURES,
            told=self._told,
            gate=pointer(mix.structure),
        )
        if engine:
            view.model = pointer(engine.structure)
        if engine and adaptation:
            view.correction = pointer(_correction(adaptation))
        for at, (memory, found) in enumerate(zip(memories, self._found, strict=True)):
            view.memories[at] = pointer(memory.structure)
            view.intervals[at], view.lengths[at] = found, found + memory.intervals
        self._view = view

    def begin(self, first: PlainPosition) -> KernelPosition:
        """Return the same position, as one to go on from."""
        position = KernelPosition(self, 0)
        position.distributions[:], position.features[:] = first.distributions, first.features
        position.probabilities[:] = first.probabilities
        if first.state is not None:
            position.state[:] = first.state  # type: ignore[index]  # there is one here too
        inside = position.numbers.view(np.uint8)
        told = [(match.order, match.count, match.own) for match in first.matches]
        inside[self._told : self._told + _INT * _TOLD * len(told)].view(np.int32)[:] = np.ravel(told)
        for match, found in zip(first.matches, self._found, strict=True):
            inside[found : found + len(match.found)] = match.found
        return position

    def step(self, position: KernelPosition, character: int) -> KernelPosition:
        """Return the position after one more character."""
        after = KernelPosition(self, position.shift + 1)
        kind = KIND_OF[character]
        if self._step(self._view, character, kind, after.shift, position.address, after.address):
            raise MemoryError("no memory for a step of the LSTM")
        return after

    def state_in(self, numbers: Floats) -> State | None:
        """Return the LSTM's state in a position, None where there is none."""
        if self._kept[0] is None:
            return None
        state: State = numbers.view(np.uint8)[self._state : self._told].view(np.float32).reshape(self._shape)
        return state


def course_from(
    first: PlainPosition, engine: Engine | None, adaptation: Adaptation | None, gate: Gate
) -> Course | None:
    """Return the course that begins at a position, None where the kernel has not all of what it needs."""
    kernel = kernels.chosen().kernel
    lookups = [memory.lookup for memory in first.memories]
    stepped = engine if first.state is not None else None
    if kernel is None or gate.kernel is None or not (stepped is None or isinstance(stepped, KernelEngine)):
        return None
    if not all(isinstance(lookup, KernelLookup) for lookup in lookups):
        return None
    return Course(kernel, stepped, adaptation, lookups, gate.kernel)  # type: ignore[arg-type]  # as just seen


def _correction(adaptation: Adaptation) -> CorrectionView:
    arrays = adaptation.weights, adaptation.touched, adaptation.scale
    return CorrectionView(*(array.ctypes.data for array in arrays), adaptation.limit)
