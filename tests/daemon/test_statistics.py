"""The real daemon counts what becomes of its suggestions, keeps that, and offers accordingly."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from charwise_daemon import launch, paths
from charwise_daemon.client import AsyncClient, Client, completion_of
from charwise_daemon.protocol import Close, Complete, Edit, Feedback, Open, Suggestion
from tests.conftest import daemon_pid, stop_daemon, wait_for_end
from tests.daemon.texts import SPLINES
from tests.daemon.typist import Typist, Watched

pytestmark = pytest.mark.usefixtures("home")

# A daemon that keeps what it counts so often that a test need not wait.
_HASTY = """
from charwise_daemon import __main__, kept
kept.INTERVAL_SECONDS = 0.05
__main__.main()
"""


async def _offered(client: AsyncClient, path: str) -> Suggestion:
    """Return what is offered after the beginning of a name, which is shown."""
    client.notify("open", Open(path, SPLINES, 1, path))
    completion = completion_of(await client.request("complete", Complete(path, 1, len(SPLINES))))
    client.notify("shown", Feedback(completion.suggestions[0].id))
    return completion.suggestions[0]


async def _accept_one(path: str) -> dict[str, int]:
    """Accept a suggestion in a file, and leave; return what should have been counted."""
    client = await AsyncClient.connect("test")
    text = (await _offered(client, path)).text.encode()
    client.notify("edit", Edit(path, [[len(SPLINES), len(SPLINES), text]], 2))
    client.notify("accepted", Feedback(1, len(text)))
    client.notify("edit", Edit(path, [[0, 0, b"#"]], 3))
    await client.request("statistics")
    await client.close()
    return {"typed": 1, "shown": 1, "accepted": 1, "keys": 1, "characters": len(text)}


def _statistics() -> Any:
    with Client("test") as client:
        return client.request("statistics")


async def test_survive_a_restart() -> None:
    """What was counted is there in the next daemon, and so is what feedback has moved."""
    counted = await _accept_one("/x/a.py")
    before = await asyncio.to_thread(_statistics)
    ((of),) = before["counts"].values()
    assert of == {".py": counted}
    assert before["price_factors"][".py"] < 1.0
    await asyncio.to_thread(stop_daemon)
    assert await asyncio.to_thread(_statistics) == before


def _until_written(file: Path) -> None:
    while not file.exists():
        time.sleep(0.01)  # nothing tells that it was written


@pytest.fixture
def hasty() -> Iterator[subprocess.Popen[bytes]]:
    """A running daemon that writes twenty times in a second."""
    ready, tell = os.pipe()
    command = [sys.executable, "-c", _HASTY, "--ready-fd", str(tell)]
    process = subprocess.Popen(command, pass_fds=(tell,))
    os.close(tell)
    assert os.read(ready, 1) == b"."
    os.close(ready)
    yield process
    process.kill()
    process.wait()


async def test_survive_a_kill(hasty: subprocess.Popen[bytes]) -> None:
    """A killed daemon has lost what it counted in the last interval at most; nothing is damaged."""
    client = await AsyncClient.connect("test", start=False)
    await _offered(client, "/x/a.py")
    await asyncio.to_thread(_until_written, paths.state_dir() / "statistics.json")
    hasty.send_signal(signal.SIGKILL)
    await asyncio.to_thread(hasty.wait)
    await client.close()
    ((of),) = (await asyncio.to_thread(_statistics))["counts"].values()
    assert of == {".py": {"shown": 1}}


async def test_damaged_statistics() -> None:
    """A damaged file is set aside with a warning in the log; counting begins anew, and the rest is kept."""
    await _accept_one("/x/a.py")
    await asyncio.to_thread(stop_daemon)
    file = paths.state_dir() / "statistics.json"
    file.write_bytes(file.read_bytes()[:-7])
    after = await asyncio.to_thread(_statistics)
    assert after["counts"] == {}
    assert after["price_factors"][".py"] < 1.0
    assert paths.log_file().read_text().count("begun anew") == 1
    assert file.with_suffix(".damaged").exists()


async def test_clear() -> None:
    """Nothing is left of what was counted, nor on the disk."""
    await _accept_one("/x/a.py")
    client = await AsyncClient.connect("test")
    await client.request("statistics_clear")
    assert await client.request("statistics") == {"counts": {}, "scores": {}, "price_factors": {}}
    kept = "".join(each.read_text() for each in paths.state_dir().iterdir())
    assert ".py" not in kept
    await client.close()


async def test_many_languages() -> None:
    """Each type of file is counted by itself, whatever it is called."""
    client = await AsyncClient.connect("test")
    names = ["/x/a.py", "/x/B.PY", "/x/Makefile", "/x/ü.日本", "/x/.profile", "/x/" + "z." + "y" * 200, ""]
    for name in names:
        client.notify("open", Open(name or "untitled", b"", 1, name))
        client.notify("edit", Edit(name or "untitled", [[0, 0, b"x"]], 2))
    ((of),) = (await client.request("statistics"))["counts"].values()
    assert {kind: each["typed"] for kind, each in of.items()} == {".py": 2, "": 3, ".日本": 1, "." + "y" * 15: 1}
    await client.close()


async def test_typed_otherwise() -> None:
    """What was shown for a while and then typed differently is counted; what went on with it is not."""
    client = await AsyncClient.connect("test")
    for name, typed in (("/x/a.py", b"liXX"), ("/x/b.md", b"lines")):
        assert (await _offered(client, name)).text.startswith("li")
        await asyncio.sleep(0.2)  # it has to be there for long enough to be read
        for number, character in enumerate(typed):
            at = len(SPLINES) + number
            client.notify("edit", Edit(name, [[at, at, bytes([character])]], 2 + number))
        client.notify("close", Close(name))
    ((of),) = (await client.request("statistics"))["counts"].values()
    assert of == {".py": {"typed": 4, "shown": 1, "otherwise": 1}, ".md": {"typed": 5, "shown": 1}}
    await client.close()


async def test_nothing_is_written_while_nothing_happens() -> None:
    """A daemon that nobody uses writes no statistics."""
    client = await AsyncClient.connect("test")
    await client.request("status")
    await client.close()
    pid = daemon_pid()
    os.kill(pid, signal.SIGTERM)
    await asyncio.to_thread(wait_for_end, pid)
    assert not launch.is_running()
    assert _names(paths.state_dir()) == []


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


# --- what feedback does to what is offered ---------------------------------------------------------
async def _offers_until_silent(typist: Typist, most: int) -> int:
    """Dismiss what is offered over and over; return after how many there is nothing more, or `most`."""
    for number in range(most):
        completion = await typist.asked()
        if not completion.suggestions:
            return number
        typist.completions.shown("me", completion.suggestions[0].id)
        typist.completions.rejected("me", completion.suggestions[0].id)
        typist.type(b"\n")
        typist.delete(1)
    return most


async def test_feedback_moves_the_threshold() -> None:
    """Who dismisses suggestions in a type of file gets only surer ones there, and elsewhere as many as before."""
    text = b"alpha beta\nalpha gamma\nalpha beta\nalpha gamma\nalpha beta\nalp"
    typist = Typist(Watched(None), text)
    first = (await typist.asked()).suggestions[0]
    await _offers_until_silent(typist, 40)
    assert typist.completions.tally.factor(".py") > 1.5
    assert typist.completions.tally.factor(".md") == 1.0
    later = (await typist.asked()).suggestions
    assert not later or later[0].benefit < first.benefit


async def test_feedback_takes_no_part_in_what_is_asked_for() -> None:
    """Who asks is shown what there is, however much was dismissed."""
    typist = Typist(Watched(None))
    before = (await typist.asked(trigger="invoked")).suggestions[0]
    for _ in range(100):
        typist.completions.tally._journal.feedback.note(".py", 0.9, 0.0)
    after = (await typist.asked(trigger="invoked")).suggestions[0]
    assert (after.text, after.benefit) == (before.text, before.benefit)
