"""LSTM and memories mixed by the gate into one distribution over the next character.

A Position is everything known at one place of a text: the LSTM's state, the memories' matches and the mix. It is a
value: stepping returns a new one, so a search can go back to any of them. Where the kernel has all that a step needs, a
step is one call of it; else Python puts it together, and a test holds the two together. Knows no documents and no
sockets.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from charwise_daemon import defaults
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.engine import Engine, State
from charwise_daemon.features import SOURCES, features_of
from charwise_daemon.gate import Gate
from charwise_daemon.kernel_position import KernelPosition, course_of
from charwise_daemon.lookup import Match
from charwise_daemon.memory import CorpusMemory, Memory, OpenMemories
from charwise_daemon.position import PlainPosition
from charwise_daemon.shard import GAP
from charwise_trainer.text import END

Floats = NDArray[np.float64]
Position = PlainPosition | KernelPosition

# What a source that is absent says.
_ABSENT: Floats = np.zeros(256)
# Stands before a text that has not begun.
_LINE_END = ord("\n")


def first_gate(*, has_lstm: bool) -> Gate:
    """Return the gate that there is before anything was typed or trained."""
    return Gate(defaults.gate("gate" if has_lstm else "gate-memories"))


class Predictor:
    """One workspace's sources for one document; the memories of the open documents come with each text.

    Args:
        engine: the LSTM, or None before its first checkpoint.
        gate: what weighs the sources, and learns from what is typed.
        corpus: the memory of the workspace's files.
        adaptation: what the LSTM's last layer has learned since the training, None where it learns nothing.
        holds_document: whether that has the document itself, as it is on disk: then the place of the cursor in it is
            not counted.
    """

    def __init__(
        self,
        engine: Engine | None = None,
        gate: Gate | None = None,
        corpus: Memory | None = None,
        adaptation: Adaptation | None = None,
        *,
        holds_document: bool = False,
    ) -> None:
        self.engine, self.corpus, self._holds_document = engine, corpus or Memory(), holds_document
        self._adaptation = adaptation
        self.gate = gate or first_gate(has_lstm=engine is not None)

    def __repr__(self) -> str:
        return f"Predictor({self.engine}, {self.corpus}, {self.gate})"

    @classmethod
    def of(
        cls, engine: Engine | None, gate: Gate | None, corpus: CorpusMemory, name: str, adaptation: Adaptation | None
    ) -> "Predictor":
        """Return what serves a document of this name in the corpus."""
        return cls(engine, gate, corpus.memory, adaptation, holds_document=name in corpus)

    def at(
        self, state: State | None, context: bytes, documents: OpenMemories, own_context: bytes | None = None
    ) -> Position:
        """Return the position after `context`; `state` is the LSTM's there.

        Where the open documents have another form than the corpus, `own_context` is the context as they have it.
        """
        corpus = self.corpus.beside(documents.after + END) if self._holds_document else self.corpus
        memories = (corpus, documents.documents, documents.nearby)
        own, before = context if own_context is None else own_context, context[-1] if context else _LINE_END
        if course := course_of(self.engine if state is not None else None, self._adaptation, memories, self.gate):
            return course.begin(state, [each.rpartition(GAP)[2] for each in (context, own)], before)
        lstm = _ABSENT
        if self.engine and state is not None:
            lstm = self._adapted(state, self.engine.probabilities(state))
        matches = corpus.match(context), documents.documents.match(own), documents.nearby.match(own)
        return self._position(state, lstm, memories, matches, before)

    def step(self, position: Position, character: int) -> Position:
        """Return the position after one more character."""
        if isinstance(position, KernelPosition):
            return position.course.step(position, character)
        state, lstm = position.state, _ABSENT
        if self.engine and state is not None:
            state, lstm = self.engine.advance(state, character)
            lstm = self._adapted(state, lstm)
        return self._position(state, lstm, position.memories, tuple(_advanced(position, character)), character)

    def learn(self, position: Position, character: int) -> None:
        """Learn from a character that was typed: the gate, which sources had foreseen it; the LSTM, to foresee it."""
        if self._adaptation and position.state is not None:
            lstm = position.distributions[SOURCES.index("lstm")]
            self._adaptation.learn(position.state[-1, 0], lstm, character)
        self.gate.learn(position.features, position.distributions, character)

    def _adapted(self, state: State, lstm: Floats) -> Floats:
        return self._adaptation.probabilities(state[-1, 0], lstm) if self._adaptation else lstm

    def _position(
        self, state: State | None, lstm: Floats, memories: tuple[Memory, ...], matches: tuple[Match, ...], before: int
    ) -> PlainPosition:
        distributions = np.empty((len(SOURCES), 256))
        distributions[:] = lstm, *(match.probabilities for match in matches), matches[0].habits
        features = features_of(distributions, matches, before)
        return PlainPosition(state, memories, matches, distributions, features, self.gate.mix(features, distributions))


def _advanced(position: PlainPosition, character: int) -> Iterator[Match]:
    for memory, match in zip(position.memories, position.matches, strict=True):
        yield memory.advance(match, character)
