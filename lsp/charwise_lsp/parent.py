"""The editor's process, which this one must not outlive. Knows nothing of what is served."""

import asyncio
import logging
import os
import sys

logger = logging.getLogger(__name__)

# Seconds, where the system cannot tell: soon enough that nobody finds a server without an editor.
_EVERY = 3.0


async def end_with(parent: int, every: float = _EVERY) -> None:
    """End this process soon after another; the end of stdin tells first, unless somebody else holds it open."""
    try:
        await _told_of_end(parent)
    except OSError:  # no Linux, or one that is too old or locked down
        while lives(parent):  # noqa: ASYNC110 - nothing to wait for
            await asyncio.sleep(every)
    logger.warning("the editor's process %d is gone", parent)
    os._exit(1)  # at once: stdin is read in a thread, which would hold up any other way to leave


def lives(pid: int) -> bool:
    """Tell whether there is a process with this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, but there
    return True


async def _told_of_end(pid: int) -> None:
    """Return when a process ends, without looking for it; raises OSError where the system cannot tell."""
    if sys.platform != "linux":
        raise OSError
    process, loop, ended = os.pidfd_open(pid), asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(process, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(process)
        os.close(process)
