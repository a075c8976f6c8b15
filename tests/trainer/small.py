"""Small real text, a tiny model and short training: what the trainer's tests share."""

import itertools
import json
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from charwise_trainer.checkpoint import Meta
from charwise_trainer.config import ModelConfig, TrainConfig
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.events import Event

torch.set_num_threads(1)  # two test processes with two threads each wait for each other most of the time

TINY = ModelConfig(layers=1, width=32, embedding=16)
E = TypeVar("E", bound=Event)


def corpus_file(name: str, data: bytes) -> CorpusFile:
    return CorpusFile(name, data, 0, 0)


def python_files() -> list[CorpusFile]:
    """Some 60 KB of the standard library: real text that is on every machine."""
    folder = Path(json.__file__).parent
    paths = [*sorted(folder.glob("*.py")), Path(textwrap.__file__)]
    return [corpus_file(path.name, path.read_bytes()) for path in paths]


def folder_of(path: Path) -> Path:
    """Write a folder of some forty files, of which one is empty and one binary."""
    path.mkdir()
    for number, file in enumerate(python_files() * 6):
        (path / f"{number}_{file.name}").write_bytes(file.data)
    (path / "empty.py").write_bytes(b"")
    (path / "binary.py").write_bytes(b"\0\1")
    return path


def short(**changes: object) -> TrainConfig:
    """Return settings that learn something in about a second."""
    defaults: dict[str, object] = {
        "model": TINY,
        "lanes": 8,
        "window": 32,
        "rate": 1e-2,
        "warm_up": 10,
        "threads": 1,
        "sample_every": 1e6,
        "evaluate_every": 1e6,
    }
    if "minutes" not in changes:
        defaults["epochs"] = 0.5
    return TrainConfig(**defaults | changes)  # type: ignore[arg-type]


def of(kind: type[E], events: Sequence[Event]) -> list[E]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


def stop_after(steps: int) -> Callable[[], bool]:
    """Return a should_stop, which is asked once a step, that says so at the last of these steps."""
    asked = itertools.count(1)
    return lambda: next(asked) >= steps


def random_weights(config: ModelConfig = TINY, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in config.shapes.items()}


def meta(step: int = 1, config: ModelConfig = TINY, **changes: object) -> Meta:
    values: dict[str, object] = {
        "model": config.to_dict(),
        "step": step,
        "characters": 100 * step,
        "seconds": 1.5,
        "bpc": 3.0,
        "finished": True,
        "corpus_characters": 1000,
    }
    return Meta(**values | changes)  # type: ignore[arg-type]
