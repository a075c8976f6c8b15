"""The editor's process, which this one must not outlive. Knows nothing of what is served."""

import asyncio
import logging
import os

logger = logging.getLogger(__name__)

# Seconds: rare enough to cost nothing, soon enough that nobody finds a server without an editor.
_EVERY = 3.0


async def end_with(parent: int, every: float = _EVERY) -> None:
    """End this process soon after another; the end of stdin tells first, unless somebody else holds it open."""
    if not lives(parent):
        return  # it lives where this process cannot see it, such as outside a container
    while True:
        await asyncio.sleep(every)
        if not lives(parent):
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
