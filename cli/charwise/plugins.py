"""Where the shells' plugins are: in the installed package, or in the source beside it."""

import os
import re
import shlex
import sys
from pathlib import Path

from charwise_daemon.errors import CharwiseError

FILES = {
    "zsh": "zsh/charwise.zsh",
    "bash": "bash/charwise.bash",
    "fish": "fish/charwise.fish",
    "ipython": "ipython/charwise_ipython/__init__.py",
}
# bash and fish have no Unix sockets; a Python program has them for them, which this one's Python can run.
_WITH_PYTHON = {"bash", "fish"}
_IPYTHON = "import sys; sys.path.append({!r}); c.InteractiveShellApp.extensions.append('charwise_ipython')"
_IPYTHON_FOLDER = re.compile(r"sys\.path\.append\((['\"])(.*?)\1\).*charwise_ipython")


def plugin(shell: str) -> Path:
    """Return the file of a shell's plugin.

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


def line(shell: str) -> str:
    """Return the line that a shell's rc file is to have; raises as `plugin` does."""
    path = plugin(shell)
    if shell == "ipython":
        return _IPYTHON.format(str(path.parent.parent))
    return shlex.join(["source", str(path), *([sys.executable] if shell in _WITH_PYTHON else [])])


def in_rc_file(shell: str) -> tuple[bool, str]:
    """Return whether the shell's rc file is well, as far as it can be told, and what is to be said of it."""
    if shell not in FILES:
        return True, ""
    rc = rc_file(shell)
    try:
        lines = rc.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    used = [path for each in lines for path in _used(shell, each)]
    if not used:
        return True, f"{rc} has no line for it, unless another file has: `charwise shell init {shell} >> {rc}`"
    missing = [path for path in used if path.startswith("/") and not Path(path).exists()]
    if missing:
        return False, f"{rc} needs {missing[0]}, which is gone: put there what `charwise shell init {shell}` prints"
    return True, f"{rc} loads it"


def _used(shell: str, line: str) -> list[str]:
    """Return the files that a line of an rc file needs to load the plugin; none where it is another line."""
    if shell == "ipython":
        found = _IPYTHON_FOLDER.match(line.partition(";")[2].strip())
        return [found[2]] if found else []
    if FILES[shell].rpartition("/")[2] not in line or not line.startswith(("source ", ". ")):
        return []
    rest = line.split(maxsplit=1)[1]
    try:
        return shlex.split(rest, comments=True)
    except ValueError:
        return [rest]


def rc_file(shell: str) -> Path:
    """Return the file that a shell reads at its start."""
    if shell == "zsh":
        return Path(os.environ.get("ZDOTDIR") or Path.home()) / ".zshrc"
    if shell == "fish":
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "fish/config.fish"
    if shell == "ipython":
        return Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default/ipython_config.py"
    return Path.home() / ".bashrc"


def _folders(package: Path) -> tuple[Path, ...]:
    return package / "shell", package.parents[1] / "shell"
