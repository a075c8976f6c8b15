"""Where the shells' plugins are: in the installed package, or in the source beside it."""

import os
import shlex
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


def in_rc_file(shell: str) -> tuple[bool, str]:
    """Return whether the shell's rc file is well, as far as it can be told, and what is to be said of it."""
    if shell not in FILES:
        return True, ""
    rc = _rc_file(shell)
    name = FILES[shell].rpartition("/")[2]
    try:
        lines = rc.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    sourced = [line.split(maxsplit=1)[1] for line in lines if name in line and line.startswith(("source ", ". "))]
    if not sourced:
        return True, f"{rc} has no line for it, unless another file has: `charwise shell init {shell} >> {rc}`"
    missing = [path for path in map(_first_word, sourced) if path.startswith("/") and not Path(path).is_file()]
    if missing:
        return False, f"{rc} sources {missing[0]}, which is gone: put there what `charwise shell init {shell}` prints"
    return True, f"{rc} sources it"


def _first_word(line: str) -> str:
    try:
        return shlex.split(line)[0]
    except (ValueError, IndexError):
        return line


def _rc_file(shell: str) -> Path:
    if shell == "zsh":
        return Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"
    if shell == "fish":
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "fish/config.fish"
    return Path.home() / ".bashrc"


def _folders(package: Path) -> tuple[Path, ...]:
    return package / "shell", package.parents[1] / "shell"
