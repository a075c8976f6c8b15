"""A model's curves over all its trainings: MODEL/history.jsonl, one line for each thing that is known.

    {"kind": "run", "seconds": 0.0, "step": 0, "characters": 0, "resumed": false, "short": false, "changed": null}
    {"kind": "loss", "seconds": 0.6, "step": 9, "characters": 4608, "bpc": 5.21, "rate": 0.0058}
    {"kind": "held_out", "seconds": 30.1, "step": 430, "bpc": 2.71, "served": true}
    {"kind": "sample", "seconds": 30.1, "step": 430, "name": "a.py", "text": "def ", "temperature": 0.7}

The file is replaced as a whole, so a kill leaves it whole; a line that others wrote and that is not whole is skipped.
It stays small: with more than `MOST` entries of a kind, the first stays as it is, and of the others those of each of
MOST / 2 equal spans of working time become one. A model that has learned each save for years so has an even curve over
all its work, a pixel or two to a span. Knows nothing of who writes it (recorder.py) or draws it.
"""

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from charwise_trainer.errors import CheckpointError
from charwise_trainer.storage import replace_file

HISTORY = "history.jsonl"


@dataclass(frozen=True)
class Begun:
    """A run's start."""

    seconds: float  # of work before it, over all runs: never less than that of what came before it
    step: int
    characters: int  # read in training before it, over all runs
    resumed: bool  # from a checkpoint
    short: bool  # as long as what has changed is worth
    changed: int | None  # characters that the model had not learned; None: it was new, or interrupted


@dataclass(frozen=True)
class Point:
    """The loss on training text, the mean of all that was told since the point before."""

    seconds: float
    step: int
    characters: int
    bpc: float
    rate: float


@dataclass(frozen=True)
class Measured:
    """Bits per character on held-out text; `served`: and so it became the checkpoint to serve."""

    seconds: float
    step: int
    bpc: float
    served: bool


@dataclass(frozen=True)
class Sample:
    """What the model wrote as the content of a file."""

    seconds: float
    step: int
    name: str
    text: str
    temperature: float


Entry = Begun | Point | Measured | Sample
E = TypeVar("E", bound=Entry)
KINDS: dict[str, type[Entry]] = {"run": Begun, "loss": Point, "held_out": Measured, "sample": Sample}
NAMES = {cls: name for name, cls in KINDS.items()}
FIELDS: dict[type[Entry], dict[str, Any]] = {cls: get_type_hints(cls) for cls in NAMES}

MOST: dict[type[Entry], int] = {Begun: 200, Point: 1000, Measured: 500, Sample: 40}
"""Entries of each kind: 180 kB at most, where a checkpoint has megabytes."""


@dataclass
class History:
    """All that is known of a model's trainings, each list by time."""

    runs: list[Begun] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<History of {len(self.runs)} runs, {len(self.points)} points, {self.seconds:.0f} s>"

    @property
    def seconds(self) -> float:
        """Of work, up to the last entry; 0 where there is none."""
        return max((entry.seconds for entry in self.entries()), default=0.0)

    def entries(self) -> list[Entry]:
        """Return all entries by time."""
        return sorted([*self.runs, *self.points, *self.measured, *self.samples], key=lambda entry: entry.seconds)

    def thinned(self, share: float = 1.0) -> "History":
        """Return it with fewer entries of a kind of which there are more than this share of MOST."""
        return History(
            thinned(self.runs, int(share * MOST[Begun]), _last),
            thinned(self.points, int(share * MOST[Point]), _mean),
            thinned(self.measured, int(share * MOST[Measured]), _last_served),
            thinned(self.samples, int(share * MOST[Sample]), _last),
        )


# --- keeping it small -------------------------------------------------------------------------------------------------
def thinned(entries: Sequence[E], most: int, one: Callable[[list[E]], E]) -> list[E]:
    """Return the entries (by time) as they are if they are no more than `most`, else half as many at most.

    `one` says what stands for all those of a span of time.
    """
    return [one(group) for group in spans(entries, most // 2)] if len(entries) > most else list(entries)


def spans(entries: Sequence[E], most: int) -> list[list[E]]:
    """Return the entries (by time) in groups, `most` or fewer: the first alone, the others by equal spans of time."""
    if len(entries) <= most:
        return [[entry] for entry in entries]
    first, rest = entries[0], entries[1:]
    begin, width = rest[0].seconds, (rest[-1].seconds - rest[0].seconds) / (most - 1) or 1.0
    groups: dict[int, list[E]] = {}
    for entry in rest:
        groups.setdefault(min(most - 2, int((entry.seconds - begin) / width)), []).append(entry)
    return [[first], *groups.values()]


def _last(entries: list[E]) -> E:
    return entries[-1]


def _last_served(entries: list[Measured]) -> Measured:
    return next((entry for entry in reversed(entries) if entry.served), entries[-1])


def _mean(entries: list[Point]) -> Point:
    return replace(entries[-1], bpc=round(statistics.fmean(entry.bpc for entry in entries), 4))


# --- its file ---------------------------------------------------------------------------------------------------------
def read(directory: Path) -> History:
    """Return a model's history, an empty one where none was kept; raises CheckpointError where it cannot be read."""
    file = directory / HISTORY
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return History()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise CheckpointError(
            f"{file} cannot be used: {reason}; mend its rights, or remove it to begin new curves"
        ) from error
    known = [entry for line in data.splitlines() if (entry := _entry(line))]
    entries = sorted(known, key=lambda entry: entry.seconds)
    return History(
        [entry for entry in entries if isinstance(entry, Begun)],
        [entry for entry in entries if isinstance(entry, Point)],
        [entry for entry in entries if isinstance(entry, Measured)],
        [entry for entry in entries if isinstance(entry, Sample)],
    )


def write(directory: Path, history: History) -> None:
    """Store a model's history in place of the one there; raises StorageError, and then the old one is whole."""
    replace_file(directory / HISTORY, b"".join(map(_line, history.entries())))


def _line(entry: Entry) -> bytes:
    return json.dumps({"kind": NAMES[type(entry)], **vars(entry)}, allow_nan=False).encode() + b"\n"


def _entry(line: bytes) -> Entry | None:
    """Return what a line says, None where it is not whole or not known."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    cls = KINDS.get(str(values.get("kind"))) if isinstance(values, dict) else None
    if cls is None or not all(_fits(values.get(name), wanted) for name, wanted in FIELDS[cls].items()):
        return None
    return cls(**{name: values[name] for name in FIELDS[cls] if name in values})


def _fits(value: object, wanted: Any) -> bool:
    if wanted is float:
        return isinstance(value, int | float) and math.isfinite(value) and value >= 0
    return isinstance(value, wanted)
