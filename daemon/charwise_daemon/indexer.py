"""Starts the process that makes an index, and maps what it wrote. What an index is, index.py knows.

The index lies in a file that has no name, so that nothing of the user's text stays behind on a disk, however this ends.
"""

import asyncio
import contextlib
import mmap
import os
import signal
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from charwise_daemon.errors import WorkspaceError
from charwise_daemon.index import NOWHERE, Entry, Index, Order, pack, suffixes_at, unpack
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.shard import Shard

# Below what the user runs, and above the trainer: somebody may be waiting for the first suggestion.
_NICENESS = 10

_PROGRAM = (sys.executable, "-m", "charwise_daemon.index")


class Indexer:
    """Makes the indices of one workspace, one at a time; each takes over from the one before what has not changed."""

    def __init__(self, root: Path, settings: CorpusSettings) -> None:
        self._root, self._settings = root, settings
        self._before: IO[bytes] | None = None

    def __repr__(self) -> str:
        return f"Indexer({self._root}, {'has one' if self._before else 'has none'})"

    async def make(self, known: Mapping[str, Entry], documents: Iterable[str]) -> tuple[Index, CorpusMemory]:
        """Return a new index and its memory; cancelled, the process is ended.

        Args:
            known: the files of the index made last; what `known` lacks is read anew.
            documents: names of those that are worked on.

        Raises:
            WorkspaceError: it could not be made; the one made last stays.
        """
        try:
            target = _nameless_file()
            with contextlib.ExitStack() as unless_made:
                unless_made.enter_context(target)
                index = await self._run(known, documents, target)
                memory = await asyncio.to_thread(_map, index, target)
                unless_made.pop_all()
        except OSError as error:
            raise WorkspaceError(f"its reader could not be started ({error})") from error
        self.close()
        self._before = target
        return index, memory

    def close(self) -> None:
        """Forget the index made last; who has its memory keeps it."""
        if self._before:
            self._before.close()
            self._before = None

    async def _run(self, known: Mapping[str, Entry], documents: Iterable[str], target: IO[bytes]) -> Index:
        before = self._before.fileno() if self._before else NOWHERE
        order = Order(
            os.fsencode(self._root),
            self._settings.file_bytes,
            self._settings.total_bytes,
            min(self._settings.memory_bytes, self._settings.total_bytes),
            list(documents),
            {name: entry for name, entry in known.items() if entry.start != NOWHERE} if self._before else {},
            before,
            target.fileno(),
        )
        descriptors = [number for number in (before, order.target) if number != NOWHERE]
        answer = await _ask(await asyncio.to_thread(pack, order, "known"), descriptors)
        index = await asyncio.to_thread(unpack, Index, "files", answer)
        if index.error:
            raise WorkspaceError(index.error)
        return index


async def _ask(order: bytes, descriptors: list[int]) -> bytes:
    """Run the program and return its answer; cancelled, return when it has ended."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*_PROGRAM, stdin=pipe, stdout=pipe, pass_fds=descriptors, cwd="/")
    try:
        niceness = max(_NICENESS, os.getpriority(os.PRIO_PROCESS, 0))  # nobody may make it less
        with contextlib.suppress(ProcessLookupError):  # it has ended already: the answer says why
            os.setpriority(os.PRIO_PROCESS, process.pid, niceness)
        answer, _ = await process.communicate(order)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # wait() never returns while a part of the answer is unread
    if process.returncode:
        raise WorkspaceError(f"its reader ended with {_reason(process.returncode)} (see `charwise daemon logs`)")
    return answer


def _nameless_file() -> IO[bytes]:
    """Return a file that no path leads to: in memory where the system has that, else on disk, unlinked already."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("charwise-index"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _map(index: Index, file: IO[bytes]) -> CorpusMemory:
    """Return the memory that lies in a file."""
    characters, at = index.characters, suffixes_at(index.characters)
    suffixes = np.zeros(0, np.intc)
    if characters:
        mapped = mmap.mmap(file.fileno(), characters * suffixes.itemsize, access=mmap.ACCESS_READ, offset=at)
        suffixes = np.frombuffer(mapped, np.intc)
    text = memoryview(mmap.mmap(file.fileno(), characters + 1, access=mmap.ACCESS_READ))
    places = {name: (entry.start, entry.end) for name, entry in index.files.items() if entry.start != NOWHERE}
    return CorpusMemory(Shard.sorted(text, suffixes, is_sampled=True), places)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
