"""The list of workspaces, kept from one start of the daemon to the next."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from charwise_daemon.errors import WorkspaceError
from charwise_trainer.errors import StorageError
from charwise_trainer.storage import replace_file


@dataclass(frozen=True)
class Entry:
    """A workspace: its folder or file, and the name of its model."""

    path: str
    model: str
    lines: bool = False  # each line is a text of its own
    base: bool = True  # its model begins from the base model, which stands for it before; else empty
    quick: bool = False  # its model is the smallest: where a key has a few milliseconds


def read(file: Path) -> dict[Path, Entry]:
    """Return the workspaces by path.

    Raises:
        WorkspaceError: the list cannot be read.
    """
    try:
        entries = [Entry(**each) for each in json.loads(file.read_text("utf-8"))]
    except FileNotFoundError:
        return {}
    except (OSError, TypeError, ValueError) as error:
        raise WorkspaceError(
            f"cannot read the list of workspaces {file}: {error}; remove it and add them again"
        ) from error
    return {Path(each.path): each for each in entries}


def write(file: Path, entries: dict[Path, Entry]) -> None:
    """Store the list, whole or not at all.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    try:
        replace_file(file, json.dumps([asdict(each) for each in entries.values()], indent=1).encode())
    except StorageError as error:
        raise WorkspaceError(str(error)) from error


def absolute(path: str) -> Path:
    """Return a path as workspaces are listed by; it need not exist any more.

    Raises:
        WorkspaceError: it is relative, and the daemon does not know to what.
    """
    expanded = Path(path).expanduser()
    if not expanded.is_absolute():
        raise WorkspaceError(f"{path!r} is no absolute path; name the folder in full")
    return expanded.resolve()


def resolve(path: str) -> Path:
    """Return the absolute path of what may become a workspace.

    Raises:
        WorkspaceError: nothing is there, or it is far more than a project.
    """
    resolved = absolute(path)
    if not resolved.exists():
        raise WorkspaceError(f"{resolved} does not exist; name a folder or a file")
    if not (resolved.is_dir() or resolved.is_file()):
        raise WorkspaceError(f"{resolved} is neither a folder nor a file of text; name one that is")
    if resolved in {Path(resolved.anchor), Path.home()}:
        raise WorkspaceError(f"{resolved} is no project but everything; add the folders in it that you work on")
    return resolved
