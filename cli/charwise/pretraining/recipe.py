"""What a base model is made of: a TOML file that names sources, languages, model and schedule. Knows no training.

>>> load("base").model.width
512
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any

from charwise import recipes
from charwise_daemon.errors import InvalidRequestError, SettingsError
from charwise_daemon.protocol import parse

KINDS = ("debian", "debian-binary", "pypi", "npm")


@dataclass(frozen=True)
class Size:
    """Of the model."""

    layers: int
    width: int


@dataclass(frozen=True)
class Schedule:
    """Of the training; what is left out is as TrainConfig has it."""

    lanes: int
    window: int
    rate: float


@dataclass(frozen=True)
class Language:
    """A part of the mixture."""

    files: list[Any]  # patterns of their names
    share: float  # of all characters


@dataclass(frozen=True)
class Source:
    """A package at one version, as a client brings it."""

    kind: str
    name: str
    version: str
    licence: str  # of what says nothing itself; "stated": then what says nothing is left out
    sha256: str = ""  # of the .dsc of a Debian source package, which has those of the others; of the archive elsewhere
    folder: str = "."  # in it, where what was written by people lies; a pattern, of which the first match counts
    leave_out: list[Any] = field(default_factory=list)  # patterns of paths in that

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidRequestError(f"kind is {self.kind!r}, but must be one of {', '.join(KINDS)}")

    @property
    def label(self) -> str:
        """Which one it is, in a word that can name a folder."""
        return f"{self.kind}-{self.name}-{self.version}".replace("/", "-").replace("@", "")


@dataclass(frozen=True)
class Recipe:
    """How a base model is made."""

    title: str
    characters: int  # of text, at most
    minutes: float  # of training where nothing else is said
    model: Size
    schedule: Schedule
    languages: dict[str, Language]
    sources: tuple[Source, ...]

    def language(self, name: str) -> str | None:
        """Return the language of a file by its name, None where it is of none."""
        last = name.rpartition("/")[2]
        return next((key for key, each in self.languages.items() if _matches(last, each.files)), None)


def known() -> list[str]:
    """Return the names of the recipes that come with charwise."""
    return recipes.known(__package__)


def load(name: str) -> Recipe:
    """Return a recipe by its name, or by the path of a file of one's own.

    Raises:
        SettingsError: there is none, it is no TOML, or a key is unknown, missing or wrong; the message names it.
    """
    return read(name, recipes.text_of(__package__, name, "recipe"))


def read(name: str, text: str) -> Recipe:
    """Return the recipe that a text is; raises SettingsError."""
    try:
        values = tomllib.loads(text)
        values["languages"] = {key: parse(Language, each) for key, each in values.get("languages", {}).items()}
        values["sources"] = [parse(Source, each) for each in values.get("sources", [])]
        recipe = parse(_Unread, values)
        _check(recipe)
    except (tomllib.TOMLDecodeError, InvalidRequestError) as error:
        raise SettingsError(f"the recipe {name}: {error}") from error
    return Recipe(**{**vars(recipe), "sources": tuple(recipe.sources)})


@dataclass(frozen=True)
class _Unread:
    title: str
    characters: int
    minutes: float
    model: Size
    schedule: Schedule
    languages: dict[str, Any]
    sources: list[Any]


def _check(recipe: _Unread) -> None:
    if not recipe.sources:
        raise InvalidRequestError("it has no sources, so there is nothing to learn: add [[sources]]")
    if not recipe.languages:
        raise InvalidRequestError("it has no languages, so no file is wanted: add [languages.NAME]")
    total = sum(each.share for each in recipe.languages.values())
    if abs(total - 1) > 0.005:
        raise InvalidRequestError(f"the languages' shares sum to {total:.3f}, but must sum to 1")
    labels = [each.label for each in recipe.sources]
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise InvalidRequestError(f"{', '.join(sorted(twice))} is there twice")


def _matches(name: str, patterns: Sequence[Any]) -> bool:
    return any(fnmatch(name, str(pattern)) for pattern in patterns)
