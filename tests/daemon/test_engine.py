"""The engine against the slow torch sampler, on models that were really trained."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from charwise_daemon.engine import Engine
from charwise_daemon.errors import ModelError
from charwise_daemon.sampler import choose
from charwise_daemon.sampler import sample as sample_fast
from charwise_trainer.checkpoint import Checkpoint
from charwise_trainer.config import ModelConfig
from charwise_trainer.corpus import START
from charwise_trainer.model import CharLSTM
from charwise_trainer.sample import sample as sample_slow
from tests.daemon.conftest import train_tiny

_PRIME = b"def wrap(text, width):\n    "


@pytest.fixture(scope="module", params=["lstm", "gru", "rnn"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A small model of each cell, trained for a moment on real code."""
    model = ModelConfig(layers=2, width=48, embedding=16, cell=request.param)
    return train_tiny(tmp_path_factory.mktemp("engine"), model, 2)


@pytest.fixture
def engine(trained: Checkpoint) -> Engine:
    """The engine of the trained model."""
    return Engine(trained.meta.model, trained.weights)


@pytest.fixture
def slow(trained: Checkpoint) -> CharLSTM:
    """The same model in torch."""
    model = CharLSTM(trained.meta.config)
    model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in trained.weights.items()})
    return model.eval()


@pytest.mark.parametrize("length", [1, 16, 200])
def test_sample_greedy(engine: Engine, slow: CharLSTM, length: int) -> None:
    """Without chance both write the same, to the last character."""
    assert bytes(sample_fast(engine, _PRIME, length, 0.0)) == bytes(sample_slow(slow, _PRIME, length, 0.0))


@pytest.mark.parametrize(("temperature", "top_k", "seed"), [(1.0, None, 0), (0.7, None, 1), (0.7, 5, 2), (1.5, 40, 3)])
@pytest.mark.parametrize("length", [1, 16, 200])
def test_sample_seeded(
    engine: Engine, slow: CharLSTM, length: int, temperature: float, top_k: int | None, seed: int
) -> None:
    """With the same seed both write the same, at every temperature."""
    fast = bytes(sample_fast(engine, _PRIME, length, temperature, top_k, seed))
    assert fast == bytes(sample_slow(slow, _PRIME, length, temperature, top_k, seed))
    assert len(fast) == length


def test_sample_without_prime(engine: Engine, slow: CharLSTM) -> None:
    """Without a prime both begin at the start of a document."""
    assert bytes(sample_fast(engine, b"", 50, 0.0)) == bytes(sample_slow(slow, b"", 50, 0.0))


def test_step_equals_forward(engine: Engine, slow: CharLSTM) -> None:
    """Scores and state after a text are those of torch, within the rounding of float32."""
    text = START + b"wrap.py\n" + _PRIME
    state = engine.read(engine.start(), text)
    with torch.no_grad():
        logits, final = slow(torch.tensor(list(text)).unsqueeze(1), slow.initial_state(1))
    assert_allclose(engine.logits(state), logits[-1, 0].numpy(), atol=2e-4)
    for part, tensor in enumerate(final):
        assert_allclose(state[:, part], tensor[:, 0].numpy(), atol=2e-5)


def test_step_leaves_states_alone(engine: Engine) -> None:
    """A state that was returned never changes: whoever keeps it can go on from it again."""
    state = engine.read(engine.start(), _PRIME)
    kept = state.copy()
    engine.read(state, b"return None")
    assert_allclose(state, kept, atol=0)


def test_probabilities(engine: Engine) -> None:
    """The distribution sums to one, and the trained model knows its text better than chance."""
    state, bits = engine.start(), list[float]()
    for character in START + b"textwrap.py\n" + b'"""Text wrapping and filling.\n"""\n':
        shares = engine.probabilities(state)
        assert shares.sum() == pytest.approx(1)
        bits.append(-float(np.log2(shares[character])))
        state = engine.step(state, character)
    assert np.mean(bits) < 7.0


def test_engine_refuses(trained: Checkpoint) -> None:
    """A model with a weight missing or a cell of the future is refused by name."""
    weights = {name: array for name, array in trained.weights.items() if name != "head.bias"}
    with pytest.raises(ModelError, match=r"head\.bias"):
        Engine(trained.meta.model, weights)
    with pytest.raises(ModelError, match="'mlstm' is not known"):
        Engine({**trained.meta.model, "cell": "mlstm"}, trained.weights)


def test_choose_ties() -> None:
    """Of equal scores the lower character wins, greedy and among the k best."""
    scores = np.zeros(256)
    assert choose(scores, 0.0, None, np.random.default_rng(0)) == 0
    assert choose(scores, 1.0, 1, np.random.default_rng(0)) == 0


def test_odd_sizes() -> None:
    """Three layers and one unit: the smallest and the odd sizes work too."""
    for layers, width in ((1, 1), (3, 5), (4, 8)):
        config = ModelConfig(layers=layers, width=width, embedding=3)
        model = CharLSTM(config).eval()
        weights = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
        fast, slow = sample_fast(Engine(config.to_dict(), weights), b"ab", 20, 0.0), sample_slow(model, b"ab", 20, 0.0)
        assert bytes(fast) == bytes(slow)
