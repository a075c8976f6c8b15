"""Text that a model writes on from a place of a document: returned to an editor that asks, or put in there.

An editor's own plugin streams what it is told piece by piece. Any other gets one edit, so that one undo takes it back;
until then it is shown how far it is, and may cancel: what was written by then is kept.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import Generate
from charwise_lsp.bar import Bar
from charwise_lsp.session import Session

CONTINUE = "charwise.continue"
# LSP 3.18, LSPErrorCodes: the request was well formed and could not be done.
FAILED = -32803
# Seconds that a model may take to write on: an hour is millions of characters.
_LONGEST = 3600.0
_OPTIONS = {"length", "temperature", "seed", "model"}
# Models that are offered to continue with: more make no menu.
_MOST_MODELS = 8


class Host(Protocol):
    """The server, as far as generating needs it."""

    session: Session
    protocol: Any

    @property
    def work_done_progress(self) -> Any:
        """The bars that the editor shows."""

    async def workspace_apply_edit_async(self, params: types.ApplyWorkspaceEditParams) -> Any:
        """Have the editor change a document."""


async def generate(ls: Host, *given: Any) -> dict[str, Any]:
    """Write on from a place of a document, and return the text; with a token it is told as it is written, too."""
    wanted, pieces = dict(given[0]) if given else {}, list[str]()
    token = wanted.pop("token", None)

    def take(text: str) -> None:
        pieces.append(text)
        if token is not None:
            ls.protocol.notify("charwise/didGenerate", {"token": token, "text": text})

    answer = await _generated(ls, wanted, take)
    return {"text": "".join(pieces), **answer}


async def continue_(ls: Host, *given: Any) -> dict[str, Any]:
    """Write on from a place of a document, and put the text in there as one edit."""
    wanted, pieces = dict(given[0]) if given else {}, list[str]()
    mirror = ls.session.documents.get(str(wanted.get("uri", "")))
    place = _position(wanted)
    writing, bar = asyncio.ensure_future(_generated(ls, wanted, pieces.append)), Bar(ls.work_done_progress)
    try:
        if await bar.ask():
            bar.begin(f"Continuing with {wanted.get('model') or 'charwise'}", cancel=writing.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await writing
    finally:
        bar.end()
    text = "".join(pieces)
    if text and mirror:
        edit = types.TextEdit(types.Range(place, place), text)
        change = types.WorkspaceEdit({str(wanted["uri"]): [edit]})
        await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(change, "Continue with charwise"))
    return {"text": text}


async def actions(ls: Host, uri: str, place: types.Position) -> list[types.CodeAction]:
    """Return what a place of a document can be continued with: the model that serves it, and those that have a name."""
    models = [""]
    with contextlib.suppress(CharwiseError):
        models += [each["name"] for each in (await ls.session.ask("models"))[:_MOST_MODELS]]
    at = {"line": place.line, "character": place.character}
    return [
        types.CodeAction(
            f"Continue with {model or 'charwise'}",
            kind=types.CodeActionKind.Source,
            command=types.Command("Continue", CONTINUE, arguments=[{"uri": uri, "position": at, "model": model}]),
        )
        for model in models
    ]


async def _generated(ls: Host, wanted: Mapping[str, Any], take: Callable[[str], Any]) -> dict[str, Any]:
    uri = str(wanted.get("uri", ""))
    mirror = ls.session.documents.get(uri)
    if mirror is None:
        raise JsonRpcException(f"{uri} is not open" if uri else "the uri of an open document is missing", FAILED)
    if unknown := wanted.keys() - _OPTIONS - {"uri", "position"}:
        raise JsonRpcException(
            f"unknown options {', '.join(sorted(unknown))}; known are {', '.join(sorted(_OPTIONS))}", FAILED
        )
    options = {name: wanted[name] for name in _OPTIONS if wanted.get(name) is not None}
    ask = Generate(uri, mirror.version, mirror.offset(_position(wanted)), **options)
    answer: dict[str, Any] = await ls.session.ask(
        "generate", ask, deadline=_LONGEST, on_part=lambda part: take(part["text"])
    )
    return answer


def _position(wanted: Mapping[str, Any]) -> types.Position:
    match wanted.get("position"):
        case {"line": int(line), "character": int(character)}:
            return types.Position(line, character)
        case None:
            return types.Position(0, 0)
        case other:
            raise ValueError(f"position is {other!r}, but must be a line and a character")
