"""What happens while the files of a workspace are read in another process, when that fails, and when not all fits."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from charwise_daemon import files, indexer
from charwise_daemon.files import Changes, Files
from charwise_daemon.settings import CorpusSettings
from tests.conftest import wait_for_end
from tests.daemon.texts import write_in_turn
from tests.daemon.told import Told

# Reads the files, tells its process id, waits until it is let go on, and answers.
_HALTING = """
import os
from charwise_daemon import index
make = index.make
def halting(order):
    made = make(order)
    with open({told!r}, "w") as told:
        told.write(str(os.getpid()))
    open({go_on!r}).close()
    return made
index.make = halting
index.main()
"""
_KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


class Followed(Files):
    """Files in this process, whose changes can be waited for."""

    def __init__(self, path: Path, settings: CorpusSettings) -> None:
        self.documents: list[str] = []
        self.changes: list[Changes] = []
        self.indices, self.read = 0, set[Path]()  # how often all was listed, and what was read since
        self._told = Told()
        super().__init__(path, settings, lambda: self.documents, self._on_change)

    def recalls(self, text: str) -> bool:
        """Tell whether the memory holds this text of at most 24 characters."""
        return self.memory.memory.match(text.encode()).order == len(text)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a condition holds, looked at after every change and every index."""
        await self._told.until(condition)

    async def _try_to_index(self) -> None:
        await super()._try_to_index()
        self.indices, self.read = self.indices + 1, set()
        self._told.tell()

    def _read(self, paths: set[Path]) -> files.Read:
        self.read |= paths
        return super()._read(paths)

    def _on_change(self, changes: Changes) -> None:
        self.changes.append(changes)
        self._told.tell()


@contextlib.asynccontextmanager
async def following(path: Path, settings: CorpusSettings) -> AsyncIterator[Followed]:
    """Follow the files of a folder, from the time when they have been read."""
    followed = Followed(path, settings)
    task = asyncio.create_task(followed.follow())
    await followed.ready.wait()
    yield followed
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Halt:
    """A process that has read the files and waits."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._told, self._go_on = folder / "told", folder / "go_on"
        for path in (self._told, self._go_on):
            os.mkfifo(path)
        script = _HALTING.format(told=str(self._told), go_on=str(self._go_on))
        monkeypatch.setattr(indexer, "_PROGRAM", (sys.executable, "-c", script))

    async def reached(self) -> int:
        """Return the process's id when it waits."""
        return int(await asyncio.to_thread(self._told.read_text))

    async def end(self) -> None:
        """Let it go on."""
        await asyncio.to_thread(self._go_on.write_text, "")


@pytest.fixture
def halt(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Halt:
    """Processes that wait; call it before they are started."""
    return Halt(tmp_path_factory.mktemp("halt"), monkeypatch)


async def test_saves_while_files_are_read(tmp_path: Path, halt: Halt) -> None:
    """What is saved while files are read is recalled at once, and still when they have been read."""
    write_in_turn(tmp_path, a="the first platypus", b="the second wolverine", c="the third marmoset")
    followed = Followed(tmp_path, CorpusSettings())
    task = asyncio.create_task(followed.follow())
    await halt.reached()
    (tmp_path / "a").write_text("the newer capybara")
    (tmp_path / "b").unlink()
    await followed.until(lambda: followed.recalls("newer capybara"))
    assert not followed.ready.is_set()
    await halt.end()
    await followed.ready.wait()
    assert followed.recalls("newer capybara")
    assert followed.recalls("third marmoset")
    assert not followed.recalls("first platypus")
    assert not followed.recalls("second wolverine")
    assert len(followed) == 2
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_follow_ends_its_process(tmp_path: Path, halt: Halt) -> None:
    """When nobody needs the files any more, the process that reads them is ended."""
    write_in_turn(tmp_path, a="the first platypus")
    task = asyncio.create_task(Followed(tmp_path, CorpusSettings()).follow())
    pid = await halt.reached()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    wait_for_end(pid)


async def test_follow_when_reading_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When files cannot be read anew, what was known stays, the reason is told, and a later save tries again."""
    write_in_turn(tmp_path, a="the first platypus", b="the second wolverine")
    async with following(tmp_path, CorpusSettings()) as followed:
        assert followed.error == ""
        monkeypatch.setattr(files, "_RETRY_SECONDS", 0.0)
        with monkeypatch.context() as killed:
            killed.setattr(indexer, "_PROGRAM", (sys.executable, "-c", _KILLED))
            (tmp_path / ".gitignore").write_text("a\n")
            (tmp_path / "sub").mkdir()
            (tmp_path / "c").write_text("the third marmoset")
            await followed.until(lambda: followed.error != "")
        assert "SIGKILL" in followed.error
        assert followed.recalls("first platypus")
        (tmp_path / "d").write_text("the fourth capybara")
        await followed.until(lambda: not followed.recalls("first platypus"))
        assert followed.error == ""
        assert followed.recalls("third marmoset")
        assert followed.recalls("fourth capybara")


async def test_follow_a_root_that_is_gone(tmp_path: Path) -> None:
    """While the root is gone, the error says so and what happens next; when it is back, there is none."""
    root = tmp_path / "root"
    write_in_turn(root, a="the first platypus")
    async with following(root, CorpusSettings()) as followed:
        shutil.rmtree(root)
        await followed.until(lambda: "forgotten, and it is read when it is back" in followed.error)
        await followed.until(lambda: not len(followed))
        write_in_turn(root, a="the second wolverine")
        await followed.until(lambda: followed.recalls("second wolverine") and not followed.error)


async def test_follow_nothing_when_only_rights_change(tmp_path: Path) -> None:
    """Rights and links that leave all readable cause no reading, neither of files nor of all there is."""
    write_in_turn(tmp_path, a="the first platypus", sub__b="the second wolverine")
    write_in_turn(tmp_path, **{".gitignore": "c\n", "sub__.charwiseignore": "d\n"})
    async with following(tmp_path, CorpusSettings()) as followed:
        for file in ("a", "sub/b", ".gitignore", "sub/.charwiseignore"):
            (tmp_path / file).chmod(0o600)
        for folder in ("sub", "."):
            (tmp_path / folder).chmod(0o711)
        os.utime(tmp_path)
        (tmp_path / ".env").hardlink_to(tmp_path / "a")
        (tmp_path / "last").write_text("the last marmoset")
        await followed.until(lambda: followed.recalls("last marmoset"))
        assert followed.read == {tmp_path / "last"}
        assert followed.indices == 1


async def test_follow_an_ignore_file_that_says_the_same(tmp_path: Path) -> None:
    """An ignore file that is touched, or leaves out no more than before, is saved like any other file."""
    write_in_turn(tmp_path, a="the first platypus", **{".gitignore": "b\n", ".git__info__exclude": "c\n"})
    async with following(tmp_path, CorpusSettings()) as followed:
        (tmp_path / ".gitignore").touch()
        (tmp_path / ".git" / "info" / "exclude").touch()
        (tmp_path / ".charwiseignore").write_text("# nothing yet\n")
        await followed.until(lambda: followed.recalls("# nothing yet"))
        assert followed.indices == 1
        (tmp_path / ".charwiseignore").write_text("a\n")
        await followed.until(lambda: not followed.recalls("first platypus"))
        (tmp_path / ".charwiseignore").unlink()
        await followed.until(lambda: followed.recalls("first platypus"))


@pytest.mark.parametrize("name", [".gitignore", ".git/info/exclude", "services/.gitignore", "services/.charwiseignore"])
async def test_follow_ignore_files_above(tmp_path: Path, name: str) -> None:
    """Of a workspace in a repository, the ignore files above it are followed as those inside; nothing else there is."""
    root, above = tmp_path / "services" / "web", tmp_path / name
    write_in_turn(root, a="the first platypus")
    write_in_turn(tmp_path, README="no matter", **{".git__info__exclude": "# git's own\n"})
    async with following(root, CorpusSettings()) as followed:
        (tmp_path / "saved").write_text("a\n")
        (tmp_path / "saved").replace(above)
        await followed.until(lambda: followed.indices == 2 and not followed.recalls("first platypus"))
        above.touch()
        (tmp_path / "README").write_text("changed")
        (tmp_path / "services" / "pyvenv.cfg").write_text("home = elsewhere")
        (root / "c").write_text("the second wolverine")
        await followed.until(lambda: followed.recalls("second wolverine"))
        assert followed.indices == 2
        (tmp_path / "saved").write_text("c\n")
        (tmp_path / "saved").replace(above)
        await followed.until(lambda: followed.recalls("first platypus") and not followed.recalls("second wolverine"))
        above.unlink()
        await followed.until(lambda: followed.recalls("second wolverine"))


async def test_follow_ignore_files_of_another_repository(tmp_path: Path) -> None:
    """What a worktree or a submodule excludes stands elsewhere; it is followed, as what takes its place."""
    root, git = tmp_path / "worktree", tmp_path / "main" / ".git"
    write_in_turn(git, worktrees__w__commondir="../..\n", info__exclude="b\n")
    write_in_turn(root, a="the first platypus", **{".git": f"gitdir: {git / 'worktrees' / 'w'}\n"})
    async with following(root, CorpusSettings()) as followed:
        (git / "info" / "exclude").write_text("a\n")
        await followed.until(lambda: not followed.recalls("first platypus"))
        write_in_turn(tmp_path, **{".git__info__exclude": "b\n"})
        (root / ".git").unlink()
        (git / "info" / "exclude").unlink()
        await followed.until(lambda: followed.recalls("first platypus"))
        write_in_turn(root, c="the second wolverine")
        await followed.until(lambda: followed.recalls("second wolverine"))
        (tmp_path / ".gitignore").write_text("c\n")
        await followed.until(lambda: not followed.recalls("second wolverine"))


@pytest.mark.usefixtures("rights")
async def test_follow_rights_to_what_decides(tmp_path: Path) -> None:
    """An ignore file that may not be read leaves nothing out; a root that may not be is told of, and read again."""
    write_in_turn(tmp_path, a="the first platypus", **{".gitignore": "a\n"})
    async with following(tmp_path, CorpusSettings()) as followed:
        (tmp_path / ".gitignore").chmod(0)
        await followed.until(lambda: followed.recalls("first platypus"))
        (tmp_path / ".").chmod(0)
        await followed.until(lambda: "could not be read" in followed.error)
        (tmp_path / ".").chmod(0o700)
        await followed.until(lambda: not followed.error)


async def test_follow_a_folder_that_cannot_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system tells of no changes, clients may: what was there is recalled, and what they say has changed."""

    @contextlib.asynccontextmanager
    async def refusing(*_: object) -> AsyncIterator[None]:
        if True:
            raise OSError(28, "inotify watch limit reached")
        yield

    monkeypatch.setattr(files, "watching", refusing)  # its limit is the whole system's: not one to lower for a test
    write_in_turn(tmp_path, a="the first platypus")
    async with following(tmp_path, CorpusSettings()) as followed:
        assert followed.recalls("first platypus")
        (tmp_path / "b").write_text("the second wolverine")
        followed.tell([tmp_path / "b", tmp_path / ".env", tmp_path.parent / "elsewhere"])
        await followed.until(lambda: followed.recalls("second wolverine"))
        assert "inotify watch limit reached" in followed.error


async def test_follow_more_than_fits(tmp_path: Path) -> None:
    """When not all fits, older files are held back; one that is saved is recalled at once."""
    write_in_turn(tmp_path, **{f"f{age}": f"number {age} {'x' * 100}" for age in range(10)})
    async with following(tmp_path, CorpusSettings(memory_bytes=400)) as followed:
        assert len(followed) == 10
        assert followed.recalls("number 9")
        assert not followed.recalls("number 2")
        held_back = followed.held_back
        assert held_back > 600
        (tmp_path / "f2").write_text("saved capybara")
        await followed.until(lambda: followed.recalls("saved capybara"))
        assert followed.recalls("number 9")
        assert followed.held_back == held_back - len(f"number 2 {'x' * 100}")
        assert len(followed) == 10


async def test_follow_the_documents(tmp_path: Path) -> None:
    """Files near an opened document are held from the next reading on, which its opening does not bring about."""
    write_in_turn(
        tmp_path, near__a="nearby marmoset", **{f"far__f{age}": f"number {age} {'x' * 100}" for age in range(10)}
    )
    async with following(tmp_path, CorpusSettings(memory_bytes=400)) as followed:
        followed.documents.append("near/new.py")
        assert not followed.recalls("nearby marmoset")
        (tmp_path / ".gitignore").write_text("far/f9\n")
        await followed.until(lambda: followed.recalls("nearby marmoset"))
        assert followed.recalls("number 8")
        assert not followed.recalls("number 9")


async def test_follow_until_worn(tmp_path: Path) -> None:
    """When so much was saved that the memory is worn, it is made anew, and the oldest that does not fit goes."""
    write_in_turn(tmp_path, old="the old platypus\n" * 10_000, new="the new wolverine\n" * 10_000)
    async with following(tmp_path, CorpusSettings(memory_bytes=500_000)) as followed:
        assert followed.recalls("old platypus")
        (tmp_path / "a").write_text("first capybara\n" * 20_000)
        await followed.until(lambda: followed.recalls("first capybara"))
        base = followed.memory.base
        await followed.until(lambda: followed.memory.base is not base)
        assert followed.recalls("first capybara")
        assert not followed.recalls("old platypus")
        assert followed.memory.delta is None
        assert followed.held_back > 0
