"""Changes on disk as settled sets of paths: what changed together arrives together, told by the system, not polled.

Knows no corpus: a filter says which paths matter.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

# Editors write, rename and touch within milliseconds; a branch switch takes longer, but never pauses for this long.
_QUIET_SECONDS = 0.1
# A build that never pauses must not keep the user's own changes waiting.
_LONGEST_SECONDS = 2.0
# Reading a file is no change; a directory's own entry is told of again by what changed in it.
_TELLING = {"created", "modified", "moved", "deleted", "closed"}


class _Forward(FileSystemEventHandler):
    def __init__(self, tell: Callable[[Path], None]) -> None:
        self._tell = tell

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _TELLING or (event.is_directory and event.event_type == "modified"):
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self._tell(Path(path if isinstance(path, str) else path.decode("utf-8", "surrogateescape")))


@contextlib.asynccontextmanager
async def watching(root: Path, matters: Callable[[Path], bool], arrived: asyncio.Queue[Path]) -> AsyncIterator[None]:
    """Watch `root` (a folder or a file): inside, what changes arrives in the queue.

    Raises:
        OSError: the system cannot watch it (its limit of watches is reached, or the folder is gone).
    """
    loop = asyncio.get_running_loop()

    def tell(path: Path) -> None:  # in the observer's thread
        if matters(path):
            loop.call_soon_threadsafe(arrived.put_nowait, path)

    observer = await asyncio.to_thread(_start, root, _Forward(tell))
    try:
        yield
    finally:
        observer.stop()
        await asyncio.to_thread(observer.join)


def _start(root: Path, handler: FileSystemEventHandler) -> BaseObserver:
    is_folder, observer = root.is_dir(), Observer()
    observer.schedule(handler, str(root if is_folder else root.parent), recursive=is_folder)
    observer.start()  # walks the whole tree
    return observer


async def settled(arrived: asyncio.Queue[Path]) -> AsyncIterator[set[Path]]:
    """Yield the sets of paths that arrived together."""
    while True:
        yield await _settled(arrived)


async def _settled(arrived: asyncio.Queue[Path]) -> set[Path]:
    changed = {await arrived.get()}
    latest = asyncio.get_running_loop().time() + _LONGEST_SECONDS
    try:
        async with asyncio.timeout_at(latest):
            while True:
                async with asyncio.timeout(_QUIET_SECONDS):
                    changed.add(await arrived.get())
    except TimeoutError:
        return changed
