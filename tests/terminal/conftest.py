"""A daemon with a model really trained on a history of commands, and terminals whose shells have the plugins."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from charwise.plugins import plugin
from charwise_daemon import launch, paths
from charwise_daemon.shell import importing
from charwise_daemon.shell.log import Log
from tests.conftest import QUIET, configure, stop_daemon
from tests.terminal.terminal import PROMPT, Terminal

Open = Callable[..., Terminal]
Start = Callable[..., Terminal]

# What somebody might have run, often enough to be foreseen.
_COMMANDS = (
    "git status",
    "git commit --message 'work in progress'",
    "git push origin main",
    "echo grüße aus köln",
    "echo 日本語 文字",
    "zz-deploy everything now",
    "printf '%s\\n' one two three",
)
_TIMES = 30
# It learns a little in seconds.
_TINY = ("--epochs", "30", "--layers", "1", "--width", "64", "--threads", "1")
SOURCE = f"source {plugin('zsh')}\n_charwise_pause=0\n"


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `kept`, the files of a daemon that has learned, to be copied to `home`, where they were made."""
    for program in ("zsh", "tmux"):
        if shutil.which(program) is None:
            pytest.skip(f"there is no {program} here, which these tests type into")
    folder = tmp_path_factory.mktemp("terminal")
    history = folder / "history"
    history.write_text("".join(f"{command}\n" for command in _COMMANDS * _TIMES))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARWISE_HOME", str(folder / "home"))
        configure(QUIET)
        importing.enable(paths.state_dir(), "zsh", history)
        commands = Log(paths.state_dir() / "shell").commands_folder
        train = [sys.executable, "-m", "charwise", "train", str(commands), *_TINY]
        subprocess.run(train, check=True, capture_output=True)
        stop_daemon()
    (folder / "home").rename(folder / "kept")
    return folder


@pytest.fixture
def home(learned: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A CHARWISE_HOME that has learned, without a daemon; one that is started in it is stopped."""
    home = learned / "home"
    shutil.copytree(learned / "kept", home)
    monkeypatch.setenv("CHARWISE_HOME", str(home))
    yield home
    stop_daemon()
    shutil.rmtree(home)


@pytest.fixture
def daemon(home: Path) -> Path:
    """The same, with a daemon."""
    launch.ensure_running()
    return home


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    """Return what opens a terminal with these files in its home folder, starts this there, and waits for the prompt."""
    terminals = list[Terminal]()
    # A socket's path must be short; what still runs for a moment may write there.
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp", ignore_cleanup_errors=True) as folder:

        def open_one(command: str, files: Mapping[str, str], prompt: str = PROMPT, **environment: str) -> Terminal:
            at = Path(folder, str(len(terminals)))
            for name, text in files.items():
                (at / name).parent.mkdir(parents=True, exist_ok=True)
                (at / name).write_text(text)
            terminals.append(Terminal(at, command, {"CHARWISE_HOME": str(home), **environment}, prompt))
            terminals[-1].until_prompt()
            return terminals[-1]

        yield open_one
        for terminal in terminals:
            terminal.close()


@pytest.fixture
def open_terminal(start: Start) -> Open:
    """Return what opens a terminal with this in its zshrc, or the plugin alone."""

    def open_zsh(rc: str = SOURCE, **environment: str) -> Terminal:
        files = {".zshrc": f"PS1='{PROMPT}'\nunsetopt beep\n{rc}"}
        return start("ZDOTDIR=~ zsh -di", files, **environment)

    return open_zsh


@pytest.fixture
def terminal(daemon: Path, open_terminal: Open) -> Terminal:  # noqa: ARG001 - it is to run
    """A terminal whose zsh has the plugin and nothing else, with a daemon that has learned."""
    return open_terminal()
