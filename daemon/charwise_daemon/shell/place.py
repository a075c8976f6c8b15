"""The folder that a prompt is in, as far as it helps to complete: the names in it that may be arguments.

Looks at the disk, whose answer may be late or never come (a server that is gone): so it is asked in threads of its own,
and nobody waits long.
"""

import asyncio
import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from charwise_daemon.shell.checks import listed

T = TypeVar("T")

# Seconds after which a disk counts as one that does not answer.
_PATIENCE = 0.1
# Threads that may wait for such; then nothing more is asked.
_THREADS = 4
# Names of a folder that are offered.
_MOST_NAMES = 400


class Disk:
    """Asks the disk, and goes on without an answer where none comes."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="shell-disk")
        self._asked = 0

    def __repr__(self) -> str:
        return f"Disk({self._asked} asked)"

    async def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """Return what a function that looks at the disk returns, or something else where that takes too long."""
        if self._asked >= _THREADS:
            return otherwise
        self._asked += 1
        asked = asyncio.get_running_loop().run_in_executor(self._pool, question)
        asked.add_done_callback(self._answered)
        try:
            return await asyncio.wait_for(asyncio.shield(asked), _PATIENCE)
        except TimeoutError:
            return otherwise

    def close(self) -> None:
        """Ask no more; a thread that waits for a disk is left to it."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answered(self, asked: asyncio.Future[T]) -> None:
        self._asked -= 1
        if not asked.cancelled():
            asked.exception()  # seen: whoever asked may have gone


def names_at(directory: str, word: str) -> list[str]:
    """Return names in a folder as arguments have them: of the folder itself, and of the one that a word leads to."""
    found = [*listed(directory, _MOST_NAMES)]
    if "/" in word:
        start = word.rpartition("/")[0] + "/"
        folder = os.path.join(directory, os.path.expanduser(start))  # noqa: PTH111, PTH118 - text, as it was typed
        found += [start + name for name in listed(folder, _MOST_NAMES)]
    return [name for name in found if name.isprintable() and " " not in name]


@functools.lru_cache(maxsize=64)
def short(directory: str) -> str:
    """Return a folder as people write it, "~" for the home folder."""
    home = os.path.expanduser("~").rstrip("/")  # noqa: PTH111 - text, to compare
    if directory == home or directory.startswith(home + "/"):
        return "~" + directory[len(home) :]
    return directory
