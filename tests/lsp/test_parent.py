"""The editor's process, which the server does not outlive."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE

import pytest

from charwise_lsp.parent import lives

WATCH = """
import asyncio, os, sys
from charwise_lsp.parent import end_with

if sys.argv[2] == "untold":
    def refused(pid):
        raise OSError("the system cannot tell")
    os.pidfd_open = refused

async def main():
    task = asyncio.create_task(end_with(int(sys.argv[1]), every=0.01))
    await asyncio.sleep(0)
    print("watching", flush=True)
    await task

asyncio.run(main())
"""


async def ended() -> int:
    """Return the number of a process that is gone."""
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    return process.pid


async def test_lives() -> None:
    """A process lives until it ended; somebody else's counts, too."""
    assert lives(os.getpid())
    assert lives(1)
    assert not lives(await ended())


@pytest.mark.parametrize("how", ["told", "untold"])
async def test_end_with(how: str) -> None:
    """A process that watches another ends soon after it, with status 1, told by the system or by looking."""
    watched = await asyncio.create_subprocess_exec("cat", stdin=PIPE)
    command = (sys.executable, "-c", WATCH, str(watched.pid), how)
    watching = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert watching.stdout
    assert await watching.stdout.readline() == b"watching\n"
    watched.kill()
    await watched.communicate()
    await watching.communicate()
    assert watching.returncode == 1
