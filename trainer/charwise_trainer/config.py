"""What can be set: the model's size, with the shapes that follow from it, and how it is trained.

Knows nothing of torch, so that the daemon can check a checkpoint against it.

>>> ModelConfig(layers=1, width=128).parameters
148224
"""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from charwise_trainer.errors import ConfigError

VOCABULARY = 256
"""Characters are bytes of UTF-8: any text, no unknowns, never a new vocabulary."""

MAX_LANES, MAX_WINDOW = 4096, 8192
"""A typing error's guard: one window is then 33 million characters."""

Cell = Literal["lstm", "gru", "rnn"]
GATES: dict[str, int] = {"lstm": 4, "gru": 3, "rnn": 1}
"""Rows of a weight matrix per unit of width, as torch stacks them (LSTM: i, f, g, o; GRU: r, z, n)."""

MAX_LAYERS = 4
"""Beyond three layers nothing was ever gained at this size (char-rnn); four leaves room to try."""
MAX_WIDTH = 4096
"""A typing error's guard: 2x4096 is already 200 million parameters, minutes per step on a CPU."""


@dataclass(frozen=True)
class ModelConfig:
    """Size and cell of a character model; raises ConfigError for what cannot be built."""

    layers: int = 2
    width: int = 512
    embedding: int = 64
    cell: Cell = "lstm"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        _check_whole("layers", self.layers, MAX_LAYERS)
        _check_whole("width", self.width, MAX_WIDTH)
        _check_whole("embedding", self.embedding, MAX_WIDTH)
        if self.cell not in get_args(Cell):
            raise ConfigError(f"cell is {self.cell!r}, which is no kind of cell: use lstm, gru or rnn")
        _check_share("dropout", self.dropout)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the configuration that `to_dict` gave; raises ConfigError naming an unknown or missing key."""
        known = {field.name for field in fields(cls)}
        for wrong in (values.keys() - known, known - values.keys()):
            if wrong:
                raise ConfigError(f"a model's configuration has exactly {sorted(known)}: look at {sorted(wrong)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as JSON takes it."""
        return asdict(self)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor by its name in the state dict: what a checkpoint must hold."""
        rows = GATES[self.cell] * self.width
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (VOCABULARY, self.embedding)}
        for layer in range(self.layers):
            shapes[f"rnn.weight_ih_l{layer}"] = (rows, self.embedding if layer == 0 else self.width)
            shapes[f"rnn.weight_hh_l{layer}"] = (rows, self.width)
            shapes[f"rnn.bias_ih_l{layer}"] = shapes[f"rnn.bias_hh_l{layer}"] = (rows,)
        return shapes | {"head.weight": (VOCABULARY, self.width), "head.bias": (VOCABULARY,)}

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return sum(_product(shape) for shape in self.shapes.values())

    @property
    def label(self) -> str:
        """The size in words, as messages and tables name it."""
        return f"{self.layers}x{self.width} {self.cell}"


PRECISIONS = ("auto", "bf16", "fp32")

NARROW, WIDE = (16, 32), (64, 64)
"""Lanes and window of a model that begins empty, and of one that was trained and learns a whole text. After 1.5 minutes
of a core on 0.6 MB an empty one is at 2.54 bpc with 16 by 32 (at a rate of 6e-3), at 3.31 with 32 by 64 (at 3e-3), a
quarter of the steps. One that begins from the base model is near to where it ends, and reads more than twice as much
in a minute: docs/training.md has its figures."""

DEFAULT_MINUTES = 10.0
"""A 2x512 model reads 0.7 MB about ten times in that on two cores; its loss falls slowly from there on."""


@dataclass(frozen=True)
class TrainConfig:
    """How to train; raises ConfigError for what cannot be done. Valid with no arguments."""

    minutes: float | None = None  # of work; neither this nor epochs: DEFAULT_MINUTES
    epochs: float | None = None  # readings of the whole corpus
    model: ModelConfig | None = None  # None: the stored one's, or config_for(corpus)
    lanes: int | None = None  # texts read side by side; None, as for the window: as batch() says
    window: int | None = None  # characters that a gradient goes back over; the state carries what is older
    rate: float = 6e-3  # the peak: 16 by 64 at 3e-3, 6e-3, 1e-2 for 2.5 minutes: 2.82, 2.70, 2.68
    warm_up: int = 50  # steps; Adam's moments are noise before
    clip: float = 1.0  # the gradient's norm; recurrent gradients explode now and then
    weight_decay: float = 0.01  # little: data is what regularises here
    betas: tuple[float, float] = (0.9, 0.98)  # 0.98: a memory of 50 steps, where a minute has some hundred
    seed: int = 0
    device: str = "auto"  # cuda, mps, cpu
    precision: Literal["auto", "bf16", "fp32"] = "auto"  # the faster one, as a trial of both says
    threads: int | None = None  # None: torch's choice, one per core
    follows_change: bool = False  # a model that is trained learns as long as what has changed is worth, if that is less
    gives_way: bool = False  # to others: then minutes are of computing, not of waiting for them (on a CPU)
    evaluate_every: float = 30.0  # seconds of work; each time a checkpoint is stored: what a kill may lose
    sample_every: float = 60.0  # seconds of work
    sample_at: tuple[int, ...] = ()  # steps after which it is sampled too

    def __post_init__(self) -> None:
        if self.minutes is not None and self.epochs is not None:
            raise ConfigError(f"{self.minutes} minutes and {self.epochs} epochs are two budgets: give one of them")
        if self.minutes is None and self.epochs is None:
            object.__setattr__(self, "minutes", DEFAULT_MINUTES)
        for name in ("minutes", "epochs", "rate", "clip", "evaluate_every", "sample_every"):
            _check_positive(name, getattr(self, name))
        if self.precision not in PRECISIONS:
            raise ConfigError(f"precision is {self.precision!r}, which is none: use {', '.join(PRECISIONS)}")
        lanes, window = self.batch(goes_on=False)
        _check_whole("lanes", lanes, MAX_LANES)
        _check_whole("window", window, MAX_WINDOW)
        _check_whole("threads", self.threads or 1, MAX_WIDTH)

    def batch(self, *, goes_on: bool) -> tuple[int, int]:
        """Return lanes and window; `goes_on`: a model that was trained learns a whole text."""
        lanes, window = WIDE if goes_on else NARROW
        return lanes if self.lanes is None else self.lanes, window if self.window is None else self.window


def _check_positive(name: str, value: float | None) -> None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise ConfigError(f"{name} is {value}, which leads nowhere: use a number above 0")


def _check_whole(name: str, value: object, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigError(f"{name} is {value!r}, which no model can have: use a whole number from 1 to {most}")


def _check_share(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        raise ConfigError(f"{name} is {value!r}, which is no share of the units: use 0 or more, below 1")


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product


SIZES: tuple[tuple[int, ModelConfig], ...] = (
    (100_000, ModelConfig(layers=1, width=256, dropout=0.2)),
    (2_000_000, ModelConfig(layers=1, width=512, dropout=0.1)),
    (50_000_000, ModelConfig(layers=2, width=512)),
)
"""By characters to learn from, for minutes on two cores, where the number of steps decides, not the size. On 700 KB of
Python, held-out bpc after one minute: 1x256 2.23, 1x512 2.47, 2x256 2.69, 2x512 3.12; after three: 1x512 1.93, 2x512
2.25."""


def config_for(characters: int) -> ModelConfig:
    """Return the model that suits a corpus of so many characters."""
    return next((model for most, model in SIZES if characters < most), SIZES[-1][1])
