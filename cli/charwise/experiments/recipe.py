"""What an experiment is: a TOML file that names data, model, budget and what was published. Knows no training.

>>> load("war-and-peace").title
'War and Peace'
"""

import tomllib
from dataclasses import dataclass, field
from typing import Any

from charwise import recipes
from charwise_daemon.errors import InvalidRequestError, SettingsError
from charwise_daemon.protocol import parse
from charwise_trainer.config import NARROW

CHECKS = ("c", "latex", "xml", "lines")


@dataclass(frozen=True)
class Size:
    """Of the model; what is left out is as ModelConfig has it."""

    layers: int = 2
    width: int = 512
    dropout: float = 0.0


@dataclass(frozen=True)
class Published:
    """What others have reached, in nats per character of held-out text; 0 where they gave samples only."""

    by: str
    nats: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """One experiment."""

    title: str
    data: str  # a file, an archive or a folder, in the folder of data
    minutes: float
    published: Published
    name: str = ""  # that the model knows the text by; the file's where not given
    files: list[Any] = field(default_factory=lambda: ["*"])  # of an archive or folder: patterns of names
    lines: bool = False  # each line is a text of its own
    most_characters: int = 0  # 0: all
    lanes: int = NARROW[0]  # texts that are read side by side: more where there is more text than time
    window: int = NARROW[1]  # characters that a gradient goes back over
    rate: float = 6e-3  # of learning, at its peak
    split: list[Any] = field(default_factory=lambda: [0.9, 0.05, 0.05])  # to learn, to choose by, to measure on
    prime: str = ""
    checks: list[Any] = field(default_factory=list)
    model: Size = field(default_factory=Size)

    def __post_init__(self) -> None:
        shares = [share for share in self.split if isinstance(share, int | float) and 0 <= share < 1]
        if len(shares) != 3 or abs(sum(shares) - 1) > 1e-6 or not shares[0] or not shares[2]:
            raise InvalidRequestError(f"split is {self.split}, but must be three shares that sum to 1")
        if not self.minutes > 0:
            raise InvalidRequestError(f"minutes is {self.minutes}, but must be a number above 0")
        if unknown := set(self.checks) - {*CHECKS}:
            raise InvalidRequestError(f"checks has {sorted(unknown)}; known are {', '.join(CHECKS)}")


def known() -> list[str]:
    """Return the names of the recipes that come with charwise."""
    return recipes.known(__package__)


def load(name: str) -> Recipe:
    """Return a recipe by its name, or by the path of a file of one's own.

    Raises:
        SettingsError: there is none, it is no TOML, or a key is unknown, missing or wrong; the message names it.
    """
    return read(name, recipes.text_of(__package__, name, "experiment"))


def read(name: str, text: str) -> Recipe:
    """Return the recipe that a text is; raises SettingsError."""
    try:
        return parse(Recipe, tomllib.loads(text))
    except (tomllib.TOMLDecodeError, InvalidRequestError) as error:
        raise SettingsError(f"the experiment {name}: {error}") from error
