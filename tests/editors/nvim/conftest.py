"""A real Neovim of each version with the plugin and nothing else, and a daemon: the real one, or a scripted one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.nvim.editor import Editor
from tests.editors.nvim.install import neovim
from tests.editors.nvim.scripted import Scripted

Start = Callable[..., Editor]


@pytest.fixture(scope="session", params=["0.11", "0.12"])
def program(request: pytest.FixtureRequest) -> Path:
    """The program of one version of Neovim."""
    return neovim(request.param)


@pytest.fixture
def started() -> Iterator[list[Editor]]:
    """The Neovims of the test, which are ended with it."""
    editors: list[Editor] = []
    yield editors
    for editor in editors:
        editor.close()


@pytest.fixture
def start(program: Path, tmp_path: Path, started: list[Editor]) -> Start:
    """Starts a Neovim with these options and this Lua before them."""

    def start(options: str = "", before: str = "") -> Editor:
        started.append(Editor(program, tmp_path / f"nvim{len(started)}", options, before))
        return started[-1]

    return start


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[Editor]) -> Iterator[Scripted]:
    """A daemon that says what the test wants."""
    monkeypatch.setenv("CHARWISE_HOME", str(tmp_path / "home"))
    daemon = Scripted(tmp_path / "home")
    yield daemon
    for editor in started:
        editor.close()  # before the daemon: the plugin would start a real one in its place
    daemon.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty file of a project."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "text.py").touch()
    return folder / "text.py"


@pytest.fixture
def editor(start: Start, scripted: Scripted, file: Path) -> Editor:
    """A Neovim with that file, connected to the scripted daemon."""
    editor = start()
    editor.edit(file)
    editor.until(lambda: file.name in scripted.texts, True)
    return editor
