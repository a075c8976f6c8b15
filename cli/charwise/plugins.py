"""Where the shells' plugins are: in the installed package, or in the source beside it."""

from pathlib import Path

from charwise_daemon.errors import CharwiseError

FILES = {"zsh": "zsh/charwise.zsh", "bash": "bash/charwise.bash", "fish": "fish/charwise.fish"}


def plugin(shell: str) -> Path:
    """Return the file that a shell's rc file is to source.

    Raises:
        CharwiseError: there is none for this shell.
    """
    if shell not in FILES:
        raise CharwiseError(f"there is no plugin for {shell}; there are some for {', '.join(FILES)}")
    here = Path(__file__).parent
    found = next((path for folder in _folders(here) if (path := folder / FILES[shell]).is_file()), None)
    if found is None:
        raise CharwiseError(f"the plugin for {shell} is missing; install charwise again")
    return found


def _folders(package: Path) -> tuple[Path, ...]:
    return package / "shell", package.parents[1] / "shell"
