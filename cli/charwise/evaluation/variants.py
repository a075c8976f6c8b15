"""The predictors that are compared: the product's, and the same without one of its parts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from charwise.evaluation.errors import EvaluationError
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.features import SOURCES
from charwise_daemon.gate import Floats, Gate
from charwise_daemon.gates import Gates
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor, first_gate
from charwise_daemon.store import Model


@dataclass(frozen=True)
class Variant:
    """A predictor by what it has to do without: sources, or parts of the gate."""

    name: str
    without: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return self.name


ALL = Variant("all")
LSTM = Variant("lstm", frozenset(SOURCES) - {"lstm"})
MEMORIES = Variant("memories", frozenset({"lstm"}))
# The fixed weighing that was there before there was a gate; a gate that stays as it was fitted.
_GATE, _LEARNING = "gate", "learning"
# Dynamic evaluation: the LSTM's last layer learning from what is typed.
_ADAPTATION = "adaptation"
# That the text after the cursor has no say in what is the likeliest before it.
SUFFIX = "suffix"
_PARTS = (*SOURCES, _GATE, _LEARNING, _ADAPTATION, SUFFIX)


def ablated(names: Sequence[str]) -> list[Variant]:
    """Return the variants that each lack one thing; raises EvaluationError for one that cannot be left out."""
    for name in names:
        if name.removeprefix("no-") not in _PARTS:
            known = ", ".join(f"no-{part}" for part in _PARTS)
            raise EvaluationError(f"{name} is nothing that can be left out; what can is {known}")
    return [Variant(name, _with_what_is_of_it(name.removeprefix("no-"))) for name in names]


def _with_what_is_of_it(part: str) -> frozenset[str]:
    return frozenset({part, "habits"} if part == "corpus" else {part})


@dataclass(frozen=True)
class Learned:
    """What a project taught: the memory of its files, and the LSTM with its gate, None before the first training.

    The gates of each variant go on learning from hunk to hunk. The LSTM's last layer begins anew in each, as the memory
    does: what it learned of others would be an advantage over that.
    """

    memory: CorpusMemory
    model: Model | None
    gates: dict[str, Gates] = field(default_factory=dict)  # by variant

    def variants(self, wanted: Sequence[Variant]) -> list[Variant]:
        """Return those of the variants that differ: without an LSTM the memories are all there is."""
        return [each for each in wanted if self.model or ("lstm" not in each.without and each != LSTM)]

    def predictor(self, variant: Variant, name: str) -> Predictor:
        """Return what would serve a document of this name in the corpus."""
        engine = self.model.engine if self.model and "lstm" not in variant.without else None
        return Predictor.of(engine, self._gate(variant, name), self.memory, name, self._adaptation(variant))

    def _adaptation(self, variant: Variant) -> Adaptation | None:
        if self.model is None or not variant.without.isdisjoint({"lstm", _ADAPTATION}):
            return None
        return Adaptation(self.model.engine.width)

    def _gate(self, variant: Variant, name: str) -> Gate:
        if _GATE in variant.without:
            return _Certainty()
        if variant == LSTM:
            return _Alone()
        gate = self._gates(variant).for_file(name)
        if _LEARNING in variant.without:
            return _Fixed(gate.arrays)
        return gate

    def _gates(self, variant: Variant) -> Gates:
        if variant.name not in self.gates:
            has_lstm = self.model is not None and "lstm" not in variant.without
            gates = Gates()
            gates.begin_with(self.model.gate if self.model and has_lstm else None, has_lstm=has_lstm)
            if left_out := [SOURCES.index(each) for each in SOURCES if each in variant.without and each != "lstm"]:
                gates.begin_with(gates.of("").without(left_out).arrays, has_lstm=has_lstm)
            self.gates[variant.name] = gates
        return self.gates[variant.name]


class _Fixed(Gate):
    """A gate that stays as it is."""

    def learn(self, features: Floats, distributions: Floats, character: int) -> None:
        """Learn nothing."""


class _Otherwise(_Fixed):
    """A gate that mixes in a way of its own, which the kernel does not know."""

    def __init__(self) -> None:
        super().__init__(first_gate(has_lstm=True).arrays)
        self.kernel = None


class _Alone(_Otherwise):
    """The LSTM as it is."""

    def mix(self, features: Floats, distributions: Floats) -> Floats:  # noqa: ARG002 - as any gate
        """Return the LSTM's distribution, (K, 256) -> (256,)."""
        lstm: Floats = distributions[SOURCES.index("lstm")]
        return lstm


class _Certainty(_Otherwise):
    """A source counts by the inverse square of its entropy; what is not there, not at all."""

    def mix(self, features: Floats, distributions: Floats) -> Floats:
        """Return the sources' distributions mixed linearly, (K, 256) -> (256,)."""
        entropies = features[: len(SOURCES)]
        weights = np.where(entropies > 0, 1 / (entropies + 0.1) ** 2, 0.0)
        mixed: Floats = weights / weights.sum() @ distributions
        return mixed
