"""A base model's training, which may take several runs; what happens is yielded."""

from collections.abc import Callable, Generator
from dataclasses import asdict
from pathlib import Path

from charwise.pretraining.recipe import Recipe
from charwise_trainer import checkpoint
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.events import Event
from charwise_trainer.packed import Packed
from charwise_trainer.train import train

# Seconds: an evaluation takes a while, and so much may be lost.
_EVALUATE_EVERY, _SAMPLE_EVERY = 300.0, 600.0


def learn(
    packed: Packed,
    directory: Path,
    recipe: Recipe,
    minutes: float,
    should_stop: Callable[[], bool],
    threads: int | None = None,
    device: str = "auto",
) -> Generator[Event]:
    """Train until the model has had so many minutes, over all runs; raises TrainerError as train does."""
    left = minutes - checkpoint.minutes_spent(directory)
    if left > 0:
        config = TrainConfig(
            minutes=left,
            model=ModelConfig(**asdict(recipe.model)),
            **asdict(recipe.schedule),
            threads=threads,
            device=device,
            evaluate_every=_EVALUATE_EVERY,
            sample_every=_SAMPLE_EVERY,
        )
        yield from train(packed, directory, config, should_stop)
