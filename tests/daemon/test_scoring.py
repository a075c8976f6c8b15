"""What is saved is scored before it is learned, and only what was typed."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import paths
from charwise_daemon.client import AsyncClient
from charwise_daemon.features import SOURCES
from charwise_daemon.ledger import Ledger
from charwise_daemon.protocol import Open, WorkspacePath
from charwise_daemon.scoring import Scoring
from charwise_daemon.served import Served
from charwise_daemon.settings import CorpusSettings
from charwise_daemon.store import Store, name_for
from charwise_daemon.workspace import Workspace
from charwise_trainer.config import ModelConfig
from tests.conftest import MODULES
from tests.daemon.conftest import train_tiny
from tests.daemon.told import Told

pytestmark = pytest.mark.usefixtures("home")

_NEW = "\n\ndef zyzzyva_weight(quokka, marmoset):\n    return quokka.capybara[marmoset] - 17\n"
_QUIET = 0.05


class Scores:
    """A followed workspace, and what is scored of it."""

    def __init__(self, path: Path, quiet: float = _QUIET) -> None:
        self.path, self.told, self.opened, self.events = path, Told(), list[str](), list[dict[str, Any]]()
        self.ledger = Ledger(self.told.tell)
        self.scoring = Scoring(self.ledger, quiet)
        self.workspace = Workspace(
            path, Served(name_for(path), Store(paths.models_dir())), CorpusSettings(), lambda: self.opened, self._tell,
            lambda: None, self.scoring,
        )  # fmt: skip

    def append(self, name: str, text: str) -> None:
        """Save a file with more at its end; later than anything that git did."""
        with (self.path / name).open("a") as file:
            file.write(text)
        later = time.time_ns() + 10 * 10**9
        os.utime(self.path / name, ns=(later, later))

    async def until_learned(self, files: int = len(MODULES), saves: int = 1) -> None:
        """Return when the memory has changed so often."""
        told = len(self.events)
        await self.told.until(lambda: len(self.events) >= told + saves and self.workspace.status()["files"] == files)

    async def until_scored(self, characters: int) -> dict[str, float]:
        """Return the bits per character of each source when so many characters were scored, and nothing waits."""
        await self.told.until(lambda: self.ledger.scored_today() >= characters)
        if self.scoring._task:
            await asyncio.wait([self.scoring._task])
        assert self.ledger.scored_today() == characters
        ((of),) = (each[str(self.path)] for each in self.ledger.state()["scores"].values())
        return {source: each["bits"] / each["characters"] for source, each in of.items()}

    async def rest(self) -> None:
        """Return when nothing is being scored."""
        if self.scoring._task:
            await asyncio.wait([self.scoring._task])

    def _tell(self, event: dict[str, Any]) -> None:
        if event["kind"] == "memory":
            self.events.append(event)
        self.told.tell()


@contextlib.asynccontextmanager
async def scoring(path: Path, quiet: float = _QUIET) -> AsyncIterator[Scores]:
    """Follow a folder whose memory is ready, and score what is saved there."""
    scores = Scores(path, quiet)
    await scores.told.until(lambda: scores.events)
    yield scores
    await scores.workspace.stop()
    await scores.scoring.close()


async def test_scored_before_it_is_learned(project: Path) -> None:
    """New text is hard for all that has not learned it; when the same is saved again elsewhere, it is easy."""
    async with scoring(project) as scores:
        scores.append("stat.py", _NEW)
        new = await scores.until_scored(len(_NEW))
        assert new.keys() == {"corpus", "documents", "nearby", "habits", "mix"}  # there is no LSTM yet
        assert new["mix"] > 1.0
        scores.ledger.clear()
        scores.append("sched.py", _NEW)
        known = await scores.until_scored(len(_NEW))
        assert known["corpus"] < 0.8
        assert known["mix"] < new["mix"] / 3


async def test_scored_with_an_lstm(project: Path, tmp_path: Path) -> None:
    """The LSTM is scored too, in the state that it has there; what was learned while it was typed is not asked."""
    (tmp_path / "trained").mkdir()
    train_tiny(tmp_path / "trained", ModelConfig(layers=1, width=32, embedding=16), 1)
    shutil.copytree(tmp_path / "trained" / "model", Store(paths.models_dir()).directory(name_for(project)))
    async with scoring(project) as scores:
        assert scores.workspace.model
        scores.append("stat.py", _NEW)
        bits = await scores.until_scored(len(_NEW))
        assert list(bits) == [*SOURCES, "mix"]
        assert 1.0 < bits["lstm"] < 8.0
        assert scores.workspace.predictor_for("stat.py", adapts=True)._adaptation is not None
        assert scores.workspace.predictor_for("stat.py", adapts=False)._adaptation is None


async def test_only_what_was_added(project: Path) -> None:
    """Of a file that is saved with a change in the middle of a line, just that is scored."""
    async with scoring(project) as scores:
        text = (project / "textwrap.py").read_text()
        (project / "textwrap.py").write_text(text.replace("class TextWrapper:", "class TextWrapper(Zyzzyva):", 1))
        await scores.until_scored(len("(Zyzzyva)"))


async def test_nothing_for_what_nobody_typed(project: Path) -> None:
    """Neither deletions nor renames, copies, more files than one saves at once, nor a file put in another's place."""
    async with scoring(project) as scores:
        (project / "bisect.py").unlink()
        await scores.until_learned(len(MODULES) - 1)
        (project / "stat.py").rename(project / "status.py")
        await scores.until_learned(len(MODULES) - 1)
        shutil.copy(project / "shlex.py", project / "copy.py")
        await scores.until_learned(len(MODULES))
        shutil.copy(project / "textwrap.py", project / "sched.py")
        await scores.until_learned(len(MODULES))
        for name in ("shlex.py", "colorsys.py", "fnmatch.py", "heapq.py", "keyword.py", "reprlib.py"):
            scores.append(name, _NEW)
        await scores.until_learned(len(MODULES))
        await scores.rest()
        assert scores.ledger.state()["scores"] == {}


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


async def test_nothing_for_a_branch_switch(project: Path) -> None:
    """What git puts there was typed another day, if here at all: one file or many, it is learned and not scored."""
    _git(project, "init", "-q", "-b", "one")
    _git(project, "add", ".")
    _git(project, "commit", "-qm", "one")
    _git(project, "checkout", "-qb", "two")
    with (project / "stat.py").open("a") as file:
        file.write(_NEW)
    _git(project, "commit", "-qam", "two")
    async with scoring(project) as scores:
        for branch in ("one", "two"):
            await asyncio.to_thread(_git, project, "checkout", "-q", branch)
            await scores.until_learned()
        await scores.rest()
        assert scores.ledger.state()["scores"] == {}
        scores.append("sched.py", "quokka_total = 0\n")  # by hand
        await scores.until_scored(len("quokka_total = 0\n"))


async def test_new_file(project: Path) -> None:
    """A new file is scored where it is open in an editor; else it may be anybody's."""
    async with scoring(project) as scores:
        scores.append("other.py", _NEW)
        await scores.until_learned(len(MODULES) + 1)
        scores.opened.append(str(project / "mine.py"))
        scores.append("mine.py", "narwhal = 1\n")
        await scores.until_scored(len("narwhal = 1\n"))


async def test_bounded_by_save_and_day(project: Path) -> None:
    """So many characters of a save are scored, and of a day; what comes after is learned unscored."""
    async with scoring(project) as scores:
        scores.append("stat.py", "".join(f"quokka_{number} = {number}\n" for number in range(200)))
        await scores.until_scored(2000)
        scores.ledger.score(str(project), {"mix": (48_000 - 10, 0.0)})
        scores.append("sched.py", _NEW)
        await scores.until_scored(50_000)
        scores.append("stat.py", _NEW)
        await scores.until_learned()
        await scores.until_scored(50_000)


async def test_waits_while_somebody_types(project: Path) -> None:
    """It waits for a pause; two saves meanwhile are one change, predicted as before the first of them."""
    async with scoring(project, quiet=0.5) as scores:
        scores.scoring.typed()
        typed_at = time.monotonic()
        scores.append("stat.py", _NEW)
        await scores.until_learned()
        scores.append("stat.py", _NEW.replace("zyzzyva", "wolverine"))
        await scores.until_learned()
        both = len(_NEW) + len(_NEW.replace("zyzzyva", "wolverine"))
        await scores.until_scored(both)
        assert time.monotonic() - typed_at >= 0.5


async def test_forgotten_with_its_workspace(project: Path) -> None:
    """A workspace that is not used any more leaves nothing that waits and holds its memory."""
    async with scoring(project, quiet=1e6) as scores:
        scores.scoring.typed()
        scores.append("stat.py", _NEW)
        await scores.until_learned()
        assert scores.scoring._waiting
        await scores.workspace.stop()
        assert not scores.scoring._waiting


async def test_in_the_daemon(project: Path) -> None:
    """The real daemon scores a save, tells it with the statistics, and forgets it with the workspace."""
    client, told = await AsyncClient.connect("test"), asyncio.Queue[str]()
    client.on_notification = lambda _, event: told.put_nowait(event["kind"])
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(project)))
    assert await told.get() == "memory"
    client.notify("open", Open("d", b"", 1, str(project / "mine.py")))
    await asyncio.to_thread((project / "mine.py").write_text, _NEW)
    scores = await _scores(client)
    assert scores[str(project)]["mix"]["characters"] == len(_NEW)
    await client.request("workspace_forget", WorkspacePath(str(project)))
    assert await _days(client) == {}
    await client.close()


async def _scores(client: AsyncClient) -> Any:
    while not (days := await _days(client)):
        pass  # nothing tells that a file was scored
    return next(iter(days.values()))


async def _days(client: AsyncClient) -> Any:
    return (await client.request("statistics"))["scores"]
