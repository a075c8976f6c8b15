"""A reading as one page of HTML that needs no network, and nothing but itself."""

import base64
import html
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charwise.inspection.properties import Finding
from charwise.inspection.reading import GUESSES, Reading


def page(title: str, about: str, reading: Reading, findings: Mapping[str, Sequence[Finding]]) -> str:
    """Return the page."""
    data = {
        "n": len(reading.text),
        "most": GUESSES,
        "neurons": len(reading.cells),
        "pieces": _pieces(reading.text),
        "bits": _packed(np.clip(np.rint(8 * reading.bits), 0, 255).astype(np.uint8)),
        "cells": _packed(np.rint(127 * reading.cells).astype(np.int8)),
        "guesses": _packed(reading.guesses),
        "shares": _packed(np.rint(255 * reading.shares).astype(np.uint8)),
        "findings": [[name, [[each.neuron, each.score] for each in found]] for name, found in findings.items()],
    }
    # No text of the user's can end the script: "<" is not written as such.
    script = json.dumps(data, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    template = Template(files(__package__).joinpath("page.html").read_text("utf-8"))
    return template.substitute(title=html.escape(title), about=html.escape(about), data=script)


def _pieces(text: bytes) -> list[tuple[str, int]]:
    """Return the code points of a text with the byte that each ends with: by then all of it is read."""
    pieces, start = list[tuple[str, int]](), 0
    for character in text.decode("utf-8", "surrogateescape"):
        size = len(character.encode("utf-8", "surrogateescape"))
        start += size
        pieces.append((character if character.isprintable() or character in "\n\t" else "\ufffd", start - 1))
    return pieces


def _packed(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
