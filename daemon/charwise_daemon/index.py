"""The index: a workspace's files as one text with its suffix array. This is the program that makes it.

`python -m charwise_daemon.index` takes an Order on stdin, writes text and suffix array to the file that it was handed,
and tells on stdout what it found. It is a process of its own because listing folders, looking for secrets and sorting
hold Python's lock for seconds, and the daemon has a keystroke to answer. Knows no daemon: indexer.py starts it.
"""

import mmap
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgpack

from charwise_daemon.memory import CorpusMemory
from charwise_daemon.selection import ordered
from charwise_daemon.shard import Shard
from charwise_trainer.corpus import Candidate, CorpusFile, Limits, Rules, encode, survey
from charwise_trainer.errors import LeftOut, TrainerError

NOWHERE = -1

# Files in a part of what the processes tell each other: each is read in a fifth of a millisecond, and between two parts
# others get Python's lock.
_PART = 500

T = TypeVar("T")


class Entry(NamedTuple):
    """One file of a workspace: its time and size on disk, and where its text stands in the index, NOWHERE if not."""

    mtime_ns: int
    size: int
    start: int = NOWHERE
    end: int = NOWHERE

    @property
    def stamp(self) -> tuple[int, int]:
        """What tells whether the file has changed."""
        return self.mtime_ns, self.size


def entry_of(file: CorpusFile) -> Entry:
    """Return the entry of a file that was read and is not in the index."""
    return Entry(file.mtime_ns, file.size)


@dataclass(frozen=True)
class Order:
    """What to make an index of.

    Args:
        root: the folder or file, as the system's bytes.
        memory_bytes: of text at most.
        documents: names of those that are worked on, see selection.py.
        known: files in the index before; their text is taken from there when they have not changed.
        before: file descriptor of the index before.
        target: file descriptor of the file to write.
    """

    root: bytes
    file_bytes: int
    total_bytes: int
    memory_bytes: int
    documents: Sequence[str]
    known: Mapping[str, Entry]
    before: int
    target: int


@dataclass(frozen=True)
class Index:
    """What was found; `error` says why nothing was written, "" is well."""

    files: Mapping[str, Entry]  # those in the index, and those that had no room in it
    characters: int = 0
    left_out: int = 0  # files and folders that the rules leave out
    held_back: int = 0  # bytes of files, as they are on disk, that had no room
    ignore_files: Mapping[str, bytes] = field(default_factory=dict)  # digests of those that were obeyed, as of Rules
    error: str = ""


def suffixes_at(characters: int) -> int:
    """Return where the suffix array of a text begins in the file: behind the text and its gap, where a map may."""
    return -(-(characters + 1) // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY


def pack(value: Order | Index, table: str) -> bytes:
    """Return an order or index for `unpack`; `table` names the field that holds the files."""
    fields = dict(vars(value))
    files = list(fields.pop(table).items())
    parts = [dict(files[start : start + _PART]) for start in range(0, len(files), _PART)]
    return b"".join(map(msgpack.packb, [fields, *parts]))


def unpack(cls: type[T], table: str, packed: bytes) -> T:
    """Return what was packed."""
    parts = msgpack.Unpacker(use_list=False, max_buffer_size=0)
    parts.feed(packed)
    fields = parts.unpack()
    files = {name: Entry(*entry) for part in parts for name, entry in part.items()}
    return cls(**fields, **{table: files})


def main() -> None:
    """Do what the order on stdin says, and answer on stdout."""
    order = unpack(Order, "known", sys.stdin.buffer.read())
    try:
        index = make(order)
    except TrainerError as error:
        index = Index({}, error=str(error))
    except (OSError, MemoryError) as error:
        index = Index({}, error=f"its index of {order.memory_bytes:,} characters at most has no room ({error})")
    sys.stdout.buffer.write(pack(index, "files"))


def make(order: Order) -> Index:
    """Read and sort the files, write text and suffix array to the target, and return the table of both.

    Raises:
        CorpusError: the root cannot be read.
        OSError: the target cannot be written.
    """
    listing = survey(Path(os.fsdecode(order.root)), Limits(order.file_bytes, order.total_bytes))
    candidates = _within(listing.candidates, order.total_bytes)
    gathered = _Gathered(order, listing.rules)
    for candidate in ordered(candidates, order.documents):
        gathered.take(candidate)
    left_out = len(listing.excluded) + len(listing.candidates) - len(gathered.entries)
    memory = CorpusMemory.build(dict(sorted(gathered.texts.items())))
    gathered.texts.clear()  # the sorting has taken most of what memory it needs, the writing needs as much again
    _write(order.target, memory.base)
    files = {
        name: Entry(*entry.stamp, *memory.places.get(name, (NOWHERE, NOWHERE)))
        for name, entry in gathered.entries.items()
    }
    return Index(files, len(memory.base), left_out, gathered.held_back, listing.rules.ignore_files())


class _Gathered:
    """Texts as they are taken, until there is no more room."""

    def __init__(self, order: Order, rules: Rules) -> None:
        self._rules, self._room = rules, order.memory_bytes
        self._known = order.known
        self._before = _mapped(order.before) if order.known else b""
        self.entries: dict[str, Entry] = {}
        self.texts: dict[str, bytes] = {}
        self.held_back = 0

    def take(self, candidate: Candidate) -> None:
        """Take a file in, if it is text; or, from the first that does not fit on, hold it back."""
        entry = Entry(candidate.mtime_ns, candidate.size)
        if self._room <= 0:
            self._hold_back(candidate, entry)
            return
        try:
            entry, text = self._read(candidate, entry)
        except LeftOut:
            return
        if len(text) > self._room and self.texts:
            self._room = 0
            self._hold_back(candidate, entry)
            return
        kept = text if len(text) <= self._room else _end_of(text, self._room)  # a text larger than all the room
        self.entries[candidate.name], self.texts[candidate.name] = entry, kept
        self.held_back += len(text) - len(kept)
        self._room -= len(kept)

    def _hold_back(self, candidate: Candidate, entry: Entry) -> None:
        self.entries[candidate.name] = entry
        self.held_back += entry.size

    def _read(self, candidate: Candidate, entry: Entry) -> tuple[Entry, bytes]:
        known = self._known.get(candidate.name)
        if known and known.stamp == entry.stamp:
            return entry, bytes(self._before[known.start : known.end])
        file = self._rules.read(candidate.path)
        return entry_of(file), encode(file)


def _within(newest: tuple[Candidate, ...], limit: int) -> list[Candidate]:
    """Return the newest files that fit into the corpus' limit, judged by their sizes on disk."""
    within = []
    for candidate in newest:
        limit -= candidate.size
        if limit < 0:
            break
        within.append(candidate)
    return within


def _end_of(text: bytes, most: int) -> bytes:
    """Return the end of a text, from the beginning of a line on: what was written last in a file of notes or a log."""
    least = len(text) - most
    return text[text.find(b"\n", least) + 1 or least :]


def _mapped(descriptor: int) -> memoryview:
    return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))


def _write(target: int, shard: Shard) -> None:
    # Written, not mapped: a full disk is an error then, and not a signal.
    with open(target, "wb", closefd=False) as file:
        file.write(shard.text)
        file.seek(suffixes_at(len(shard)))
        file.write(shard.suffixes.data)


if __name__ == "__main__":
    main()
