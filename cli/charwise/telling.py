"""Telling a running daemon what was done to a workspace or a model, so that it does as that says at once."""

import contextlib
from collections.abc import Callable, Iterator

from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import ModelName, WorkspacePath


@contextlib.contextmanager
def daemon_told() -> Iterator[Callable[[str, ModelName | WorkspacePath], None]]:
    """Yield a function that requests something of a running daemon; where none runs, nobody is told."""
    try:
        client = Client("charwise", start=False)
    except CharwiseError:
        yield lambda _method, _parameters: None
        return

    def tell(method: str, parameters: ModelName | WorkspacePath) -> None:
        with contextlib.suppress(CharwiseError):  # it does not use this workspace, or has gone meanwhile
            client.request(method, parameters)

    with client:
        yield tell
