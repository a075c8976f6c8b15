"""The sampler: its rule of choice, by hand and by statistics."""

from itertools import islice

import numpy as np
import pytest
import torch

from charwise_trainer.errors import ConfigError
from charwise_trainer.model import CharLSTM, ModelConfig
from charwise_trainer.sample import choose, sample


def build() -> CharLSTM:
    torch.manual_seed(0)
    return CharLSTM(ModelConfig(layers=2, width=12, embedding=6, dropout=0.5))


def logits(**values: float) -> np.ndarray:
    """Return logits of these characters, all others impossible."""
    found = np.full(256, -1e9)
    for character, value in values.items():
        found[ord(character)] = value
    return found


def test_sample_is_the_seed_alone() -> None:
    """The same seed gives the same characters, another one others; the model's own random state is left alone."""
    model = build()
    before = torch.get_rng_state()
    first, again, other = (bytes(sample(model, b"def ", 50, seed=seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len(first) == 50
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training


def test_sample_nothing_is_primed_by_a_documents_beginning() -> None:
    """An empty prime is the start mark."""
    model = build()
    assert bytes(sample(model, b"", 20, seed=3)) == bytes(sample(model, b"\x02", 20, seed=3))


def test_sample_begins_anew_after_an_end() -> None:
    """Where a text ends, what follows is drawn as after a beginning, not after that end."""
    model = build()
    with torch.no_grad():
        model.head.bias[0x03] = 50.0  # it ends whatever it begins
    written = sample(model, b"abc", 4, temperature=0)
    assert next(written) == 0x03
    with torch.no_grad():
        model.head.bias[0x03] = -50.0
    assert bytes(written) == bytes(sample(model, b"", 3, temperature=0))


def test_sample_zero_temperature_is_the_most_probable() -> None:
    """At temperature 0 each character is the argmax after all before it, whatever the seed."""
    model = build()
    written = bytes(sample(model, b"\x02a", 20, temperature=0, seed=1))
    assert written == bytes(sample(model, b"\x02a", 20, temperature=0, seed=2))
    text = b"\x02a" + written
    model.eval()
    with torch.no_grad():
        all_logits, _ = model(torch.tensor(list(text[:-1]))[:, None], model.initial_state(1))
    assert bytes(all_logits[1:, 0].argmax(1).tolist()) == written


def test_sample_reads_what_it_wrote() -> None:
    """Each character is drawn from what the model says after prime and all characters drawn so far."""
    model = build()
    written = bytes(sample(model, b"\x02x", 30, temperature=0.8, top_k=5, seed=7))
    text, draws = b"\x02x" + written, np.random.default_rng(7).random(30)
    model.eval()
    with torch.no_grad():
        all_logits, _ = model(torch.tensor(list(text[:-1]))[:, None], model.initial_state(1))
    chosen = [choose(z, 0.8, 5, u) for z, u in zip(all_logits[1:, 0].double().numpy(), draws, strict=True)]
    assert bytes(chosen) == written


def test_sample_can_be_left_half_way() -> None:
    """A consumer that has enough leaves no mode switched: the model trains on."""
    model = build()
    list(islice(sample(model, b"", 100), 3))
    assert model.training
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    ("u", "character"), [(0.0, "a"), (0.49, "a"), (0.5, "b"), (0.74, "b"), (0.75, "c"), (0.999999, "c")]
)
def test_choose_by_shares(u: float, character: str) -> None:
    """The random number falls into a character's share; a boundary belongs to the next one."""
    z = logits(a=np.log(0.5), b=np.log(0.25), c=np.log(0.25))
    assert chr(choose(z, 1.0, None, u)) == character


def test_choose_temperature() -> None:
    """A low temperature makes the probable more so."""
    z = logits(a=1.0, b=0.0)
    share = {t: np.mean([choose(z, t, None, u) == ord("a") for u in np.linspace(0, 0.999, 1000)]) for t in (0.1, 1, 10)}
    assert share[0.1] == 1
    assert share[1] == pytest.approx(1 / (1 + np.exp(-1)), abs=0.01)
    assert share[10] == pytest.approx(1 / (1 + np.exp(-0.1)), abs=0.01)


def test_choose_ties_go_to_the_lower() -> None:
    """Of equal characters temperature 0 and top_k take the lower one."""
    z = logits(a=1.0, b=1.0, c=1.0, d=0.0)
    assert chr(choose(z, 0, None, 0.9)) == "a"
    assert {chr(choose(z, 1.0, 2, u)) for u in np.linspace(0, 0.999, 100)} == {"a", "b"}


def test_choose_top_k_renormalises() -> None:
    """What top_k leaves is chosen in proportion."""
    z = logits(a=np.log(0.3), b=np.log(0.1), c=np.log(0.6))
    chosen = [chr(choose(z, 1.0, 2, u)) for u in np.linspace(0, 0.999, 1000)]
    assert chosen.count("a") == pytest.approx(333, abs=2)
    assert chosen.count("b") == 0


@pytest.mark.parametrize("options", [{"temperature": -0.1}, {"temperature": float("nan")}, {"top_k": 0}])
def test_sample_refuses(options: dict[str, float]) -> None:
    """What has no meaning is refused before the first character."""
    with pytest.raises(ConfigError, match="use"):
        next(sample(build(), b"", 1, **options))  # type: ignore[arg-type]
