"""`python -m charwise_lsp`: the language server on stdin and stdout."""

import gc
import logging
import sys

# The protocol's types are some 300,000 objects that all stay: looking for garbage among them at the usual pace takes a
# fifth of the start; not looking at all leaves 8 MB of it.
_IMPORTING = (20_000, 20, 100)


def main() -> None:
    """Serve one editor until it leaves; the exit status is 0 when it said `shutdown` first."""
    usual = gc.get_threshold()
    gc.set_threshold(*_IMPORTING)
    from charwise_lsp.server import SERVER  # noqa: PLC0415 - only now that the collector is slower

    gc.freeze()  # so that no collection while somebody types walks over them
    gc.set_threshold(*usual)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("pygls").setLevel(logging.ERROR)  # it warns of each request that ended before its cancellation
    SERVER.start_io()
    sys.exit(0 if SERVER.leaving else 1)


if __name__ == "__main__":
    main()
