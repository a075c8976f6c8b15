"""The predictors that are compared: the product's, and the same without some of its sources."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charwise.evaluation.errors import EvaluationError
from charwise_daemon.memory import CorpusMemory, Memory
from charwise_daemon.predictor import SOURCES, Gate, Predictor
from charwise_daemon.store import Model


@dataclass(frozen=True)
class Variant:
    """A predictor by what it has to do without."""

    name: str
    without: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return self.name


ALL = Variant("all")
LSTM = Variant("lstm", frozenset(SOURCES) - {"lstm"})
MEMORIES = Variant("memories", frozenset({"lstm"}))


def ablated(names: Sequence[str]) -> list[Variant]:
    """Return the variants that each lack one thing; raises EvaluationError for one that cannot be left out."""
    for name in names:
        if name.removeprefix("no-") not in SOURCES:
            known = ", ".join(f"no-{source}" for source in SOURCES)
            raise EvaluationError(f"{name} is nothing that can be left out; what can is {known}")
    return [Variant(name, frozenset({name.removeprefix("no-")})) for name in names]


@dataclass(frozen=True)
class Learned:
    """What a project taught: the memory of its files, and the LSTM with its gate, None before the first training."""

    memory: CorpusMemory
    model: Model | None

    def variants(self, wanted: Sequence[Variant]) -> list[Variant]:
        """Return those of the variants that differ: without an LSTM the memories are all there is."""
        return [each for each in wanted if self.model or each == ALL]

    def predictor(self, variant: Variant, name: str) -> Predictor:
        """Return what would serve a document of this name in the corpus; as on disk, it is no evidence of itself."""
        memory = Memory() if "corpus" in variant.without else self.memory.memory(name)
        if self.model is None or "lstm" in variant.without:
            return Predictor(None, None, memory)
        if variant == LSTM:
            return Predictor(self.model.engine, _Alone(), memory)
        gate = None if variant.without else self.model.gate  # it was fitted on all of the sources
        return Predictor(self.model.engine, gate, memory)


class _Alone(Gate):
    """A gate that takes the LSTM's word for everything: an empty memory still holds each character possible."""

    def __init__(self) -> None:
        self._weights = np.array([float(source == "lstm") for source in SOURCES])

    def weigh(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same weights everywhere."""
        return np.broadcast_to(self._weights, (*features.shape[:-1], len(SOURCES)))
