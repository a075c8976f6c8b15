"""The mix: a distribution always, of all sources that are there."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from charwise_daemon.adaptation import Adaptation
from charwise_daemon.engine import Engine
from charwise_daemon.features import FEATURES, SOURCES
from charwise_daemon.memory import CorpusMemory, Memory, OpenMemories
from charwise_daemon.predictor import Predictor, first_gate
from charwise_daemon.region import Region, type_region
from charwise_trainer.corpus import END, CorpusFile, encode
from tests.daemon.test_snapshots import _engine

_FILES = [
    CorpusFile(f"f{i}.py", f"def function_{i}(value):\n    return value + {i}\n".encode() * 4, 0) for i in range(9)
]
_MEMORY = CorpusMemory.build({file.name: encode(file) for file in _FILES})
Arrays = list[NDArray[np.float64]]
_OPEN = OpenMemories(Memory.of(b"def other(value):\n"), Memory.of(b"value"))


@pytest.mark.parametrize("has_lstm", [True, False])
def test_positions_are_distributions(has_lstm: bool) -> None:
    """With and without an LSTM, and all along a text, the mix sums to one."""
    engine = _engine() if has_lstm else None
    predictor = Predictor(engine, corpus=_MEMORY.memory)
    position = predictor.at(engine.start() if engine else None, b"def func", _OPEN)
    for character in b"tion_3(value)":
        assert position.probabilities.sum() == pytest.approx(1)
        assert (position.probabilities > 0).all()
        assert position.features.shape == (FEATURES,)
        assert position.distributions.shape == (len(SOURCES), 256)
        predictor.learn(position, character)
        position = predictor.step(position, character)


def _typed(predictor: Predictor, engine: Engine | None, monkeypatch: pytest.MonkeyPatch, *, together: bool) -> Arrays:
    """Return what is known before each character of a text that is typed in its file, learned from on the way."""
    if not together:
        monkeypatch.setattr("charwise_daemon.predictor.course_of", lambda *_: None)
    before, after = _FILES[3].data[:8], _FILES[3].data[8:]
    state = engine.read(engine.start(), before) if engine else None
    found, position = Arrays(), predictor.at(state, before, _OPEN._replace(after=after))
    for character in after[:30] + b"\n":
        states = np.zeros(0) if position.state is None else position.state.ravel()
        parts = states, position.distributions.ravel(), position.features, position.probabilities
        found.append(np.concatenate(parts))
        predictor.learn(position, character)
        position = predictor.step(position, character)
    monkeypatch.undo()
    return found


@pytest.mark.parametrize("has_lstm", [True, False])
@pytest.mark.parametrize("name", ["f3.py", "another.py"])
def test_steps_of_the_kernel(name: str, has_lstm: bool, lstm: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step in one call of the kernel knows what a step put together by Python knows, while all of it learns."""
    engine, found = lstm if has_lstm else None, list[Arrays]()
    for together in (True, False):
        adaptation = Adaptation(engine.width) if engine else None
        predictor = Predictor.of(engine, first_gate(has_lstm=has_lstm), _MEMORY, name, adaptation)
        found.append(_typed(predictor, engine, monkeypatch, together=together))
    for one, other in zip(*found, strict=True):
        assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_own_file_is_remembered_but_for_the_cursors_place() -> None:
    """A document's file, as it is on disk, predicts; what follows the cursor in it already is not predicted from that.

    "omega" stands once, behind the cursor: a memory that counted that place would be sure of it.
    """
    text = b"alpha beta\nalpha gamma\nomega alpha beta\n"
    memory = CorpusMemory.build({"own.txt": text, "other.txt": b"nothing of that kind\n"})
    at = text.index(b"omega")
    seen = [
        Predictor.of(None, None, memory, name, None).at(
            None, text[:at][-24:], OpenMemories.none()._replace(after=text[at:])
        )
        for name in ("own.txt", "unknown.txt")
    ]
    assert seen[0].distributions[SOURCES.index("corpus"), ord("o")] < 0.1
    assert seen[1].distributions[SOURCES.index("corpus"), ord("o")] > 0.5


def test_own_files_end_is_not_expected() -> None:
    """At the end of a file that is saved as it stands, what it says of itself is not that a text ends there."""
    text = b"alpha beta\nalpha gamma\nmodule.expo"
    memory = CorpusMemory.build({"own.txt": encode(CorpusFile("own.txt", text, 0)), "other.txt": b"not of that kind\n"})
    ends = [
        Predictor.of(None, None, memory, name, None)
        .at(None, text[-24:], OpenMemories.none())
        .distributions[SOURCES.index("corpus"), END[0]]
        for name in ("own.txt", "unknown.txt")
    ]
    assert ends[0] < 0.1
    assert ends[1] > 0.5


def test_type_region() -> None:
    """A region is typed whole, character by character, and the gate learns from each."""
    data, gate = _FILES[0].data, first_gate(has_lstm=True)
    region = Region(_FILES[0].name, data[:70], data[70:300], data[300:])
    found = list(type_region(Predictor.of(_engine(), gate, _MEMORY, region.name, None), region))
    assert bytes(character for *_, character in found) == region.typed
    assert gate.learned == len(region.typed)


def test_type_region_leaks_nothing() -> None:
    """What is typed is in no memory: noise costs each of them as many bits as noise has."""
    noise = np.random.default_rng(0).integers(ord("a"), ord("p") + 1, 2000).astype(np.uint8)
    noise[::40] = ord("\n")
    text = noise.tobytes()
    predictor = Predictor.of(_engine(), None, CorpusMemory.build({}), "noise.txt", None)
    typed = type_region(predictor, Region("noise.txt", text[:400], text[400:1600], text[1600:]))
    bits = [-np.log2(position.distributions[1:, character]) for _, position, character in typed]
    assert (np.mean(bits, axis=0) > 3.9).all()


def test_features_tell_the_sources_apart(lstm: Engine) -> None:
    """What a memory knows for sure and another does not shows in the features."""
    sure = Predictor(lstm, corpus=Memory.of(b"def function_7(value):\n" * 3))
    vague = Predictor(lstm, corpus=Memory.of(b"qqq"))
    state = lstm.start()
    one, other = (each.at(state, b"def function_7(val", OpenMemories.none()) for each in (sure, vague))
    at = SOURCES.index("corpus")
    assert one.features[at] < other.features[at]  # its entropy
    orders = len(SOURCES) + len(SOURCES) ** 2
    assert one.features[orders] > other.features[orders]  # the order that it found


def test_features_tell_what_stands_before() -> None:
    """Letters, digits, blanks and the rest each have a feature of their own, where a text begins too."""
    seen = [
        Predictor().at(None, before, OpenMemories.none()).features
        for before in (b"", b"\n", b"ab", b"a1", b"a ", b"a(")
    ]
    assert len({tuple(each) for each in seen}) == 5
    assert (seen[0] == seen[1]).all()
