"""A shell that the user lets be learned from, connected to a real daemon."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from charwise_daemon import paths
from charwise_daemon.shell import importing
from tests.daemon.shell.shell import Shell

Enabled = Callable[..., Shell]


@pytest.fixture
def enabled(home: Path, tmp_path: Path) -> Iterator[Enabled]:  # noqa: ARG001 - the daemon's files
    """Return what connects a shell of a kind that is learned from, with a history of these commands."""
    shells = list[Shell]()

    def connect(*history: str, kind: str = "zsh") -> Shell:
        file = tmp_path / f"{kind}_history"
        file.write_text("".join(command.replace("\n", "\\\n") + "\n" for command in history))
        importing.enable(paths.state_dir(), kind, file if history else None)
        shells.append(Shell(kind))
        return shells[-1]

    yield connect
    for shell in shells:
        shell.close()
