"""Changes on disk as settled sets of paths: what changed together arrives together, told by the system, not polled.

Knows no corpus: a filter says which paths matter.
"""

import asyncio
import contextlib
import stat
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver

# Editors write, rename and touch within milliseconds; a branch switch takes longer, but never pauses for this long.
_QUIET_SECONDS = 0.1
# A build that never pauses must not keep the user's own changes waiting.
_LONGEST_SECONDS = 2.0
# Of the whole system, and of a container by itself.
_LIMITS = (Path("/proc/sys/fs/inotify/max_user_watches"), Path("/proc/sys/user/max_inotify_watches"))
# Reading a file is no change; a directory's own entry is told of again by what changed in it.
_TELLING = {"created", "modified", "moved", "deleted", "closed", "attrib"}
# Of a folder outside of what is watched, the system tells no more than this: neither who opens files, nor of folders.
_OUTSIDE: list[type[FileSystemEvent]] = [FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent]


class _Forward(FileSystemEventHandler):
    def __init__(self, tell: Callable[[Path, bool], None]) -> None:
        self._tell = tell

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _TELLING or (event.is_directory and event.event_type == "modified"):
            return
        for path in (event.src_path, event.dest_path):
            if path:
                is_right = event.is_directory and event.event_type == "attrib"
                self._tell(Path(path if isinstance(path, str) else path.decode("utf-8", "surrogateescape")), is_right)


@contextlib.asynccontextmanager
async def watching(
    root: Path,
    matters: Callable[[Path], bool],
    arrived: asyncio.Queue[Path],
    right_matters: Callable[[Path], bool] = lambda _: False,
    refused: Callable[[OSError], None] = lambda _: None,
    outside: Iterable[Path] = (),
) -> AsyncIterator[asyncio.Future[str]]:
    """Watch a folder or a file: inside, what changes in it arrives; where it is not there, its return ends the watch.

    Yields a future, done with the reason when not all changes arrive any more: watch anew, and look at all there is.

    Args:
        root: what to watch.
        matters: tells which of the paths that change are of interest.
        arrived: gets those.
        right_matters: tells the same as `matters` of a folder where only the rights to it may have changed.
        refused: called when parts of the root cannot be watched: the system's limit of watches is reached.
        outside: files elsewhere that are watched too, each by its folder alone, while the root is there.

    Raises:
        OSError: the system cannot watch it (as above, or it may not be read).
    """
    loop, place = asyncio.get_running_loop(), await asyncio.to_thread(_place_of, root)
    lost = loop.create_future()

    def end(reason: str) -> None:
        if not lost.done():
            lost.set_result(reason)

    # These are called in the observer's threads.
    def lose(reason: str) -> None:
        loop.call_soon_threadsafe(end, reason)

    def tell(path: Path, is_right: bool) -> None:
        if root.is_relative_to(path) and _place_of(root) != place:
            lose(f"{path} came or went")
        if (right_matters if is_right else matters)(path):
            loop.call_soon_threadsafe(arrived.put_nowait, path)

    def refuse(error: OSError) -> None:
        loop.call_soon_threadsafe(refused, error)

    observer = await asyncio.to_thread(_start, place, outside, _Forward(tell), lose, refuse)
    try:
        if await asyncio.to_thread(_place_of, root) != place:
            lose(f"{root} came or went meanwhile")
        yield lost
    finally:
        await asyncio.to_thread(_stop, observer)


def limit() -> str:
    """Return what tells whether the system's limit of watches has changed; "" where it has none."""
    limits = [path for path in _LIMITS if path.exists()]
    return " ".join(path.read_text("ascii").strip() for path in limits)


class _Place(NamedTuple):
    """The folder to watch for the sake of a root: itself, or the nearest above it that exists."""

    folder: Path
    is_root: bool  # and all in it matters
    device: int
    inode: int


def _place_of(root: Path) -> _Place:
    for folder in (root, *root.parents):
        with contextlib.suppress(OSError):
            info = folder.stat()
            if stat.S_ISDIR(info.st_mode):
                return _Place(folder, folder == root, info.st_dev, info.st_ino)
    raise FileNotFoundError(f"nothing of {root} is there")


def _start(
    place: _Place,
    outside: Iterable[Path],
    handler: FileSystemEventHandler,
    lose: Callable[[str], None],
    refuse: Callable[[OSError], None],
) -> BaseObserver:
    observer = _observer(lose, refuse)
    observer.schedule(handler, str(place.folder), recursive=place.is_root)
    try:
        observer.start()  # walks the whole tree
    except OSError:
        observer.stop()
        raise
    for folder in {path.parent for path in outside} if place.is_root else ():
        with contextlib.suppress(OSError):  # what cannot be watched is looked at when all is listed
            observer.schedule(handler, str(folder), event_filter=_OUTSIDE)
    return observer


def _observer(lose: Callable[[str], None], refuse: Callable[[OSError], None]) -> BaseObserver:
    if sys.platform == "linux":
        from charwise_daemon.inotify import Observer  # noqa: PLC0415 - only there

        return Observer(lose, refuse)
    else:  # noqa: RET505 - mypy knows by it that this is another system's
        from watchdog.observers import Observer  # noqa: PLC0415 - as above

        return Observer()


def _stop(observer: BaseObserver) -> None:
    observer.stop()
    observer.join()


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
