"""Serves an editor on stdin and stdout.

pygls reads in a thread, with three turns of it for each message: a millisecond and more for each key while the machine
is busy. A pipe can be waited for by the event loop itself.
"""

import asyncio
import os
import stat
import sys
from threading import Event

from pygls.io_ import StdoutWriter, run_async
from pygls.lsp.server import LanguageServer

_PASSED_OVER = b"?"  # what pygls does with a line that is no header


def serve(server: LanguageServer) -> None:
    """Serve until the editor leaves or is gone."""
    if not _can_be_waited_for():
        server.start_io()
        return
    try:
        asyncio.run(_serve(server))
    except (asyncio.IncompleteReadError, BrokenPipeError, KeyboardInterrupt, SystemExit):
        pass  # the editor is gone, in the middle of a message or not, or has said `exit`
    finally:
        server.shutdown()  # type: ignore[no-untyped-call]  # pygls does not say


class _Reader(asyncio.StreamReader):
    """Lets others have a turn before each line, so that what a message sets going has begun when the next comes."""

    async def readline(self) -> bytes:
        await asyncio.sleep(0)
        try:
            return await super().readline()
        except ValueError:  # of a line longer than any that a message has
            return _PASSED_OVER


async def _serve(server: LanguageServer) -> None:
    reader, stdin = _Reader(), sys.stdin.buffer
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
    server.protocol.set_writer(StdoutWriter(sys.stdout.buffer))
    await run_async(Event(), reader, server.protocol, error_handler=server.report_server_error)


def _can_be_waited_for() -> bool:
    """Tell whether stdin is a pipe of its own: one that is stdout too would not block there either, and lose text."""
    stdin, stdout = os.fstat(sys.stdin.fileno()), os.fstat(sys.stdout.fileno())
    is_pipe = stat.S_ISFIFO(stdin.st_mode) or stat.S_ISSOCK(stdin.st_mode)
    return is_pipe and not os.path.samestat(stdin, stdout)
