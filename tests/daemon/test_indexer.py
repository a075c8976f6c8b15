"""The process that makes an index: what it gives, how it is ended, and what its failures leave behind."""

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import IO

import pytest

from charwise_daemon import indexer
from charwise_daemon.errors import WorkspaceError
from charwise_daemon.indexer import Indexer
from charwise_daemon.settings import CorpusSettings
from tests.conftest import MODULES, wait_for_end


def _full_disk() -> IO[bytes]:
    return Path("/dev/full").open("r+b", buffering=0)


def _programmed(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(indexer, "_PROGRAM", (sys.executable, "-c", script))


@pytest.mark.parametrize("in_memory", [True, False])
async def test_make(project: Path, monkeypatch: pytest.MonkeyPatch, *, in_memory: bool) -> None:
    """The memory recalls the files, and the file it lies in has no name and is the user's alone."""
    if not in_memory:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    made = Indexer(project, CorpusSettings())
    index, memory = await made.make({}, [])
    assert len(index.files) == len(MODULES)
    assert memory.memory.match(b"class TextWrapp").order == len(b"class TextWrapp")
    info = os.fstat(made._before.fileno())  # type: ignore[union-attr]  # there is one now
    assert info.st_nlink == 0
    assert in_memory or stat.S_IMODE(info.st_mode) == 0o600

    (project / "textwrap.py").unlink()
    _, newer = await made.make(index.files, [])
    made.close()
    assert newer.memory.match(b"class TextWrapp").order < len(b"class TextWrapp")
    assert memory.memory.match(b"class TextWrapp").order == len(b"class TextWrapp")  # who has it keeps it


async def test_make_ends_its_process_when_cancelled(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process runs below the user's programs; nobody waiting for it any more, it is ended, amid its answer too."""
    os.mkfifo(tmp_path / "told")
    tell = f"open({str(tmp_path / 'told')!r}, 'w').write(f'{{os.getpid()}} {{os.nice(0)}}')"
    answer = "os.write(1, bytes(1 << 20))"
    _programmed(monkeypatch, f"import os, sys\nsys.stdin.read()\n{answer}\n{tell}\nwhile True: {answer}")
    making = asyncio.create_task(Indexer(project, CorpusSettings()).make({}, []))
    pid, niceness = map(int, (await asyncio.to_thread((tmp_path / "told").read_text)).split())
    assert niceness == max(10, os.nice(0))
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    wait_for_end(pid)


async def test_make_of_a_killed_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed, as when memory runs out, is an error that says so."""
    _programmed(monkeypatch, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(WorkspaceError, match="ended with signal SIGKILL"):
        await Indexer(project, CorpusSettings()).make({}, [])


async def test_make_without_a_program(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot be started is an error too."""
    monkeypatch.setattr(indexer, "_PROGRAM", ("/nowhere/python",))
    with pytest.raises(WorkspaceError, match="could not be started"):
        await Indexer(project, CorpusSettings()).make({}, [])


async def test_make_without_room(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is an error that says so, and what was made before stays."""
    made = Indexer(project, CorpusSettings())
    index, memory = await made.make({}, [])
    with monkeypatch.context() as full:
        full.setattr(indexer, "_nameless_file", _full_disk)
        with pytest.raises(WorkspaceError, match="No space left on device"):
            await made.make(index.files, [])
    assert memory.memory.match(b"class TextWrapp").order == len(b"class TextWrapp")
    again, _ = await made.make(index.files, [])
    made.close()
    assert again == index
