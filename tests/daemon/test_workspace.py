"""A workspace followed as its files change: what is on disk is recalled, what is gone is not."""

import asyncio
import contextlib
import ctypes
import errno
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import files, paths
from charwise_daemon.served import Served
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.shard import MAX_ORDER
from charwise_daemon.store import Store, name_for
from charwise_daemon.workspace import Workspace
from tests.conftest import MODULES, make_project
from tests.daemon.texts import write_in_turn
from tests.daemon.told import Told

_SETTINGS = CorpusSettings()


class Followed:
    """A workspace in this process, with the events that it told."""

    def __init__(self, path: Path, settings: CorpusSettings) -> None:
        self.told = Told()
        self.opened: list[str] = []
        self.events: list[dict[str, Any]] = []
        served = Served(name_for(path), Store(paths.models_dir()))
        self.workspace = Workspace(path, served, settings, lambda: self.opened, self._tell, lambda: None)

    def recalls(self, text: str) -> bool:
        """Tell whether the memory of the corpus holds this text."""
        context = text.encode()[-MAX_ORDER:]
        return self.workspace.predictor_for().corpus.match(context).order == len(context)

    async def until(self, recalled: str = "", forgotten: str = "", files: int = 0) -> None:
        """Return when one text is recalled, another is not, and there are so many files."""
        await self.told.until(
            lambda: (
                (not recalled or self.recalls(recalled))
                and not (forgotten and self.recalls(forgotten))
                and files in {0, self.workspace.status()["files"]}
            )
        )

    def _tell(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.told.tell()


@contextlib.asynccontextmanager
async def following(path: Path, settings: CorpusSettings = _SETTINGS) -> AsyncIterator[Followed]:
    """Follow a folder whose memory is ready."""
    followed = Followed(path, settings)
    await followed.told.until(lambda: any(each["kind"] == "memory" for each in followed.events))
    yield followed
    await followed.workspace.stop()


pytestmark = pytest.mark.usefixtures("home")


async def test_follow_first_listing(project: Path) -> None:
    """What is there at the beginning is recalled, and counted."""
    async with following(project) as followed:
        assert followed.recalls("class TextWrapper:")
        status = followed.workspace.status()
        assert status["files"] == len(MODULES)
        assert status["characters"] > 50_000


async def test_follow_a_save(project: Path) -> None:
    """A new file and a changed one are recalled when they are saved; the old text of the changed one is not."""
    async with following(project) as followed:
        (project / "new.py").write_text("zyzzyva_count = 0\n")
        await followed.until("zyzzyva_coun")
        (project / "new.py").write_text("quokka_total = 0\n")
        await followed.until("quokka_tota", forgotten="zyzzyva_coun")


async def test_follow_an_atomic_save(project: Path) -> None:
    """An editor that writes beside the file and renames is followed too."""
    async with following(project) as followed:
        (project / ".stat.py.swp").write_text("narwhal_width = 1\n")
        (project / ".stat.py.swp").replace(project / "stat.py")
        await followed.until("narwhal_widt")
        assert followed.workspace.status()["files"] == len(MODULES)


async def test_follow_deletion(project: Path) -> None:
    """A deleted file is forgotten."""
    async with following(project) as followed:
        assert followed.recalls("class TextWrapper:")
        (project / "textwrap.py").unlink()
        await followed.until(forgotten="class TextWrapper:")


async def test_follow_renames(project: Path) -> None:
    """A renamed file or folder is recalled under its new name, and what leaves the workspace is forgotten."""
    (project / "sub").mkdir()
    (project / "sub" / "a.py").write_text("capybara_weight = 3\n")
    async with following(project) as followed:
        (project / "sub").rename(project / "renamed")
        (project / "stat.py").rename(project / "status.py")
        await followed.until("renamed/a.py\ncapybara", forgotten="sub/a.py\ncapybara")
        (project / "renamed").rename(project.parent / "outside")
        await followed.until(forgotten="capybara_weig")
        (project.parent / "outside").rename(project / "back")
        await followed.until("back/a.py\ncapybara")


async def test_follow_ignore_rules(project: Path) -> None:
    """A file that is newly ignored leaves the memory at once, and comes back when it is ignored no more."""
    async with following(project) as followed:
        assert followed.recalls("class TextWrapper:")
        (project / ".gitignore").write_text("textwrap.py\n")
        await followed.until(forgotten="class TextWrapper:")
        (project / ".gitignore").unlink()
        await followed.until("class TextWrapper:")


async def test_follow_secrets(project: Path) -> None:
    """A secret is never in the memory, nor a file that is named like one."""
    async with following(project) as followed:
        (project / ".env").write_text("hippogriff_colour = blue\n")
        (project / "settings.py").write_text('aardvark = 1\nAWS_SECRET = "AKIAIOSFODNN7EXAMPLE"\nmarmoset = 2\n')
        await followed.until("aardvar")
        assert followed.recalls("marmose")
        assert not followed.recalls("AKIAIOSFODNN7EX")
        assert not followed.recalls("hippogriff_col")


async def test_follow_a_branch_switch(tmp_path: Path) -> None:
    """Thousands of files that change at once are followed, whichever branch is checked out."""
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0")
        subprocess.run(["git", "-C", repository, *identity, *arguments], check=True, capture_output=True)

    def write(word: str, count: int) -> None:
        for number in range(count):
            folder = repository / f"f{number % 40}"
            folder.mkdir(exist_ok=True)
            (folder / f"{word}{number}.py").write_text(f"{word}_value_{number} = {number}\n")

    git("init", "-q", "-b", "one")
    write("platypus", 1500)
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-q", "-b", "two")
    git("rm", "-rqf", ".")
    write("wolverine", 1500)
    git("add", ".")
    git("commit", "-qm", "two")
    async with following(repository) as followed:
        for branch, word, other in (("one", "platypus", "wolverine"), ("two", "wolverine", "platypus")):
            await asyncio.to_thread(git, "checkout", "-q", branch)
            await followed.until(f"{word}_value_149", forgotten=f"{other}_value_1", files=1500)


async def test_follow_one_file(project: Path) -> None:
    """A single file is a workspace too; its neighbours are not read."""
    async with following(project / "textwrap.py") as followed:
        assert followed.recalls("class TextWrapper:")
        (project / "other.py").write_text("zyzzyva_count = 0\n")
        with (project / "textwrap.py").open("a") as file:
            file.write("\nquokka_total = 0\n")
        await followed.until("quokka_tota")
        assert not followed.recalls("zyzzyva_coun")
        assert followed.workspace.status()["files"] == 1


async def test_follow_a_vanished_root(project: Path) -> None:
    """A workspace whose folder is deleted has nothing to recall, and nothing breaks."""
    async with following(project) as followed:
        shutil.rmtree(project)
        await followed.until(forgotten="class TextWrapper:")


async def test_follow_a_root_that_comes_back(project: Path) -> None:
    """A workspace that is deleted and made again, or cloned anew, is read when it is there, and followed."""
    async with following(project) as followed:
        shutil.rmtree(project)
        await followed.until(forgotten="class TextWrapper:")
        make_project(project)
        await followed.until("class TextWrapper:")
        assert followed.workspace.status()["error"] == ""
        (project / "new.py").write_text("zyzzyva_count = 0\n")
        await followed.until("zyzzyva_coun")


async def test_follow_a_root_that_is_replaced(project: Path) -> None:
    """Another folder in the workspace's place is followed instead; the one that went is not."""
    went = project.parent / "went"
    async with following(project) as followed:
        shutil.move(project, went)
        write_in_turn(project, **{"a.py": "capybara_weight = 3\n"})
        await followed.until("capybara_weig", forgotten="class TextWrapper:")
        (went / "a.py").write_text("zyzzyva_count = 0\n")
        (project / "a.py").write_text("quokka_total = 0\n")
        await followed.until("quokka_tota", forgotten="capybara_weig")
        assert not followed.recalls("zyzzyva_coun")


async def test_follow_a_root_whose_parent_moves(tmp_path: Path) -> None:
    """A workspace is gone while a folder above it is, and back with it; what was saved meanwhile is known."""
    parent = tmp_path / "a" / "b"
    parent.mkdir(parents=True)
    project = make_project(parent / "project")
    async with following(project) as followed:
        (tmp_path / "a").rename(tmp_path / "away")
        await followed.until(forgotten="class TextWrapper:")
        (tmp_path / "away" / "b" / "project" / "new.py").write_text("zyzzyva_count = 0\n")
        (tmp_path / "away").rename(tmp_path / "a")
        await followed.until("zyzzyva_coun")
        (project / "new.py").write_text("quokka_total = 0\n")
        await followed.until("quokka_tota", forgotten="zyzzyva_coun")


async def test_follow_a_root_of_another_kind(project: Path) -> None:
    """A folder may become a file and a folder again."""
    file = project.parent / "file"
    file.write_text("zyzzyva_count = 0\n")
    async with following(project) as followed:
        shutil.rmtree(project)
        await followed.until(forgotten="class TextWrapper:")
        shutil.copy(file, project)
        await followed.until("zyzzyva_coun")
        shutil.move(project, file)
        make_project(project)
        await followed.until("class TextWrapper:", forgotten="zyzzyva_coun")


async def test_follow_when_watchdog_dies(project: Path) -> None:
    """A folder that went and was made again, and both removed: watchdog 7.1 dies of it, and following goes on."""
    (project / "sub").mkdir()
    async with following(project) as followed:
        went = (project / "sub").rename(project.parent / "went")
        (project / "sub").mkdir()
        (project / "sub" / "a.py").write_text("capybara_weight = 3\n")
        await followed.until("capybara_weig")
        shutil.rmtree(project / "sub")
        await followed.until(forgotten="capybara_weig")
        shutil.rmtree(went)
        for word in ("zyzzyva_count", "quokka_total"):
            (project / "new.py").write_text(f"{word} = 0\n")
            await followed.until(word[:-1])


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
async def test_follow_more_than_the_system_remembers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When more changed at once than the system remembers, what it forgot to tell is found; what follows, too."""
    from watchdog.observers.inotify_c import InotifyEvent, InotifyFD  # noqa: PLC0415 - only there

    go_on, handle = threading.Event(), InotifyFD.handle_event

    def wait_and_handle(reader: InotifyFD, event: InotifyEvent) -> None:
        go_on.wait()
        handle(reader, event)

    (project / ".gitignore").write_text("out/\n")
    (project / "out").mkdir()
    async with following(project) as followed:
        monkeypatch.setattr(InotifyFD, "handle_event", wait_and_handle)
        for number in range(_remembered()):
            (project / "out" / f"{number % 2}").touch()  # equal events one after the other would be one
        (project / "new.py").write_text("zyzzyva_count = 0\n")
        (project / ".gitignore").write_text("out/\ntextwrap.py\n")
        go_on.set()
        await followed.until("zyzzyva_coun", forgotten="class TextWrapper:")
        (project / "new.py").write_text("quokka_total = 0\n")
        await followed.until("quokka_tota", forgotten="zyzzyva_coun")


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
async def test_follow_up_to_the_limit_of_watches(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system watches only a part, status says so; what is saved there is recalled. All is, with more room."""
    from watchdog.observers import inotify_c  # noqa: PLC0415 - only there

    add = inotify_c.inotify_add_watch

    def refuse(inotify: int, path: bytes, mask: int) -> inotify_c.WatchDescriptor:
        if not path.endswith(b"sub"):
            return add(inotify, path, mask)
        ctypes.set_errno(errno.ENOSPC)
        return inotify_c.WatchDescriptor(-1)

    # The limit is the user's, with all that runs: not one to lower for a test.
    monkeypatch.setattr(inotify_c, "inotify_add_watch", refuse)
    (project / "sub").mkdir()
    async with following(project) as followed:
        assert "changes in parts of" in followed.workspace.status()["error"]
        (project / "new.py").write_text("zyzzyva_count = 0\n")
        await followed.until("zyzzyva_coun")
        (project / "other" / "sub").mkdir(parents=True)
        (project / "other" / "new.py").write_text("quokka_total = 0\n")
        await followed.until("quokka_tota")
        assert "max_user_watches" in followed.workspace.status()["error"]
        monkeypatch.setattr(inotify_c, "inotify_add_watch", add)
        monkeypatch.setattr(files, "limit", lambda: "more")
        (project / "sub" / "new.py").write_text("marmoset_height = 0\n")
        (project / "new.py").write_text("capybara_weight = 0\n")
        await followed.until("marmoset_heigh")
        assert followed.workspace.status()["error"] == ""
        (project / "sub" / "new.py").write_text("wolverine_mood = 0\n")
        await followed.until("wolverine_moo")


def _remembered() -> int:
    return int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())


@pytest.mark.usefixtures("rights")
async def test_follow_rights(project: Path) -> None:
    """A file or folder that may not be read any more is forgotten; one that may be read again is recalled."""
    (project / "sub").mkdir()
    (project / "sub" / "a.py").write_text("capybara_weight = 3\n")
    async with following(project) as followed:
        for path, text in ((project / "textwrap.py", "class TextWrapper:"), (project / "sub", "capybara_weig")):
            mode = path.stat().st_mode
            path.chmod(0)
            await followed.until(forgotten=text)
            path.chmod(mode)
            await followed.until(text)
        (project / "sub" / "a.py").write_text("zyzzyva_count = 0\n")
        await followed.until("zyzzyva_coun")


@pytest.mark.usefixtures("rights")
async def test_follow_what_was_closed(project: Path) -> None:
    """A folder that could not be read at the beginning is followed, with all in it, from when it can."""
    (project / "closed" / "sub").mkdir(parents=True)
    (project / "closed" / "sub" / "a.py").write_text("capybara_weight = 3\n")
    (project / "closed").chmod(0)
    async with following(project) as followed:
        (project / "closed").chmod(0o755)
        await followed.until("capybara_weig")
        for word in ("zyzzyva_count", "quokka_total"):
            (project / "closed" / "sub" / "a.py").write_text(f"{word} = 0\n")
            await followed.until(word[:-1])


async def test_follow_nothing_when_nothing_changes(project: Path) -> None:
    """Reading files and touching ignored ones is no change: nothing is told."""
    (project / ".gitignore").write_text("build/\n*.log\n")
    (project / "build").mkdir()
    async with following(project) as followed:
        told = len(followed.events)
        (project / "textwrap.py").read_text()
        (project / "build" / "x.py").write_text("y = 1\n")
        (project / "a.log").write_text("nothing\n")
        os.utime(project / "stat.py", ns=(1, (project / "stat.py").stat().st_mtime_ns))
        (project / "last.py").write_text("marmoset = 2\n")
        await followed.until("marmose")
        assert len(followed.events) == told + 1
