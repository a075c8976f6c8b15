"""A state and its file: written seldom, whole or not at all, and begun anew where the file is damaged."""

import asyncio
import logging
import stat
from pathlib import Path

import pytest

from charwise_daemon.kept import Kept
from charwise_daemon.ledger import Ledger


def _keep(file: Path, interval: float = 1e9) -> tuple[Ledger, Kept]:
    ledger = Ledger()
    kept = Kept(file, ledger, interval)
    ledger.changed = kept.changed
    return ledger, kept


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def test_kept(tmp_path: Path) -> None:
    """What was counted is there after a restart; the file is the user's alone, and nothing lies beside it."""
    file = tmp_path / "statistics.json"
    ledger, kept = _keep(file)
    ledger.count(".py", shown=1)
    await kept.flush()
    again, _ = _keep(file)
    assert again.state() == ledger.state()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _names(tmp_path) == ["statistics.json"]


async def test_written_once_for_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first change sets the time; nothing is written at each of them, nor when nothing has changed."""
    written = asyncio.Queue[bytes]()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(
        "charwise_daemon.kept.replace_file", lambda _, data: loop.call_soon_threadsafe(written.put_nowait, data)
    )
    ledger, kept = _keep(tmp_path / "statistics.json", interval=0.01)
    for _ in range(100):
        ledger.count(".py", shown=1)
    assert b'"shown":100' in await written.get()
    await kept.flush()
    await kept.flush()
    assert written.empty()
    assert kept._timer is None  # nothing wakes it any more


@pytest.mark.parametrize(
    "damage", [b"", b"\xff\xfe", b"[1, 2]", b'{"format": 2, "state": {}}', b'{"format": 1}', b"[" * 100_000]
)
async def test_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes) -> None:
    """One warning, the damaged file is kept aside, and counting begins anew."""
    file = tmp_path / "statistics.json"
    file.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        ledger, kept = _keep(file)
    assert len(caplog.records) == 1
    assert "begun anew" in caplog.text
    assert (tmp_path / "statistics.damaged").read_bytes() == damage
    ledger.count(".py", shown=1)
    await kept.flush()
    again, _ = _keep(file)
    assert again.state() == ledger.state()


async def test_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One warning; counting goes on in memory, and all of it is written when there is room."""
    folder = tmp_path / "full"
    ledger, kept = _keep(folder / "statistics.json")
    folder.touch()  # no folder can be made there
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            ledger.count(".py", shown=1)
            await kept.flush()
    assert len(caplog.records) == 1
    folder.unlink()
    await kept.flush()
    again, _ = _keep(folder / "statistics.json")
    assert again.state() == ledger.state()
