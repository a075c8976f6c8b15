"""What the user may set, from settings.toml; everything has a default. An unknown key is an error that names it."""

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from charwise_daemon.errors import InvalidRequestError, SettingsError
from charwise_daemon.protocol import parse


@dataclass(frozen=True)
class CompletionSettings:
    """`[completion]`: what is offered."""

    max_characters: int = 64
    multiline: Literal["auto", "never", "always"] = "auto"
    max_lines: int = 4  # of a suggestion of several
    eagerness: float = 0.5  # 0 shows few and sure suggestions, 1 many; benefit.py says what a wrong one costs at each
    time_limit_ms: float = 40.0  # of a search while typing, a tenth of one that was asked for: then the best so far

    def __post_init__(self) -> None:
        _check("eagerness", self.eagerness, 0 <= self.eagerness <= 1, "a number from 0 to 1")
        for name in ("max_characters", "max_lines"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")
        _check("time_limit_ms", self.time_limit_ms, self.time_limit_ms >= 0, "0 or more")


@dataclass(frozen=True)
class TrainingSettings:
    """`[training]`: when the LSTM learns, and how much of the machine it may have."""

    enabled: bool = True
    first_minutes: float = 10.0  # of a workspace's first training
    minutes: float = 3.0  # of each later one, after changes
    settle_seconds: float = 30.0  # of quiet after a change before training starts
    resume_seconds: float = 2.0  # without a keystroke until training goes on: who writes calls that a pause
    on_battery: bool = False  # whether to train on battery too
    cpu_share: float = 0.7  # of the time that it may compute
    niceness: int = 19  # from 0, as any program, to 19, only when nobody else wants the processor or the disk
    threads: int = 0  # 0: as many as there are cores
    base: bool = True  # begin from the base model; else empty
    smallest: int = 2_000  # characters: a smaller workspace has the memory alone

    def __post_init__(self) -> None:
        for name in ("first_minutes", "minutes"):
            _check(name, getattr(self, name), 0 < getattr(self, name) < math.inf, "a number above 0")
        for name in ("settle_seconds", "resume_seconds", "threads", "smallest"):
            _check(name, getattr(self, name), getattr(self, name) >= 0, "0 or more")
        _check("cpu_share", self.cpu_share, 0 < self.cpu_share <= 1, "a number above 0, at most 1")
        _check("niceness", self.niceness, 0 <= self.niceness <= 19, "a whole number from 0 to 19")


_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def _check(name: str, value: object, is_right: bool, wanted: str) -> None:
    if not is_right:
        raise InvalidRequestError(f"{name} is {value}, but must be {wanted}")


@dataclass(frozen=True)
class CorpusSettings:
    """`[corpus]`: which files are read."""

    file_bytes: int = 1_000_000
    total_bytes: int = 50_000_000  # that are learned from
    memory_bytes: int = 20_000_000  # that the memory holds of them, at five to six times as many bytes resident

    def __post_init__(self) -> None:
        for name in ("file_bytes", "total_bytes", "memory_bytes"):
            _check(name, getattr(self, name), getattr(self, name) >= 1, "1 or more")


@dataclass(frozen=True)
class DaemonSettings:
    """`[daemon]`: the process itself."""

    idle_minutes: float = 60.0  # without clients and training until it exits
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        _check("idle_minutes", self.idle_minutes, self.idle_minutes > 0, "a number above 0")
        _check("log_level", self.log_level, self.log_level.upper() in _LEVELS, f"one of {', '.join(_LEVELS)}")


@dataclass(frozen=True)
class Settings:
    """All of settings.toml."""

    completion: CompletionSettings = field(default_factory=CompletionSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    corpus: CorpusSettings = field(default_factory=CorpusSettings)
    daemon: DaemonSettings = field(default_factory=DaemonSettings)
    models: dict[str, str] = field(default_factory=dict)  # by pattern as in .gitignore: which serves these files

    def __post_init__(self) -> None:
        for pattern, name in self.models.items():
            _check(f'models."{pattern}"', repr(name), isinstance(name, str), "a model's name")


# Keys of earlier versions, by section, and what has taken their place.
_GONE = {
    ("completion", "distraction_price"): "completion.eagerness, from 0 (few and sure suggestions) to 1 (many): "
    "0.5 is the default, each tenth more makes a wrong one a third cheaper",
}


def load(path: Path) -> Settings:
    """Return the settings of a file, the defaults where there is none.

    Raises:
        SettingsError: the file is no TOML, or has an unknown key or a wrong value; the message names it.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {path}: {error}; mend or remove it") from error
    try:
        found = tomllib.loads(text)
        _check_gone(found)
        return parse(Settings, found)
    except (tomllib.TOMLDecodeError, InvalidRequestError) as error:
        raise SettingsError(f"{path}: {error}; mend or remove it") from error


def _check_gone(found: dict[str, Any]) -> None:
    for (section, key), instead in _GONE.items():
        values = found.get(section)
        if isinstance(values, dict) and key in values:
            raise InvalidRequestError(f"{section}.{key} is no longer known; set {instead}")
