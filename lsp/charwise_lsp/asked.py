"""What editors may add to the standard's parameters of a request, which pygls would drop. Knows no server."""

from collections.abc import Mapping
from typing import Any

import attrs
from cattrs import Converter
from lsprotocol import types
from pygls.protocol import default_converter

_WIDEST_LEVEL = 16  # columns


def converter() -> Converter:
    """Return pygls' own, which tells less of where a malformed message is wrong, and so compiles less at the start."""
    own: Converter = default_converter()  # type: ignore[no-untyped-call]  # pygls does not say
    own.detailed_validation = False
    structure = own.get_structure_hook(types.InlineCompletionParams)

    def with_additions(given: Any, kind: type[Any]) -> types.InlineCompletionParams:
        params = structure(given, kind)
        most = given.get("alternatives")
        return Asked(
            params.context,
            params.text_document,
            params.position,
            indentation=_indentation(given),
            alternatives=most if isinstance(most, int) and most > 0 else 0,
        )

    own.register_structure_hook(types.InlineCompletionParams, with_additions)
    return own


@attrs.define(slots=False)
class Asked(types.InlineCompletionParams):
    """The parameters of a request, and what an editor may add: one level of its indentation, how many alternatives."""

    indentation: str = attrs.field(default="", kw_only=True)
    alternatives: int = attrs.field(default=0, kw_only=True)


def _indentation(given: Mapping[str, Any]) -> str:
    """Return one level by `formattingOptions`, which Copilot's clients send and the standard has not; else ""."""
    match given.get("formattingOptions"):
        case {"insertSpaces": True, "tabSize": int(size)} if 0 < size <= _WIDEST_LEVEL:
            return " " * size
        case {"insertSpaces": False}:
            return "\t"
    return ""
