"""A text editor without a screen: drives the real language server over stdio, and types.

The typist is that of the quality benchmark: before each character they look at the suggestion; if all of it is what
comes next, they accept it with one key, otherwise they type the next character with one key.
"""

import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from lsprotocol import types
from pygls.lsp.client import LanguageClient


@dataclass
class Typed:
    """What became of a text that was typed."""

    characters: int = 0
    keys: int = 0
    shown: int = 0
    accepted: list[tuple[str, str]] = field(default_factory=list)  # (line before the cursor, what was accepted)
    milliseconds: list[float] = field(default_factory=list)

    @property
    def saved(self) -> float:
        """The share of keystrokes saved."""
        return 1 - self.keys / max(1, self.characters)


class Editor:
    """One open file in an editor, with a cursor; `async with` starts and ends the language server."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._client = folder, LanguageClient("charwise bench editor", "1")
        self._client.feature("charwise/didChangeStatus")(lambda _: None)  # it shows none, and pygls would say so
        self._uri, self._version = "", 1
        self._lines, self._line = 0, ""  # before the cursor: whole lines, and the part of its own

    async def __aenter__(self) -> Self:
        await self._client.start_io(sys.executable, "-m", "charwise", "lsp", env=dict(os.environ))
        folder = types.WorkspaceFolder(self._folder.as_uri(), self._folder.name)
        await self._client.initialize_async(
            types.InitializeParams(types.ClientCapabilities(), process_id=os.getpid(), workspace_folders=[folder])
        )
        self._client.initialized(types.InitializedParams())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()  # type: ignore[no-untyped-call]  # pygls does not say

    @property
    def pid(self) -> int:
        """The language server's process id."""
        return self._client._server.pid  # type: ignore[union-attr]  # noqa: SLF001 - pygls keeps it there

    def open(self, path: Path, before: str, after: str) -> None:
        """Open a file with the cursor between two parts of its text."""
        self._uri, self._version = path.as_uri(), 1
        self.move(before)
        item = types.TextDocumentItem(self._uri, "python", 1, before + after)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def close(self) -> None:
        """Close the file."""
        document = types.TextDocumentIdentifier(self._uri)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def move(self, before: str) -> None:
        """Put the cursor after this part of the text."""
        self._lines, self._line = before.count("\n"), before.rpartition("\n")[2]

    def insert(self, text: str) -> None:
        """Type, paste or accept text at the cursor."""
        here = self._position()
        line = self._line + text
        self._lines, self._line = self._lines + text.count("\n"), line.rpartition("\n")[2]
        self._change(types.Range(here, here), text)

    def erase(self, text: str) -> None:
        """Take back this text, which ends at the cursor, in the cursor's line."""
        end = self._position()
        self._line = self._line.removesuffix(text)
        self._change(types.Range(self._position(), end), "")

    async def suggestion(self, *, invoked: bool = False) -> str:
        """Return the text that would be shown after the cursor, "" for none."""
        kind = types.InlineCompletionTriggerKind
        context = types.InlineCompletionContext(kind.Invoked if invoked else kind.Automatic)
        document = types.TextDocumentIdentifier(self._uri)
        found: Any = await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(context, document, self._position())
        )
        items = found.items if hasattr(found, "items") else found or []
        return self._shown(items[0]) if items else ""

    async def type(self, text: str) -> Typed:
        """Type a text with all help that is offered; indentation is the editor's and counts nothing."""
        typed, live = Typed(), ""
        while text:
            if not self._line and (indent := text[: len(text) - len(text.lstrip(" \t"))]):
                self.insert(indent)
                text, live = text[len(indent) :], ""
                continue
            offer = "" if text[0] == "\n" else await self._timed(typed)
            typed.shown += bool(offer) and offer != live
            taken = offer if len(offer) > 1 and text.startswith(offer) else text[0]
            if taken == offer:
                typed.accepted.append((self._line.lstrip(), offer))
            live = offer[1:] if taken != offer and offer[:1] == taken else ""
            self.insert(taken)
            typed.keys, typed.characters, text = typed.keys + 1, typed.characters + len(taken), text[len(taken) :]
        return typed

    async def _timed(self, typed: Typed) -> str:
        began = time.perf_counter()
        offer = await self.suggestion()
        typed.milliseconds.append(1000 * (time.perf_counter() - began))
        return offer

    def _change(self, place: types.Range, text: str) -> None:
        self._version += 1
        change = types.TextDocumentContentChangePartial(place, text)
        document = types.VersionedTextDocumentIdentifier(self._version, self._uri)
        self._client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))

    def _position(self) -> types.Position:
        return types.Position(self._lines, len(self._line.encode("utf-16-le")) // 2)

    def _shown(self, item: types.InlineCompletionItem) -> str:
        """Return an item's text after the cursor: its range begins at the typed part of the word."""
        text = item.insert_text if isinstance(item.insert_text, str) else item.insert_text.value
        if item.range is None:
            return text
        line = self._line.encode("utf-16-le")
        return text.removeprefix(line[2 * item.range.start.character :].decode("utf-16-le"))
