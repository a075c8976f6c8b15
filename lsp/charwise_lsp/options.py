"""What an editor can set: nested dataclasses, valid with no arguments, filled from the editor's JSON.

JSON's keys are the fields' names in camelCase. A key or value that is not understood is described and left at its
default: a typo in an editor's settings must not cost the suggestions. Knows no server.
"""

import dataclasses
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class SuggestionOptions:
    """When suggestions come, and how long they may be; 0, "" and -1 mean as the daemon's settings say."""

    automatic: bool = True  # False: only when the user asks for one
    max_characters: int = 0
    max_lines: int = 0
    alternatives: int = 1
    multiline: Literal["", "auto", "always", "never"] = ""
    eagerness: float = -1.0


@dataclass(frozen=True)
class WorkspaceOptions:
    """What becomes of the folders that the editor opens."""

    learn: bool = True  # False: nothing is learned from them, only the open documents help
    on_battery: bool | None = None  # whether to train on battery; None: as the daemon's settings say


@dataclass(frozen=True)
class Options:
    """All of them."""

    suggestions: SuggestionOptions = field(default_factory=SuggestionOptions)
    workspaces: WorkspaceOptions = field(default_factory=WorkspaceOptions)
    progress: bool = True  # show training in the editor, where the editor can
    log_level: Literal["error", "warning", "info", "debug"] = "warning"


def parse(*layers: Any) -> tuple[Options, list[str]]:
    """Return the options that layers of JSON give, later ones over earlier ones, and what was not understood."""
    options, problems = Options(), list[str]()
    for layer in layers:
        options = _merge(options, layer, "", problems)
    return options, problems


def _merge(base: T, given: Any, where: str, problems: list[str]) -> T:
    if given is None or given == []:  # an empty table of Lua arrives as an empty list
        return base
    if not isinstance(given, Mapping):
        problems.append(f"{where.rstrip('.') or 'the options'} is {_short(given)}, but must be a map")
        return base
    hints = typing.get_type_hints(type(base))
    fields = {_camel(name): name for name in hints}
    changes = {}
    for key, value in given.items():
        if key not in fields:
            problems.append(f"unknown option {where}{key}; known are {', '.join(where + name for name in fields)}")
            continue
        name = fields[key]
        old = getattr(base, name)
        if dataclasses.is_dataclass(old):
            changes[name] = _merge(old, value, f"{where}{key}.", problems)
        elif wanted := _fault(value, hints[name]):
            problems.append(f"{where}{key} is {_short(value)}, but must be {wanted}")
        else:
            changes[name] = value
    return typing.cast("T", dataclasses.replace(typing.cast("Any", base), **changes))


def _fault(value: Any, hint: Any) -> str | None:
    """Return what the value should have been; None if it is that."""
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        return None if value in choices else f"one of {', '.join(filter(None, choices))}"
    if hint is bool or hint == bool | None:
        return None if isinstance(value, bool) or (value is None and hint is not bool) else "true or false"
    if hint is float:
        is_number = type(value) in {int, float} and (value == -1 or 0 <= value <= 1)
        return None if is_number else "a number from 0 to 1, or -1"
    return None if type(value) is int and value >= 0 else "a whole number, 0 or more"


def _camel(name: str) -> str:
    return re.sub("_(.)", lambda match: match[1].upper(), name)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
