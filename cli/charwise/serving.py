"""Which workspace a path is in, and so which model serves it."""

from pathlib import Path

from charwise_daemon import paths, registry
from charwise_daemon.errors import ModelError
from charwise_daemon.registry import Entry


def workspace_of(path: str | Path) -> Entry:
    """Return the workspace at a path, or the innermost one that holds it.

    Raises:
        ModelError: it is in none.
    """
    listed, at = registry.read(paths.workspaces_file()), Path(path).resolve()
    for folder in (at, *at.parents):
        if entry := listed.get(folder):
            return entry
    raise ModelError(f"{at} is in no workspace; name a model with --model, as `charwise models list` has them")


def workspace_with(model: str) -> Entry | None:
    """Return the workspace that a model learned, None where it is on the list no more."""
    listed = registry.read(paths.workspaces_file()).values()
    return next((entry for entry in listed if entry.model == model), None)
