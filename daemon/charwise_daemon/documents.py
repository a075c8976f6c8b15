"""Open documents as bytes, mirrored edit by edit, each with what was computed along it.

Knows no sockets and no models: the LSTM's states and the memory's shards are kept here, made elsewhere.
"""

from collections import OrderedDict
from typing import Any

from charwise_daemon.errors import DocumentError, InvalidRequestError
from charwise_daemon.memory import MAX_ORDER, Memory
from charwise_daemon.recall import Recall
from charwise_daemon.snapshots import Snapshots
from charwise_trainer.corpus import encode_header

# Documents that keep their states and shards; the others keep only their text.
_MOST_WARM = 8
# Other documents whose text is remembered beside the one being typed in.
_NEIGHBOURS = 3


Key = tuple[object, str]  # whose document, and what they call it: two editors may have the same file open


class Document:
    """An open buffer: bytes, a version, LSTM states along it, and its memory."""

    def __init__(self, key: Key, path: str, text: bytes, version: int) -> None:
        self.key, self.path, self.version = key, path, version
        self._name = ""
        self.text = bytearray(text)
        self.is_broken = False  # an edit failed, so the mirror is not the client's document any more
        self.cool()

    def __repr__(self) -> str:
        return f"Document({self.label}, version {self.version}, {len(self.text):,} bytes, {self.snapshots})"

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.path or self.key[1]

    def context(self, offset: int) -> bytes:
        """Return the characters before an offset, as many as a memory looks at."""
        return bytes(self.text[max(0, offset - MAX_ORDER) : offset])

    def cool(self) -> None:
        """Forget everything but the text."""
        self.snapshots, self.recall = Snapshots(encode_header(self._name)), Recall()

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
        self.is_broken, was_broken = True, self.is_broken
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
        self.text[start:end] = text
        self.snapshots.cut(start)
        self.recall.edited(start, end, len(text))


def _change(change: Any) -> tuple[int, int, bytes]:
    match change:
        case [int(start), int(end), bytes(text)]:
            return start, end, text
        case [int(start), int(end), str(text)]:
            return start, end, text.encode("utf-8", "surrogateescape")
    raise InvalidRequestError(f"a change is [start, end, text], not {str(change)[:60]}; open the document again")


class Documents:
    """The open documents, the last used last."""

    def __init__(self) -> None:
        self._open: OrderedDict[Key, Document] = OrderedDict()

    def __repr__(self) -> str:
        return f"Documents({len(self._open)} open, {sum(len(d.text) for d in self._open.values()):,} bytes)"

    def __len__(self) -> int:
        return len(self._open)

    def open(self, document: Document) -> None:
        """Mirror this document, in place of one of the same key."""
        self._open[document.key] = document
        self.touch(document)

    def close(self, key: Key) -> None:
        """Forget a document; one that is not open is no error, as editors close twice."""
        self._open.pop(key, None)

    def close_all(self, owner: object) -> None:
        """Forget the documents of a client that is gone."""
        for key in [key for key in self._open if key[0] is owner]:
            del self._open[key]

    def get(self, key: Key) -> Document:
        """Return an open document.

        Raises:
            DocumentError: it is not open.
        """
        if document := self._open.get(key):
            return document
        raise DocumentError(f"{key[1]} is not open; open it first")

    def touch(self, document: Document) -> None:
        """Note that this document is the one in use; the least recently used lose their states and shards."""
        self._open.move_to_end(document.key)
        for cold in list(self._open.values())[:-_MOST_WARM]:
            cold.cool()

    def memory_for(self, document: Document, cursor: int) -> Memory:
        """Return the memory over the open documents, as seen from the cursor in one of them."""
        near = document.recall.shards(document.text, cursor)
        others = [
            d.recall.base for d in reversed(self._open.values()) if d is not document and d.recall.base is not None
        ]
        shards = [shard for shard, _ in near] + others[:_NEIGHBOURS]
        return Memory(shards, [place for _, place in near] + [-1] * len(others[:_NEIGHBOURS]))
