"""The connection to the daemon, in this process, against a scripted daemon."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from charwise_daemon.errors import (
    CharwiseError,
    DocumentError,
    InvalidRequestError,
    OutdatedError,
    UnavailableError,
    VersionMismatchError,
    WorkspaceError,
)
from charwise_daemon.protocol import MAX_FRAME, Complete, Completion, Feedback
from charwise_lsp.convert import Mirror
from charwise_lsp.session import Session
from tests.lsp.conftest import Record, ScriptedDaemon, completion, replaced

URI = "file:///a%20b.py"
ASK = Complete(URI, version=1, offset=9)


class Kept(Session):
    """A session that records what it says; it is stopped when the test ends."""

    def __init__(self) -> None:
        self.said = Record()
        super().__init__(
            lambda event: self.said.add("event", event),
            lambda: self.said.add("gone", None),
            lambda error: self.said.add("trouble", error),
        )


@pytest.fixture
async def session() -> AsyncIterator[Kept]:
    kept = Kept()
    yield kept
    await kept.stop()


def opened(session: Session, text: str = "names = n") -> Mirror:
    mirror = Mirror(text, 1, "utf-16")
    session.open(URI, mirror, "/a b.py")
    return mirror


def retype(session: Session, mirror: Mirror, text: str) -> None:
    changes = [mirror.apply(replaced((0, 0), (99, 0), text))]
    mirror.version += 1
    session.edit(URI, changes)


class TestDocuments:
    async def test_name_that_is_none(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A document whose name cannot be sent has no suggestions, and the others go on having theirs."""
        session.open("file:///half \ud83d.py", Mirror("", 1, "utf-16"))
        opened(session)
        session.start()
        assert (await daemon.heard.take("open"))["document"] == URI
        session.close("file:///half \ud83d.py")
        assert list(session.documents) == [URI]

    async def test_complete(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """Suggestions come from the document that the daemon mirrors, which it knows by URI and path."""
        session.start()
        await daemon.heard.take("subscribe")
        opened(session)
        assert [each.text for each in (await session.complete(ASK)).suggestions] == ["ames = "]
        expected = {"document": URI, "text": b"names = n", "version": 1, "path": "/a b.py"}
        assert await daemon.heard.take("open") == expected

    async def test_edit_and_close(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """Edits and the end of a document are passed on; a document that is not open has no end."""
        session.start()
        await daemon.heard.take("subscribe")
        retype(session, opened(session), "other")
        expected = {"document": URI, "changes": [[0, 9, b"other"]], "version": 2}
        assert await daemon.heard.take("edit") == expected
        session.close("file:///never")
        session.close(URI)
        assert await daemon.heard.take("close") == {"document": URI}

    @pytest.mark.usefixtures("no_launch")
    async def test_no_daemon(self, session: Kept) -> None:
        """While no daemon runs and none can be started there are no suggestions, and it is said once."""
        session.start()
        assert isinstance(await session.said.take("trouble"), UnavailableError)
        retype(session, opened(session), "other")
        session.hold(["/folder"])
        session.tell("shown", Feedback(1))
        assert await session.complete(ASK) == Completion()
        assert repr(session) == "<Session: no daemon, 1 documents, 1 folders>"

    @pytest.mark.usefixtures("no_launch")
    async def test_late_daemon(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A daemon that comes late is told everything, with what was typed meanwhile."""
        await daemon.stop()
        session.start()
        await session.said.take("trouble")
        retype(session, opened(session), "typed meanwhile")
        session.hold(["/folder"])
        await daemon.start()
        assert (await daemon.heard.take("open"))["text"] == b"typed meanwhile"
        assert await daemon.heard.take("workspace_add") == {"path": "/folder"}
        assert not session.said.left("trouble")

    async def test_daemon_dies(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A daemon that died and is back is subscribed to again and told documents and folders."""
        session.start()
        session.hold(["/folder"])
        mirror = opened(session)
        await daemon.heard.take("open")
        await daemon.heard.take("workspace_add")
        await daemon.heard.take("subscribe")
        await daemon.drop()
        await session.said.take("gone")
        retype(session, mirror, "typed meanwhile")
        again = await daemon.heard.take("open")
        assert (again["text"], again["version"]) == (b"typed meanwhile", 2)
        assert await daemon.heard.take("workspace_add") == {"path": "/folder"}
        await daemon.heard.take("subscribe")

    async def test_daemon_dies_while_it_answers(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A request whose daemon dies has no suggestions, and the next one has them again."""
        session.start()
        opened(session)
        await daemon.heard.take("open")
        daemon.scripts["complete"] = lambda _params: asyncio.Event().wait()
        asking = asyncio.create_task(session.complete(ASK))
        await daemon.heard.take("complete")
        daemon.scripts.clear()
        await daemon.drop()
        assert await asking == Completion()
        await daemon.heard.take("open")
        assert (await session.complete(ASK)).suggestions

    async def test_cancel(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A cancelled request is cancelled at the daemon."""
        session.start()
        await daemon.heard.take("subscribe")
        daemon.scripts["complete"] = lambda _params: asyncio.Event().wait()
        asking = asyncio.create_task(session.complete(ASK))
        await daemon.heard.take("complete")
        asking.cancel()
        assert (await daemon.heard.take("cancel"))["msgid"]

    @pytest.mark.parametrize("error", [OutdatedError("newer"), InvalidRequestError("no"), CharwiseError("strange")])
    async def test_errors(self, session: Kept, daemon: ScriptedDaemon, error: CharwiseError) -> None:
        """Whatever the daemon answers, an editor that asks for suggestions never sees an error."""

        async def fail(_params: Any) -> None:
            raise error

        session.start()
        await daemon.heard.take("subscribe")
        daemon.scripts["complete"] = fail
        opened(session)
        assert await session.complete(ASK) == Completion()


class TestReopening:
    @pytest.fixture
    async def broken(self, session: Kept, daemon: ScriptedDaemon) -> ScriptedDaemon:
        """A daemon that does not know the document until it is opened a second time."""

        async def complete(params: dict[str, Any]) -> dict[str, Any]:
            if [method for method, _ in daemon.heard.all].count("open") < 2:
                raise DocumentError("open it again")
            return completion(f"version {params['version']}")

        session.start()
        await daemon.heard.take("subscribe")
        opened(session)
        await daemon.heard.take("open")
        daemon.scripts["complete"] = complete
        return daemon

    async def test_retry(self, session: Kept, broken: ScriptedDaemon) -> None:
        """A document that the daemon lost is opened again, and the question asked again."""
        assert (await session.complete(ASK)).suggestions[0].text == "version 1"
        assert (await broken.heard.take("open"))["text"] == b"names = n"

    async def test_once(self, session: Kept, broken: ScriptedDaemon) -> None:
        """A document that is lost even then has no suggestions: nothing goes round in circles."""

        async def fail(_params: Any) -> None:
            raise DocumentError("open it again")

        broken.scripts["complete"] = fail
        assert await session.complete(ASK) == Completion()
        assert [method for method, _ in broken.heard.all].count("open") == 2

    async def test_changed_meanwhile(self, session: Kept, broken: ScriptedDaemon) -> None:
        """What was typed while the answer was on its way makes the question pointless."""
        asking = asyncio.create_task(session.complete(ASK))
        await broken.heard.take("complete")
        retype(session, session.documents[URI], "names = na")
        assert await asking == Completion()
        assert (await session.complete(Complete(URI, 2, 10))).suggestions[0].text == "version 2"

    async def test_refused(self, session: Kept, broken: ScriptedDaemon) -> None:
        """A document that the daemon refuses is given up, not sent again at every key."""

        async def refuse(_params: Any) -> None:
            raise InvalidRequestError("too large")

        broken.scripts["open"] = refuse
        assert await session.complete(ASK) == Completion()
        assert not session.documents

    @pytest.mark.usefixtures("broken")
    async def test_too_large_to_send(self, session: Kept) -> None:
        """A document that no frame can hold is given up, and the others go on."""
        session.open("file:///large", Mirror("x" * MAX_FRAME, 1, "utf-16"))
        assert list(session.documents) == [URI]


class TestFolders:
    async def test_hold(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """Only what changes among the folders is told, and a release takes nothing else along."""
        session.start()
        await daemon.heard.take("subscribe")
        session.hold(["/a", "/b"])
        assert {(await daemon.heard.take("workspace_add"))["path"] for _ in "ab"} == {"/a", "/b"}
        session.hold(["/b", "/c"])
        assert (await daemon.heard.take("workspace_add"))["path"] == "/c"
        assert (await daemon.heard.take("workspace_release"))["path"] == "/a"
        session.hold(["/b", "/c"])
        await session.complete(ASK)
        assert daemon.heard.left("workspace_add") == daemon.heard.left("workspace_release") == 0

    async def test_refused(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """A folder that the daemon refuses is told to a person."""

        async def refuse(_params: Any) -> None:
            raise WorkspaceError("/ is no project")

        daemon.scripts["workspace_add"] = refuse
        session.start()
        session.hold(["/"])
        assert str(await session.said.take("trouble")) == "/ is no project"

    async def test_events(self, session: Kept, daemon: ScriptedDaemon) -> None:
        """Events of this editor's folders arrive, by the daemon's name for them; another editor's do not."""

        async def resolve(_params: Any) -> dict[str, Any]:
            return {"path": "/real", "model": "m", "state": "learning"}

        daemon.scripts["workspace_add"] = resolve
        session.start()
        session.hold(["/link"])
        await daemon.heard.take("workspace_add")
        await session.complete(ASK)  # its answer comes after the folder's
        daemon.push({"kind": "training", "workspace": "/another"})
        daemon.push({"kind": "training", "workspace": "/real"})
        events = [await session.said.take("event") for _ in range(3)]
        assert sorted(each["kind"] for each in events) == ["connected", "training", "workspace"]
        assert {"kind": "training", "workspace": "/real"} in events
        assert not session.said.left("event")


async def test_version_mismatch(session: Kept, daemon: ScriptedDaemon) -> None:
    """A daemon of another version is told to a person once, and tried again."""

    async def refuse(_params: Any) -> None:
        raise VersionMismatchError("restart the daemon")

    daemon.scripts["hello"] = refuse
    session.start()
    assert isinstance(await session.said.take("trouble"), VersionMismatchError)
    await daemon.heard.take("hello")
    await daemon.heard.take("hello")
    daemon.scripts.clear()
    await daemon.heard.take("subscribe")
    assert not session.said.left("trouble")
