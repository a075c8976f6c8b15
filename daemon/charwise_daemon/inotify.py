"""watchdog's observer for Linux, which says when it is to be relied on no longer.

By itself watchdog tells nobody when one of its threads dies of an error, when more happened at once than the system
remembers, when what it watches is moved away, and when the system's limit leaves folders unwatched. Knows no corpus.
"""

import contextlib
import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watchdog.events import EVENT_TYPE_ATTRIB, FileSystemEvent
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyConstants, InotifyEvent, InotifyFD, Mask, WatchDescriptor
from watchdog.utils import BaseThread

log = logging.getLogger(__name__)

# Nothing in a folder counts here, only what becomes of itself.
_ITSELF = Mask(InotifyConstants.IN_MOVE_SELF | InotifyConstants.IN_DELETE_SELF)


class _Guarded(BaseThread):
    """A thread of watchdog whose death is told."""

    lost: Callable[[str], None]

    def run(self) -> None:
        try:
            super().run()
        except Exception as error:  # the thread's edge
            log.exception("%s died", type(self).__name__)
            self.lost(f"watchdog failed ({error!r})")


class _Reader(_Guarded, InotifyFD):
    """Reads what the system tells; `refused` is called at its limit of watches, once."""

    def __init__(self, lost: Callable[[str], None], refused: Callable[[OSError], None]) -> None:
        super().__init__()
        self.lost = lost
        self._refused: Callable[[OSError], None] | None = refused
        self.unreadable = set[str]()  # folders, to us

    def add_callback(self, path: bytes, mask: Mask, *arguments: Any) -> WatchDescriptor:
        try:
            # A folder may be watched for two reasons: the second takes nothing away of what the first wants to know.
            descriptor = super().add_callback(path, Mask(mask | InotifyConstants.IN_MASK_ADD), *arguments)
        except OSError as error:
            if error.errno == errno.ENOSPC and self._refused:
                self._refused(error)
                self._refused = None
            raise
        if descriptor < 0:  # watchdog's way of saying that it may not be read
            self.unreadable.add(os.fsdecode(path))
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))
        return descriptor


class _Emitter(_Guarded, InotifyEmitter):
    """Makes events of it."""

    def __init__(self, *arguments: Any, inotify_fd: _Reader, **options: Any) -> None:
        super().__init__(*arguments, inotify_fd=inotify_fd, **options)
        self.lost, self._unreadable = inotify_fd.lost, inotify_fd.unreadable

    def queue_event(self, event: FileSystemEvent) -> None:
        super().queue_event(event)
        path = os.fsdecode(event.src_path)
        if event.event_type == EVENT_TYPE_ATTRIB and path in self._unreadable and os.access(path, os.R_OK):
            self.lost(f"{path} may be read now")


class _Itself:
    """What tells when a folder is no longer where it was, or when not all was told."""

    def __init__(self, lost: Callable[[str], None]) -> None:
        self._lost = lost

    def on_event(self, event: InotifyEvent) -> None:
        if event.is_move_self:
            self._lost("it was moved, or a folder above it")

    def on_watch_deleted(self, _: WatchDescriptor) -> None:
        self._lost("it was deleted")

    def on_queue_overflow(self) -> None:
        self._lost("more changed at once than the system remembers")


class Observer(_Guarded, BaseObserver):
    """Watches one folder, and some outside of it.

    Args:
        lost: called with the reason when not all is told any more: watch anew.
        refused: called when the system's limit leaves folders unwatched.
    """

    def __init__(self, lost: Callable[[str], None], refused: Callable[[OSError], None]) -> None:
        self.lost, self._reader = lost, _Reader(lost, refused)
        super().__init__(_Emitter, inotify_fd=self._reader)

    def on_thread_start(self) -> None:
        """Begin to read, then watch, and last take note of what becomes of the folder and of those above it."""
        self._reader.start()
        super().on_thread_start()
        itself = _Itself(self.lost)
        for folder in {above for emitter in self.emitters for above in _and_above(Path(emitter.watch.path))}:
            with contextlib.suppress(OSError):  # of what may not be read nothing is told
                self._reader.add_callback(os.fsencode(folder), _ITSELF, itself, CallbackId(id(itself)))

    def on_thread_stop(self) -> None:
        """End whatever has begun, were it broken."""
        try:
            super().on_thread_stop()
        except Exception:  # watchdog's tables may be what broke
            log.exception("watchdog did not stop as it should")
        finally:
            self._reader.stop()
            self._reader.join()


def _and_above(folder: Path) -> list[Path]:
    return [folder, *folder.parents]
