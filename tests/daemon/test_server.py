"""The real daemon on a real socket: answers, life cycle, and what it survives."""

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgpack
import pytest

from charwise_daemon import launch, paths, protocol
from charwise_daemon.client import AsyncClient, Client, completion_of
from charwise_daemon.errors import (
    CharwiseError,
    DocumentError,
    InvalidRequestError,
    OutdatedError,
    UnavailableError,
    VersionMismatchError,
    WorkspaceError,
)
from charwise_daemon.protocol import (
    Close,
    Complete,
    Decoder,
    Edit,
    Feedback,
    Hello,
    Open,
    Request,
    Response,
    WorkspacePath,
    encode,
)
from tests.conftest import configure, daemon_pid, stop_daemon, wait_for_end
from tests.daemon.texts import SPLINES

pytestmark = pytest.mark.usefixtures("home")


async def _memory_of(client: AsyncClient, path: Path) -> None:
    """Add a workspace and return when its memory is there."""
    ready = asyncio.Event()
    client.on_notification = lambda _, event: ready.set() if event["kind"] == "memory" else None
    await client.request("subscribe")
    await client.request("workspace_add", WorkspacePath(str(path)))
    await ready.wait()


# --- completions ---------------------------------------------------------------------------------
async def test_complete_from_the_document() -> None:
    """Without a workspace the text of the document itself is recalled."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    completion = completion_of(await client.request("complete", Complete("d", 1, len(SPLINES))))
    assert completion.suggestions[0].text.startswith("lin")
    assert completion.sources == ["corpus", "documents", "nearby", "habits"]
    assert len(completion.suggestions[0].probabilities) == len(completion.suggestions[0].text)
    await client.close()


async def test_complete_from_the_workspace(project: Path) -> None:
    """A workspace's files are recalled in any document of it, before any training."""
    client = await AsyncClient.connect("test")
    await _memory_of(client, project)
    text = b"import textwrap\nwrapper = textwrap.TextWr"
    client.notify("open", Open("d", text, 1, str(project / "new.py")))
    completion = completion_of(await client.request("complete", Complete("d", 1, len(text))))
    assert completion.suggestions[0].text.startswith("app")
    await client.close()


async def test_complete_through_a_link(project: Path, tmp_path: Path) -> None:
    """A document that is reached through a link to its folder is one of the workspace there."""
    (tmp_path / "link").symlink_to(project)
    client = await AsyncClient.connect("test")
    await _memory_of(client, tmp_path / "link")
    text = b"import textwrap\nwrapper = textwrap.TextWr"
    client.notify("open", Open("d", text, 1, str(tmp_path / "link" / "new.py")))
    completion = completion_of(await client.request("complete", Complete("d", 1, len(text))))
    assert completion.suggestions[0].text.startswith("app")
    await client.close()


async def test_complete_after_edits() -> None:
    """Typing, deleting and typing again is followed byte for byte."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    client.notify("edit", Edit("d", [[len(SPLINES), len(SPLINES), b"xx"], [len(SPLINES), len(SPLINES) + 2, b"li"]], 2))
    completion = completion_of(await client.request("complete", Complete("d", 2, len(SPLINES) + 2)))
    assert completion.suggestions[0].text.startswith("nes")
    await client.close()


async def test_complete_invalid_utf8() -> None:
    """A document that is no UTF-8 is completed in all the same, with valid text."""
    text = b"caf\xe9 \xff\xfe reticulate\xc3\xa9 x\n" * 3 + b"\xff reticul"
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", text, 1))
    for offset in range(len(text) - 20, len(text) + 1):
        completion = completion_of(await client.request("complete", Complete("d", 1, offset, "invoked")))
        for suggestion in completion.suggestions:
            assert "\ufffd" not in suggestion.text
    assert completion.suggestions[0].text.startswith("ateé")
    await client.close()


async def test_complete_newest_wins() -> None:
    """A newer request for a document makes the one under way outdated; both are answered."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    pid = daemon_pid()
    os.kill(pid, signal.SIGSTOP)  # else it may have answered the older one before the newer one is sent
    older = asyncio.create_task(client.request("complete", Complete("d", 1, len(SPLINES))))
    newer = asyncio.create_task(client.request("complete", Complete("d", 1, len(SPLINES) - 1, "invoked")))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGCONT)
    with pytest.raises(OutdatedError):
        await older
    assert completion_of(await newer).suggestions
    await client.close()


async def test_complete_cancelled() -> None:
    """A cancelled request stops there, and the next one is answered."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    asking = asyncio.create_task(client.request("complete", Complete("d", 1, len(SPLINES))))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert completion_of(await client.request("complete", Complete("d", 1, len(SPLINES)))).suggestions
    await client.close()


async def test_documents_are_each_clients_own() -> None:
    """Two editors with the same file open do not disturb each other, and a closed connection closes its documents."""
    one, other = await AsyncClient.connect("one"), await AsyncClient.connect("other")
    one.notify("open", Open("d", SPLINES, 5))
    other.notify("open", Open("d", b"something else", 1))
    assert completion_of(await one.request("complete", Complete("d", 5, len(SPLINES)))).suggestions
    assert (await one.request("status"))["documents"] == 2
    await other.close()
    while (await one.request("status"))["documents"] == 2:  # noqa: ASYNC110 - no event tells that a client has gone
        await asyncio.sleep(0)
    await one.close()


async def test_feedback_is_counted() -> None:
    """What was shown and accepted is counted once; what was never offered is not."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    [suggestion] = completion_of(await client.request("complete", Complete("d", 1, len(SPLINES)))).suggestions
    client.notify("shown", Feedback(suggestion.id))
    client.notify("accepted", Feedback(suggestion.id, 3))
    client.notify("accepted", Feedback(suggestion.id, 3))
    client.notify("rejected", Feedback(999))
    counted = (await client.request("status"))["suggestions"]
    assert counted == {"shown": 1, "accepted": 1, "accepted_characters": 3, "rejected": 0}
    await client.close()


# --- bad input -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "params", "error", "said"),
    [
        ("complete", Complete("d", 1, 10_000), InvalidRequestError, "offset 10000 is outside the document's"),
        ("complete", Complete("d", 1, -1), InvalidRequestError, "offset -1 is outside"),
        ("complete", Complete("d", 7, 0), DocumentError, "version 7 asked for"),
        ("complete", Complete("nobody", 1, 0), DocumentError, "nobody is not open"),
        ("complete", {"document": "d"}, InvalidRequestError, "version is missing"),
        ("edit", Edit("d", [[0, 1, b""]], 1), DocumentError, "edit to version 1"),
        ("edit", Edit("d", [[5, 4, b""]], 2), DocumentError, "outside the document's"),
        ("focus", protocol.Focus("d", 99_999), InvalidRequestError, "offset 99999 is outside"),
        ("levitate", {}, InvalidRequestError, "there is no method 'levitate'"),
        ("__init__", {}, InvalidRequestError, "there is no method"),
        ("workspace_add", WorkspacePath("/no/such/folder"), WorkspaceError, "does not exist"),
        ("workspace_add", WorkspacePath("relative"), WorkspaceError, "no absolute path"),
        ("workspace_add", WorkspacePath("/dev/null"), WorkspaceError, "neither a folder nor a file"),
        ("workspace_add", WorkspacePath("/"), WorkspaceError, "no project but everything"),
        ("workspace_remove", WorkspacePath("/no/such/folder"), WorkspaceError, "is no workspace"),
        ("train", WorkspacePath("/no/such/folder"), WorkspaceError, "is not in use"),
    ],
)
async def test_requests_refused(method: str, params: Any, error: type[CharwiseError], said: str) -> None:
    """A wrong request costs one clear error, and the daemon answers the next."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    with pytest.raises(error, match=said):
        await client.request(method, params)
    assert (await client.request("status"))["documents"] == 1
    await client.close()


async def test_edit_that_does_not_fit() -> None:
    """After an edit that does not fit, completions say so until the document is opened again."""
    client = await AsyncClient.connect("test")
    client.notify("open", Open("d", SPLINES, 1))
    client.notify("edit", Edit("d", [[0, 10**6, b""]], 2))
    with pytest.raises(DocumentError, match="open it again"):
        await client.request("complete", Complete("d", 2, 0))
    client.notify("open", Open("d", SPLINES, 3))
    assert completion_of(await client.request("complete", Complete("d", 3, len(SPLINES)))).suggestions
    client.notify("close", Close("d"))
    await client.close()


def _talk(*sent: bytes) -> list[protocol.Message]:
    """Send raw bytes to the daemon and return what it answers before it closes the connection."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(str(paths.socket_file()))
        for data in sent:
            raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        answers, decoder = list[protocol.Message](), Decoder()
        while data := raw.recv(1 << 16):
            answers += decoder.feed(data)
    return answers


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not MessagePack-RPC"),
        (b"\xc1\xc1\xc1", "not MessagePack"),
        (msgpack.packb({"a": 1}), "not MessagePack-RPC"),
        (b"\xc6\x7f\xff\xff\xff" + bytes(protocol.MAX_FRAME + 1), "over the limit"),
        (b"\xdd\xff\xff\xff\xff" + b"\x01" * 100, "not MessagePack"),
    ],
)
def test_garbage(sent: bytes, said: str) -> None:
    """What is no message gets one error and a closed connection; the daemon lives and others are not disturbed."""
    with Client("bystander") as bystander:
        [answer] = _talk(sent)
        assert isinstance(answer, Response)
        assert said in answer.error["message"]
        assert bystander.request("status")["pid"]


def test_before_hello() -> None:
    """Whoever does not say hello gets nothing else."""
    launch.ensure_running()
    [answer] = _talk(encode(Request(4, "status", {})))
    assert isinstance(answer, Response)
    assert answer.msgid == 4
    assert "before hello" in answer.error["message"]


def test_wrong_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of another version is told what to do."""
    launch.ensure_running()
    [answer] = _talk(encode(Request(1, "hello", vars(Hello("old", "0.0.1", 99)))))
    assert isinstance(answer, Response)
    assert "charwise daemon restart" in answer.error["message"]
    with monkeypatch.context() as patch:
        patch.setattr("charwise_daemon.client.PROTOCOL", 99)
        with pytest.raises(VersionMismatchError, match="speaks protocol 99"):
            Client("old")


# --- life cycle ----------------------------------------------------------------------------------
def test_start_once() -> None:
    """Clients that start at the same moment get the same daemon."""
    pids, barrier = list[int](), threading.Barrier(4)

    def start() -> None:
        barrier.wait()
        with Client("test") as client:
            pids.append(client.hello["pid"])

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_private() -> None:
    """Socket and folders are the user's alone."""
    launch.ensure_running()
    assert stat.S_IMODE(paths.socket_file().stat().st_mode) == 0o600
    for folder in (paths.socket_file().parent, paths.models_dir(), paths.log_file().parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_private_parents(tmp_path: Path) -> None:
    """So are the folders that these lie in, where they are made with them; what is there stays as it is."""
    tmp_path.chmod(0o755)
    for folder in (paths.private_dir(tmp_path / "state" / "charwise" / "log"), tmp_path / "state" / "charwise"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_killed() -> None:
    """What a killed daemon left behind does not keep the next one from starting."""
    launch.ensure_running()
    first = daemon_pid()
    os.kill(first, signal.SIGKILL)
    wait_for_end(first)
    assert paths.socket_file().exists()
    assert not launch.is_running()
    with Client("test") as client:
        assert client.hello["pid"] != first
        assert json.loads(paths.status_file().read_text())["pid"] == client.hello["pid"]


def test_second_daemon() -> None:
    """A second daemon refuses to start, and the first one goes on."""
    launch.ensure_running()
    second = subprocess.run([sys.executable, "-m", "charwise_daemon"], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "a daemon runs already" in second.stderr
    assert launch.is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_by_a_signal(number: signal.Signals) -> None:
    """SIGTERM ends the daemon cleanly: no socket and no status file stay, and clients hear of it."""
    with Client("test") as client:
        pid = client.hello["pid"]
        os.kill(pid, number)
        wait_for_end(pid)
        with pytest.raises(UnavailableError):
            client.request("status")
    assert not paths.socket_file().exists()
    assert not paths.status_file().exists()


def test_idle() -> None:
    """Without clients the daemon exits after a while."""
    configure("[daemon]\nidle_minutes = 0.005\n")
    with Client("test") as client:
        pid = client.hello["pid"]
    wait_for_end(pid)


def test_bad_settings() -> None:
    """A daemon that cannot start says why to the client that started it."""
    configure("[training]\nminuets = 3\n")
    with pytest.raises(UnavailableError, match="unknown parameter 'minuets'"):
        launch.ensure_running()


def test_no_daemon() -> None:
    """A client that must not start one says what to do."""
    with pytest.raises(UnavailableError, match="charwise daemon start"):
        Client("test", start=False)


def test_long_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path too long for a socket is replaced by a short one of the user's."""
    monkeypatch.setenv("CHARWISE_HOME", str(tmp_path / ("long" * 30)))
    configure("[training]\nenabled = false\n")
    try:
        with Client("test") as client:
            assert client.request("status")["workspaces"] == []
        assert len(str(paths.socket_file())) < 100
    finally:
        stop_daemon()
