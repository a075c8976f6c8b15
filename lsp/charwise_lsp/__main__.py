"""`python -m charwise_lsp [--completion]`: the language server on stdin and stdout."""

import contextlib
import functools
import gc
import logging
import sys
import threading
from typing import NoReturn

from charwise_daemon import launch
from charwise_daemon.errors import CharwiseError


def main(*, completion: bool = False) -> NoReturn:
    """Serve one editor until it leaves; the exit status is 0 when it said `shutdown` first.

    With `completion` suggestions are in the completion menu too.
    """
    threading.Thread(target=_start_daemon, daemon=True).start()  # its start and the imports here need one core each
    _import_types()
    from charwise_lsp.server import SERVER  # noqa: PLC0415 - only now that the types are there
    from charwise_lsp.wire import serve  # noqa: PLC0415 - likewise

    if completion:
        from charwise_lsp.menu import register  # noqa: PLC0415 - likewise

        register(SERVER)

    gc.freeze()  # so that no collection while somebody types walks over what stays anyway
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("pygls").setLevel(logging.ERROR)  # it warns of each request that ended before its cancellation
    serve(SERVER)
    sys.exit(0 if SERVER.leaving else 1)


def _start_daemon() -> None:
    with contextlib.suppress(CharwiseError):  # the session tries again, and tells of it
        launch.ensure_running()


def _import_types() -> None:
    """Import the protocol's 554 classes without comparison, representation and slots, which nothing here uses.

    attrs compiles each method of each class at every start: with all of them that is two thirds of the start.
    """
    import attrs  # noqa: PLC0415 - after the daemon's start

    usual = attrs.define
    attrs.define = functools.partial(usual, eq=False, repr=False, slots=False)
    try:
        import lsprotocol.types  # noqa: F401, PLC0415 - only while classes are made so
    finally:
        attrs.define = usual


if __name__ == "__main__":
    main(completion="--completion" in sys.argv[1:])
