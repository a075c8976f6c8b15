"""Where sockets, models, settings and logs live.

`CHARWISE_HOME` puts all of them under one folder, so that tests, benchmarks and two versions stand side by side.
Every folder made here is the user's alone (0700).
"""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from charwise_daemon.errors import CharwiseError

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL among them.
_LONGEST_SOCKET_PATH = 100


def settings_file() -> Path:
    """Return the path of settings.toml, which need not exist."""
    return _base("config") / "settings.toml"


def models_dir() -> Path:
    """Return the folder of stored models, made when missing."""
    return private_dir(_base("data") / "models")


def workspaces_file() -> Path:
    """Return the path of the list of workspaces, which need not exist."""
    return private_dir(_base("data")) / "workspaces.json"


def state_dir() -> Path:
    """Return the folder of what the daemon remembers of its use, made when missing."""
    return private_dir(_base("state"))


def log_file() -> Path:
    """Return the path of the daemon's log."""
    return private_dir(_base("log")) / "daemon.log"


def cache_dir() -> Path:
    """Return the folder of what can be made again, made when missing."""
    return private_dir(_base("cache"))


def socket_file() -> Path:
    """Return the path of the daemon's socket, moved to a short folder of the user's when it would be too long."""
    return _socket("daemon.sock")


def shell_socket_file() -> Path:
    """Return the path of the socket that shells connect to, beside the daemon's."""
    return _socket("shell.sock")


def status_file() -> Path:
    """Return the path of the file that names the running daemon's pid and version."""
    return _runtime_dir() / "daemon.json"


def daemon_lock_file() -> Path:
    """Return the file that a daemon holds locked for as long as it lives."""
    return _runtime_dir() / "daemon.lock"


def start_lock_file() -> Path:
    """Return the file that a client holds locked while it starts a daemon."""
    return _runtime_dir() / "start.lock"


def private_dir(path: Path) -> Path:
    """Make `path`, and what it lies in, with mode 0700 where they are missing, and return it.

    Raises:
        CharwiseError: the folder belongs to somebody else, or cannot be made.
    """
    try:
        for missing in reversed([each for each in path.parents if not each.exists()]):
            missing.mkdir(mode=0o700, exist_ok=True)  # which parents=True would make for all to read
        path.mkdir(mode=0o700, exist_ok=True)
        seen = path.stat()
    except OSError as error:
        raise CharwiseError(f"cannot use {path}: {error.strerror}; set CHARWISE_HOME to a folder of yours") from error
    if seen.st_uid != os.getuid():
        raise CharwiseError(f"{path} belongs to user {seen.st_uid}, so it is not safe; set CHARWISE_HOME to another")
    return path


def _runtime_dir() -> Path:
    path = private_dir(_base("runtime"))
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o700)
    return path


def _socket(name: str) -> Path:
    wanted = _runtime_dir() / name
    if len(os.fsencode(_runtime_dir() / "daemon.sock")) <= _LONGEST_SOCKET_PATH:  # the longest name: all lie together
        return wanted
    digest = hashlib.sha256(os.fsencode(_runtime_dir() / "daemon.sock")).hexdigest()[:16]
    return private_dir(_short_dir() / digest) / name


def environment() -> dict[str, str]:
    """Return the environment of a process that works in another folder: ours, with the same CHARWISE_HOME."""
    home = os.environ.get("CHARWISE_HOME")
    return {**os.environ, **({"CHARWISE_HOME": str(Path(home).absolute())} if home else {})}


def _base(kind: str) -> Path:
    if home := os.environ.get("CHARWISE_HOME"):
        return private_dir(Path(home).absolute()) / kind
    if kind == "runtime":
        run = os.environ.get("XDG_RUNTIME_DIR")
        return Path(run) / "charwise" if run else _short_dir()
    import platformdirs  # noqa: PLC0415 - only without CHARWISE_HOME, and a millisecond of every start

    dirs = platformdirs.PlatformDirs("charwise", appauthor=False)
    return {
        "config": dirs.user_config_path,
        "data": dirs.user_data_path,
        "state": dirs.user_state_path,
        "log": dirs.user_log_path,
        "cache": dirs.user_cache_path,
    }[kind]


def _short_dir() -> Path:
    return private_dir(Path(tempfile.gettempdir()) / f"charwise-{os.getuid()}")
