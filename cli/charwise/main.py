"""Where the `charwise` command begins: straight to the language server, which an editor waits for, or to all else."""

import sys


def main() -> int:
    """Run the command; return the exit code."""
    if sys.argv[1:] == ["lsp"]:  # without the command line's parser: 11 MB less, and a fifth off the start
        from charwise_lsp.__main__ import main as serve  # noqa: PLC0415 - only one of the two is needed

        serve()
    from charwise.app import run  # noqa: PLC0415 - as above

    return run()
