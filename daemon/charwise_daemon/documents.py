"""Open documents as bytes, mirrored edit by edit, each with what was computed along it.

Knows no sockets and no models: the LSTM's states and the memory's shards are kept here, made elsewhere.
"""

import copy
import itertools
from collections import OrderedDict
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from charwise_daemon.errors import DocumentError, InvalidRequestError
from charwise_daemon.memory import Memory, OpenMemories
from charwise_daemon.recall import Recall
from charwise_daemon.shard import GAP, MAX_ORDER, Strip
from charwise_daemon.snapshots import Snapshots
from charwise_daemon.typed import Typed
from charwise_trainer.corpus import encode_header

if TYPE_CHECKING:
    from charwise_daemon.offer import Offer

# Documents that keep their states and shards (about 1 MiB and 6 bytes a character); the others keep only their text.
_MOST_WARM, _MOST_WARM_CHARACTERS = 8, 4 * 2**20
# Other documents whose text is remembered beside the one being typed in.
_NEIGHBOURS = 3
# Characters after the cursor that a search could run into.
_LONGEST_SEARCH = 4096
# Characters before the cursor that are remembered once more, apart: what was just written is soon written again.
_NEARBY = 2048
# Closed files of which it is known where the cursor was.
_MOST_CURSORS = 256

Key = tuple[object, str]  # whose document, and what they call it: two editors may have the same file open


class Document:
    """An open buffer: bytes, a version, LSTM states along it, its memory, and what was last offered in it."""

    def __init__(self, key: Key, path: str, text: bytes, version: int) -> None:
        self.key, self.path, self.version = key, path, version
        self._name = ""
        self.text = bytearray(text)
        self.cursor = 0  # where it was last, as far as that is known
        self.put_in = b""  # by the last edit, beyond what stood there before
        self.unlearned = Typed()
        self.holds_secret: bool | None = None  # None: nobody has looked since the last edit
        self.is_broken = False  # an edit failed, so the mirror is not the client's document any more
        self._offer: Offer | None = None
        self.cool()

    def __repr__(self) -> str:
        return f"Document({self.label}, version {self.version}, {len(self.text):,} bytes, {self.snapshots})"

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.path or self.key[1]

    @property
    def kind(self) -> str:
        """The type of its file, as the suffix says it."""
        return PurePath(self.path).suffix.lower()

    @property
    def offer(self) -> "Offer | None":
        """What was last offered in it, as long as that holds."""
        return self._offer

    @offer.setter
    def offer(self, offer: "Offer | None") -> None:
        if self._offer and self._offer is not offer:
            self._offer.end()
        self._offer = offer

    def context(self, offset: int) -> bytes:
        """Return the characters before an offset, as many as a memory looks at."""
        return bytes(self.text[max(0, offset - MAX_ORDER) : offset])

    def cool(self) -> None:
        """Forget everything but the text."""
        self.snapshots, self.recall = Snapshots(encode_header(self._name)), Recall()
        self.offer = None

    def replaced(self, start: int, end: int, text: bytes) -> "Document":
        """Return the document with this text in place of [start, end), and what is computed along it already."""
        other = copy.copy(self)
        other.text, other._offer = self.text.copy(), None  # noqa: SLF001 - of its own class
        other.snapshots, other.recall = self.snapshots.copy(), copy.copy(self.recall)
        other.splice(start, end, text)
        return other

    def name_it(self, name: str) -> None:
        """Set what the LSTM takes it for: the name of a file, as it has learned them."""
        if name != self._name:
            self._name = name
            self.snapshots = Snapshots(encode_header(name))

    def apply(self, changes: list[Any], version: int) -> None:
        """Apply [start, end, text] changes in order, which lead to `version`.

        Raises:
            DocumentError: the version is not newer, or an offset is out of range. Nothing more of the changes is
                applied and the document is broken until it is opened again.
        """
        self.is_broken, was_broken, self.put_in = True, self.is_broken, b""
        if version <= self.version:
            raise DocumentError(f"edit to version {version}, but {self!r}; open it again")
        for change in changes:
            self._replace(*_change(change))
        self.is_broken = was_broken
        self.version = version

    def check(self, version: int, offset: int) -> None:
        """Raise DocumentError unless this version is mirrored here, InvalidRequestError unless the offset is in it."""
        if self.is_broken:
            raise DocumentError(f"an earlier edit of {self.label} failed; open it again")
        if version != self.version:
            raise DocumentError(f"version {version} asked for, but {self!r}; open it again")
        if not 0 <= offset <= len(self.text):
            raise InvalidRequestError(f"offset {offset} is outside the document's {len(self.text)} bytes")

    def _replace(self, start: int, end: int, text: bytes) -> None:
        if not 0 <= start <= end <= len(self.text):
            raise DocumentError(
                f"edit of [{start}, {end}) is outside the document's {len(self.text)} bytes; open it again"
            )
        self.cursor = start + len(text)
        # Some editors send a word again to add to it, or all of the text: only what differs is an edit.
        head, tail = same_ends(bytes(self.text[start:end]), text)
        if end - start > head or len(text) > head:
            self.splice(start + head, end - tail, text[head : len(text) - tail])

    def splice(self, start: int, end: int, text: bytes) -> None:
        """Replace [start, end), and what was computed along it as far as it does not hold any more."""
        self.text[start:end] = text
        self.put_in += text
        self.holds_secret = None
        self.unlearned = self.unlearned.edited(start, end, len(text))
        self.snapshots.cut(start)
        self.recall.edited(start, end, len(text))
        if self.offer and not self.offer.edited(start, end, len(text)):
            self.offer = None


def same_ends(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many characters at the beginning of two texts are the same, and then at their end."""
    if not old or not new:
        return 0, 0
    head = _same_beginning(old, new)
    return head, _same_beginning(old[head:][::-1], new[head:][::-1])


def _same_beginning(one: bytes, other: bytes) -> int:
    length = min(len(one), len(other))
    differs = np.frombuffer(one[:length], np.uint8) != np.frombuffer(other[:length], np.uint8)
    return int(differs.argmax()) if differs.any() else length


def _change(change: Any) -> tuple[int, int, bytes]:
    match change:
        case [int(start), int(end), bytes(text)]:
            return start, end, text
        case [int(start), int(end), str(text)]:
            return start, end, text.encode("utf-8", "surrogateescape")
    raise InvalidRequestError(f"a change is [start, end, text], not {str(change)[:60]}; open the document again")


class Documents:
    """The open documents, and which of them are in use: the least recently used lose their states and shards.

    `is_private` tells of which the others never recall anything.
    """

    def __init__(self, is_private: Callable[[Document], bool] = lambda _: False) -> None:
        self._is_private = is_private
        self._open: dict[Key, Document] = {}
        self._warm: OrderedDict[Key, Document] = OrderedDict()  # the last used last
        self._cursors: dict[str, int] = {}  # by path, the last closed last

    def __repr__(self) -> str:
        return f"Documents({len(self._open)} open, {sum(len(d.text) for d in self._open.values()):,} bytes)"

    def __len__(self) -> int:
        return len(self._open)

    def open(self, document: Document) -> None:
        """Mirror this document, in place of one of the same key; its cursor is where the file's last was."""
        self.close(document.key)
        document.cursor = min(self._cursors.get(document.path, 0), len(document.text))
        self._open[document.key] = document
        self.touch(document)

    def close(self, key: Key) -> None:
        """Forget a document; one that is not open is no error, as editors close twice."""
        self._warm.pop(key, None)
        document = self._open.pop(key, None)
        if document:
            document.offer = None
        if document and document.path:
            self._cursors.pop(document.path, None)
            self._cursors[document.path] = document.cursor
            if len(self._cursors) > _MOST_CURSORS:
                del self._cursors[next(iter(self._cursors))]

    def of(self, owner: object) -> list[Document]:
        """Return a client's documents."""
        return [document for key, document in self._open.items() if key[0] is owner]

    def get(self, key: Key) -> Document:
        """Return an open document.

        Raises:
            DocumentError: it is not open.
        """
        if document := self._open.get(key):
            return document
        raise DocumentError(f"{key[1]} is not open; open it first")

    def is_warm(self, document: Document) -> bool:
        """Tell whether a document is one of those in use."""
        return self._warm.get(document.key) is document

    def touch(self, document: Document) -> None:
        """Note that this document is the one in use."""
        self._warm[document.key] = document
        self._warm.move_to_end(document.key)
        size = sum(len(each.text) for each in self._warm.values())
        while len(self._warm) > _MOST_WARM or (size > _MOST_WARM_CHARACTERS and len(self._warm) > 1):
            _, coldest = self._warm.popitem(last=False)
            size -= len(coldest.text)
            coldest.cool()

    def others(self, document: Document) -> list[Document]:
        """Return the documents in use beside this one, the last used first."""
        return [other for key, other in reversed(self._warm.items()) if key != document.key]

    def memory_for(self, document: Document, cursor: int) -> OpenMemories:
        """Return the memories of the open documents, as seen from the cursor in one of them."""
        told = (each for each in self.others(document) if each.recall.is_warm and not self._is_private(each))
        parts = [each.recall.parts(each.text) for each in [document, *itertools.islice(told, _NEIGHBOURS)]]
        shards, strips = [shard for shard, _ in parts], [strip for _, strips in parts for strip in strips]
        after = bytes(document.text[cursor : cursor + _LONGEST_SEARCH])
        just_before = bytes(document.text[max(0, cursor - _NEARBY) : cursor]) + GAP  # after the last nothing follows
        nearby = Memory((), [Strip(just_before, 0, is_end=True)], source="nearby")
        return OpenMemories(Memory(shards, strips, after, "documents"), nearby, after)
