"""Simple properties of each character of a text, and which neurons follow them. Pure.

Known by rules that hold for most languages, not by parsing: what a string or comment is, is guessed alike for all.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STRING = re.compile(rb""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|``.*?''""")
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*|(?m:^[ \t]*#[^\n]*)|(?<![\\\w])%[^\n]*|<!--.*?-->", re.DOTALL)
_URL = re.compile(rb"https?://[^\s<>\"')}\]]+")
_MATH = re.compile(rb"\$\$.*?\$\$|\$[^$]*\$", re.DOTALL)
_LINK = re.compile(rb"\[\[[^\]]*\]\]")
_ENVIRONMENT = re.compile(rb"\\(begin|end)\{")
# A property that holds for fewer characters of a text, or for all but so few, has no neuron to be found there.
_FEWEST = 20
# Characters of the state's beginning, where nothing is known yet.
_WARM_UP = 20


@dataclass(frozen=True)
class Finding:
    """A neuron that follows a property: |r|, the correlation of its cell with the property over the text."""

    neuron: int
    score: float
    sign: int  # -1 where the cell is low while the property is high


def inside(pattern: re.Pattern[bytes]) -> Callable[[bytes], Floats]:
    """Return a property: whether a character is within a match, its first character not counted."""

    def holds(text: bytes) -> Floats:
        found = np.zeros(len(text))
        for match in pattern.finditer(text):
            found[match.start() + 1 : match.end()] = 1.0
        return found

    return holds


def depth_of(opening: bytes, closing: bytes) -> Callable[[bytes], Floats]:
    """Return a property: how deep a character is in brackets."""

    def depth(text: bytes) -> Floats:
        characters = np.frombuffer(text, np.uint8)
        steps = np.isin(characters, [*opening]).astype(np.float64) - np.isin(characters, [*closing])
        levels: Floats = np.maximum(np.cumsum(steps), 0.0)
        return levels

    return depth


def position_in_line(text: bytes) -> Floats:
    """Return the column after each character."""
    columns, column = np.empty(len(text)), 0
    for at, character in enumerate(text):
        column = 0 if character == ord("\n") else column + 1
        columns[at] = column
    return columns


def indentation(text: bytes) -> Floats:
    """Return the width of the blanks that the line of each character begins with."""
    widths, start = np.empty(len(text)), 0
    for line in text.splitlines(keepends=True):
        widths[start : start + len(line)] = len(line) - len(line.lstrip(b" \t"))
        start += len(line)
    return widths


def environment_depth(text: bytes) -> Floats:
    r"""Return in how many \begin{} … \end{} of LaTeX each character is."""
    steps = np.zeros(len(text))
    for match in _ENVIRONMENT.finditer(text):
        steps[match.start()] += 1.0 if match[1] == b"begin" else -1.0
    levels: Floats = np.maximum(np.cumsum(steps), 0.0)
    return levels


PROPERTIES: dict[str, Callable[[bytes], Floats]] = {
    "inside quotes": inside(_STRING),
    "inside a comment": inside(_COMMENT),
    "inside a URL": inside(_URL),
    "inside $ … $": inside(_MATH),
    "inside [[ … ]]": inside(_LINK),
    "depth of brackets ( [": depth_of(b"([", b")]"),
    "depth of braces {": depth_of(b"{", b"}"),
    r"depth of \begin … \end": environment_depth,
    "position in the line": position_in_line,
    "indentation of the line": indentation,
}


def neurons_for(values: Floats, cells: NDArray[np.float32], most: int = 5) -> list[Finding]:
    """Return the neurons that follow a property best, (n,) and (neurons, n); none where the text hardly shows it."""
    values, cells = values[_WARM_UP:], cells[:, _WARM_UP:]
    commonest = np.bincount(np.unique(values, return_inverse=True)[1]).max() if len(values) else 0
    if len(values) - commonest < _FEWEST:
        return []
    centred = cells - cells.mean(1, keepdims=True)
    property_ = values - values.mean()
    scale = np.linalg.norm(centred, axis=1) * np.linalg.norm(property_)
    scores = np.divide(centred @ property_, scale, out=np.zeros(len(cells)), where=scale > 0)
    best = np.argsort(-np.abs(scores), kind="stable")[:most]
    return [Finding(int(each), float(abs(scores[each])), 1 if scores[each] >= 0 else -1) for each in best]


def findings(text: bytes, cells: NDArray[np.float32]) -> dict[str, list[Finding]]:
    """Return, for each property that the text shows, the neurons that follow it best."""
    found = {name: neurons_for(holds(text), cells) for name, holds in PROPERTIES.items()}
    return {name: neurons for name, neurons in found.items() if neurons}
