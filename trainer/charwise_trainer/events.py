"""What training tells while it runs: plain values, yielded by `train`, printed or forwarded by whoever runs it.

Knows nothing of torch, so that a display can be written without loading it.
"""

from dataclasses import dataclass
from pathlib import Path

from charwise_trainer.config import ModelConfig


@dataclass(frozen=True)
class Started:
    """Training is about to take its first step."""

    model: ModelConfig
    parameters: int
    characters: int  # to learn from, headers and end marks included
    held_out: int  # characters kept aside to measure on
    device: str  # cuda, mps or cpu
    precision: str  # bf16 or fp32
    rate: float  # the peak learning rate of this run
    resumed_from: int | None  # the step; None: a new model
    changed: int | None = None  # characters that the stored model has not learned; None: it is new, or was interrupted
    is_short: bool = False  # as long as what has changed is worth, not the whole budget
    seconds: float = 0.0  # of work before it, over all runs
    read: int = 0  # characters in training before it, over all runs


@dataclass(frozen=True)
class Warned:
    """Something the user should know that does not stop training."""

    message: str


@dataclass(frozen=True)
class Progress:
    """How far it is; several times a second at most."""

    step: int  # over all runs
    done: float  # 0 to 1, of this run's budget
    epoch: float  # how often this run has read the corpus
    loss: float  # nats per character, on training text, averaged over the last steps
    bpc: float  # the same in bits
    rate: float
    characters_per_second: float
    seconds_left: float  # of work; neither pauses nor rests are foreseen
    seconds: float  # of work, over all runs
    read: int  # characters in training, over all runs


@dataclass(frozen=True)
class Sampled:
    """What the model writes now, as the content of a file of the corpus."""

    step: int
    name: str
    text: str
    temperature: float


@dataclass(frozen=True)
class Evaluated:
    """Bits per character on held-out text; `best`: no stored checkpoint does better on the same text."""

    step: int
    bpc: float
    best: bool


@dataclass(frozen=True)
class Saved:
    """A checkpoint is stored; `best`: it is now the one to serve."""

    path: Path
    step: int
    bpc: float | None
    best: bool


@dataclass(frozen=True)
class Recovered:
    """The loss left the rails; training goes on from the last good weights at a lower rate."""

    step: int
    rate: float  # the new peak
    why: str


@dataclass(frozen=True)
class Finished:
    """Training has ended and the best checkpoint is stored at `path`; `interrupted`: before its budget was spent."""

    path: Path
    step: int
    bpc: float | None  # of the best checkpoint
    interrupted: bool
    served: bool = True  # what was learned is; False: it is worse on held-out text than what was served before


Event = Started | Warned | Progress | Sampled | Evaluated | Saved | Recovered | Finished
