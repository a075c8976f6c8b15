"""The mix: a distribution always, of all sources that are there."""

import numpy as np
import pytest

from charwise_daemon.calibration import regions, type_region, typed
from charwise_daemon.engine import Engine
from charwise_daemon.memory import CorpusMemory, Memory, OpenMemories
from charwise_daemon.predictor import FEATURES, SOURCES, Predictor, first_gate
from charwise_trainer.corpus import END, CorpusFile, encode
from tests.daemon.test_snapshots import _engine

_FILES = [
    CorpusFile(f"f{i}.py", f"def function_{i}(value):\n    return value + {i}\n".encode() * 4, 0) for i in range(9)
]
_MEMORY = CorpusMemory.build({file.name: encode(file) for file in _FILES})
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


def test_calibration_types_held_out_text() -> None:
    """Held-out text is typed once, line by line, and the gate learns from each character."""
    gate = first_gate(has_lstm=True)
    found = list(typed(_engine(), gate, _FILES[:7], _FILES[7:], 300))
    assert len(found) == 300
    assert gate.learned == 300
    for region in regions(_FILES[:1]):
        assert region.before + region.typed + region.after == _FILES[0].data
    characters = [character for region in regions(_FILES[:1]) for *_, character in type_region(Predictor(), region)]
    assert bytes(characters) == _FILES[0].data


def test_calibration_leaks_nothing() -> None:
    """What is typed is in no memory: noise costs each of them as many bits as noise has."""
    noise = np.random.default_rng(0).integers(ord("a"), ord("p") + 1, 2000).astype(np.uint8)
    noise[::40] = ord("\n")
    file = CorpusFile("noise.txt", noise.tobytes(), 0)
    bits = [
        -np.log2(position.distributions[1:, character])
        for position, character in typed(_engine(), first_gate(has_lstm=True), [], [file], 2000)
    ]
    assert (np.mean(bits, axis=0) > 3.9).all()


def test_calibration_without_text() -> None:
    """Nothing held out gives nothing."""
    assert not list(typed(_engine(), first_gate(has_lstm=True), _FILES, [], 100))


def test_features_tell_the_sources_apart(lstm: Engine) -> None:
    """What a memory knows for sure and another does not shows in the features."""
    sure = Predictor(lstm, corpus=Memory.of(b"def function_7(value):\n" * 3))
    vague = Predictor(lstm, corpus=Memory.of(b"qqq"))
    state = lstm.start()
    one, other = (each.at(state, b"def function_7(val", OpenMemories.none()) for each in (sure, vague))
    at = SOURCES.index("corpus")
    assert one.features[at] < other.features[at]  # its entropy
    assert one.features[-9] > other.features[-9]  # the order that it found
