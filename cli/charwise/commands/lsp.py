"""`charwise lsp`."""

from typing import Annotated

import typer


def lsp(
    completion: Annotated[
        bool, typer.Option("--completion", help="Suggest in the completion menu too, for editors without ghost text.")
    ] = False,
) -> None:
    """Run the language server on stdin and stdout, as editors start it; it starts the daemon when none runs."""
    from charwise_lsp.__main__ import main  # noqa: PLC0415 - only this verb needs it

    main(completion=completion)
