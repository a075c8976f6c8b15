"""`python -m charwise_daemon`: the daemon in the foreground. `charwise daemon run` and clients start it so."""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import logging
import logging.handlers
import os
import sys

from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError

# How long a key waits for Python's lock while a thread (a save that is read, a watcher) has it; the 5 ms that Python
# lets it have would be a completion's whole budget.
_SWITCH_SECONDS = 0.0005
# Arrays of this size are mapped, and go back to the system when a checkpoint is replaced; glibc would raise the size to
# that of the largest array freed so far, and keep what is smaller.
_MAPPED_BYTES, _M_MMAP_THRESHOLD = 1 << 20, -3
# The log of a month of daily use; two older ones are kept.
_LOG_BYTES = 1 << 20


def main() -> int:
    """Run a daemon until it is told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="charwise_daemon", description="The charwise daemon, in the foreground.")
    parser.add_argument("--ready-fd", type=int, help="write one byte here when clients can connect; log to the file")
    arguments = parser.parse_args()
    # One thread is fastest for a step's small products, and leaves the other cores to the user.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.setswitchinterval(_SWITCH_SECONDS)
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
    from charwise_daemon import kernel, server, settings  # noqa: PLC0415 - numpy reads the environment when imported

    gc.freeze()  # what was imported stays: a collection, which holds up a key, need not look through it
    try:
        chosen = settings.load(paths.settings_file())
        _log_to(file=arguments.ready_fd is not None, level=chosen.daemon.log_level)
        logging.getLogger(__name__).info("engine: %s; %s", kernel.chosen().name, kernel.chosen().reason)
        asyncio.run(server.serve(chosen, arguments.ready_fd))
    except CharwiseError as error:
        print(f"charwise: {error}", file=sys.stderr)  # noqa: T201 - the one line that the starting client quotes
        return 1
    return 0


def _log_to(file: bool, level: str) -> None:
    """Log to the file where started by a client, else to the terminal."""
    handler: logging.Handler = logging.StreamHandler()
    if file:
        handler = logging.handlers.RotatingFileHandler(
            paths.log_file(), maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", errors="backslashreplace"
        )
    logging.basicConfig(
        handlers=[handler], level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


if __name__ == "__main__":
    sys.exit(main())
