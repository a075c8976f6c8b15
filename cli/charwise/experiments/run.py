"""An experiment from its text to its figures; what happens is yielded. Interrupted, it goes on from there."""

import math
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass

from charwise.experiments import audit
from charwise.experiments.material import Material
from charwise.experiments.recipe import Recipe
from charwise_daemon.sampler import sample
from charwise_daemon.store import Model, Store
from charwise_trainer import checkpoint
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.corpus import END, encode_header
from charwise_trainer.events import Event, Sampled

TEMPERATURES = (0.2, 0.5, 0.8, 1.0)
# Steps after which it shows what it writes, as in the post (which had 100 to 2,000), and further.
EVOLUTION = (100, 300, 500, 700, 1200, 2000, 4000, 8000, 16_000, 32_000)
_SAMPLE, _SEED = 2_000, 1
_NEVER = 1e9  # seconds
# What is judged by checks and for copies is more, so that shares mean something; in pieces, each begun anew, because a
# text that has come to a long article, say, would stay in it.
_PIECES, _AUDIT_TEMPERATURE = 10, 0.8


@dataclass(frozen=True)
class Measured:
    """What came of an experiment."""

    characters: int  # of held-out text
    nats: float  # per character
    steps: int
    minutes: float  # of work, over all runs
    evolution: dict[int, str]  # what it wrote on the way, by step, as far as this run took them
    samples: dict[float, str]  # by temperature
    novel: dict[int, float]  # by length: the share of a sample's substrings that was not learned
    checks: list[str]

    @property
    def bpc(self) -> float:
        """Bits per character."""
        return self.nats / math.log(2)


def run(
    name: str, recipe: Recipe, text: Material, minutes: float, store: Store, should_stop: Callable[[], bool]
) -> Generator[Event, None, Measured | None]:
    """Train the model of this name on an experiment's text, yield what happens and return what came of it.

    None where it was stopped. Run again after that, it takes the minutes that are left; after its end, none.

    Raises:
        TrainerError: as charwise_trainer.train does.
    """
    from charwise_trainer.train import train  # noqa: PLC0415 - torch, a second that --list need not wait

    directory, evolution = store.directory(name), dict[int, str]()
    left = minutes - checkpoint.minutes_spent(directory)
    if left > 0:
        config = TrainConfig(
            minutes=left,
            model=ModelConfig(**asdict(recipe.model)),
            lanes=recipe.lanes,
            window=recipe.window,
            rate=recipe.rate,
            sample_every=_NEVER,
            sample_at=EVOLUTION,
        )
        for event in train(text.corpus, directory, config, should_stop):
            if isinstance(event, Sampled):
                evolution[event.step] = event.text
            yield event
        if should_stop():
            return None
    return _measured(store.load(name), recipe, text, evolution)


def _measured(model: Model, recipe: Recipe, text: Material, evolution: dict[int, str]) -> Measured:
    bits, characters = _bits(model, text)
    header = encode_header(text.training[0].name)
    samples = {each: _text(model, header, recipe.prime, _SAMPLE, each) for each in TEMPERATURES}
    pieces = [_text(model, header, recipe.prime, _SAMPLE, _AUDIT_TEMPERATURE, _SEED + each) for each in range(_PIECES)]
    audited = "\n".join(pieces)
    learned = text.learned
    return Measured(
        characters,
        bits * math.log(2) / max(characters, 1),
        model.meta.step,
        model.meta.seconds / 60,
        evolution,
        samples,
        audit.novelty(audited.encode(), learned),
        audit.checks([str(each) for each in recipe.checks], audited, learned),
    )


def _bits(model: Model, text: Material) -> tuple[float, int]:
    """Return what the held-out text costs, read in order with the engine that would be served, headers not counted."""
    bits, characters = 0.0, 0
    for file in text.test:
        state = model.engine.read(model.engine.start(), encode_header(file.name))
        shares = model.engine.probabilities(state)
        for character in file.data:
            bits -= math.log2(max(shares[character], 1e-12))
            state, shares = model.engine.advance(state, character)
        characters += len(file.data)
    return bits, characters


def _text(model: Model, header: bytes, prime: str, length: int, temperature: float, seed: int = _SEED) -> str:
    """Return text of this length; where a file ends, another begins."""
    begun = prime.encode()
    drawn = sample(model.engine, header + begun, length - len(begun), temperature, seed=seed, begin=header)
    return (begun + bytes(drawn).replace(END, b"")).decode(errors="replace")
