"""The mix: a distribution always, and the gate as the trainer fitted it."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from charwise_daemon.calibration import regions, rows, type_region
from charwise_daemon.memory import CorpusMemory, Memory
from charwise_daemon.predictor import Gate, Predictor, certainty_weights
from charwise_trainer.corpus import CorpusFile, encode
from charwise_trainer.gate import fit
from charwise_trainer.gate_file import gate_weights
from tests.daemon.test_snapshots import _engine

_FILES = [
    CorpusFile(f"f{i}.py", f"def function_{i}(value):\n    return value + {i}\n".encode() * 4, 0) for i in range(9)
]


def test_gate_is_the_trainers() -> None:
    """The daemon's gate gives the weights that the trainer's does."""
    chance = np.random.default_rng(0)
    features, chances = chance.normal(size=(500, 12)), chance.uniform(0.01, 1, (500, 3))
    arrays: Mapping[str, NDArray[np.float32]] = fit(features, chances)
    assert_allclose(Gate(arrays).weigh(features), gate_weights(arrays, features), atol=1e-9)


@pytest.mark.parametrize("absent", [0, 1, 2])
def test_certainty_weights(absent: int) -> None:
    """A source that is absent gets nothing, a sure one more than a vague one, and the weights sum to one."""
    distributions = np.full((3, 256), 1 / 256)
    sure = (absent + 1) % 3
    distributions[sure] = 0
    distributions[sure, 65] = 1
    distributions[absent] = 0
    weights = certainty_weights(distributions)
    assert weights.sum() == pytest.approx(1)
    assert weights[absent] == 0
    assert weights[sure] > 0.9


def test_positions_are_distributions() -> None:
    """With and without an LSTM, and all along a text, the mix sums to one."""
    corpus, documents = (
        CorpusMemory.build({f.name: encode(f) for f in _FILES}).memory(),
        Memory.of(b"def other(value):\n"),
    )
    for engine in (None, _engine()):
        predictor = Predictor(engine, None, corpus)
        position = predictor.at(engine.start() if engine else None, b"def func", documents)
        for character in b"tion_3(value)":
            assert position.probabilities.sum() == pytest.approx(1)
            assert position.features.shape == (12,)
            position = predictor.step(position, character, documents)


def test_calibration_rows() -> None:
    """Held-out text is typed once, line by line, and each character has its features and chances."""
    features, chances, numbers = rows(_engine(), _FILES[:7], _FILES[7:], 300)
    assert (features.shape, chances.shape, numbers.shape) == ((300, 12), (300, 3), (300,))
    assert np.isfinite(features).all()
    assert len(set(numbers)) > 1  # the gate is judged on other hunks than it is fitted on
    assert ((chances > 0) & (chances <= 1)).all()
    for region in regions(_FILES[:1]):
        assert region.before + region.typed + region.after == _FILES[0].data
    predictor = Predictor(None, None, Memory([]))
    typed = [character for region in regions(_FILES[:1]) for _, _, character in type_region(predictor, region)]
    assert bytes(typed) == _FILES[0].data


def test_calibration_leaks_nothing() -> None:
    """What is typed was never in the document: noise costs the documents' memory as many bits as noise has."""
    noise = np.random.default_rng(0).integers(ord("a"), ord("p") + 1, 2000).astype(np.uint8)
    noise[::40] = ord("\n")
    predictor, bits = Predictor(None, None, Memory([])), list[float]()
    for region in regions([CorpusFile("noise.txt", noise.tobytes(), 0)]):
        for _, position, character in type_region(predictor, region):
            bits.append(-float(np.log2(position.distributions[2, character])))
    assert np.mean(bits) > 3.9


def test_calibration_without_text() -> None:
    """Nothing held out gives no rows, of the right shape."""
    features, chances, numbers = rows(_engine(), _FILES, [], 100)
    assert (features.shape, chances.shape, numbers.shape) == ((0, 12), (0, 3), (0,))
