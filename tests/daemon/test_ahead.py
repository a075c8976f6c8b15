"""What is searched ahead and prepared in the background, and what stops a search, with a real predictor."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from charwise_daemon.documents import Document
from charwise_daemon.engine import Engine
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.protocol import Complete, Completion
from tests.daemon.typist import LEARNED, TEXT, UNHURRIED, Still, Typist, Watched, first, plain

pytestmark = pytest.mark.usefixtures("home")


# --- ahead -----------------------------------------------------------------------------------------
async def test_search_ahead(lstm: Engine) -> None:
    """Once what is offered was accepted whole, the next is there at once, and is what a fresh search finds."""
    predictor = Watched(lstm)
    typist = Typist(predictor)
    for _ in range(3):
        offered = first(await typist.asked(max_characters=3))
        await typist.rest()
        steps = predictor.steps
        typist.type(offered.text.encode())
        answer = typist.ask(max_characters=3)
        assert isinstance(answer, Completion)
        assert predictor.steps == steps
        assert first(answer).id != offered.id
        assert plain(answer) == plain(await typist.fresh(max_characters=3))


async def _steps_of_an_offer() -> int:
    """Return how many steps a search takes, and the one ahead of what it finds."""
    typist = Typist(predictor := Watched(None))
    await typist.asked(max_characters=8)
    await typist.rest()
    return predictor.steps


async def test_search_ahead_is_once_per_offer() -> None:
    """Typing through does not begin the search ahead again, and does not stop it."""
    alone = await _steps_of_an_offer()
    typist = Typist(predictor := Watched(None))
    for character in first(await typist.asked(max_characters=8)).text:
        await asyncio.sleep(0)
        typist.type(character.encode())
    await typist.rest()
    assert predictor.steps == alone
    assert isinstance(typist.ask(max_characters=8), Completion)


async def test_search_ahead_is_gone_on_with() -> None:
    """Who accepts before the search ahead has ended is answered by its end, with no step done twice."""
    alone = await _steps_of_an_offer()
    typist = Typist(predictor := Watched(None))
    offered = first(await typist.asked(max_characters=8))
    await predictor.until(predictor.steps + 2)
    typist.type(offered.text.encode())
    answer = typist.ask(max_characters=8)
    assert isinstance(answer, asyncio.Task)
    await answer
    assert predictor.steps == alone
    assert plain(answer.result()) == plain(await typist.fresh(max_characters=8))


async def test_background_waits_for_requests() -> None:
    """While any document's request is under way, nothing is done ahead for another."""
    predictor = Watched(None)
    typist = Typist(predictor)
    await typist.asked()
    other = Document(("me", "other"), "/nowhere/other.py", TEXT, 1)
    typist.completions.open(other)
    answer = typist.completions.complete(other, Complete("other", 1, len(TEXT)))
    assert isinstance(answer, asyncio.Task)
    before, turns = predictor.steps, 0
    while not answer.done():
        await asyncio.sleep(0)
        turns += 1
    assert predictor.steps - before <= turns
    assert typist.document.offer
    assert typist.document.offer.after is None
    await typist.rest()
    assert typist.document.offer.after


async def test_prepared_in_the_background(lstm: Engine) -> None:
    """On open, focus and after edits the states are read off the path: a request pays for none of them."""
    text = LEARNED * 8
    typist, read = Typist(Still(lstm), text), list[int]()
    await typist.rest()
    for place in (len(text), 100, 1500):
        typist.completions.focus(typist.document, place)
        await typist.rest()
        read.append(len(list(typist.document.snapshots.read(lstm, typist.document.text, place))))
        typist.edit(place, place, b"    ")
        await typist.rest()
        read.append(len(list(typist.document.snapshots.read(lstm, typist.document.text, place + 4))))
    assert read == [1] * 6
    typist.completions.close(("me", "d"))
    typist.completions.open(Document(("me", "d"), "/nowhere/d.py", text, 1))
    await typist.rest()
    assert typist.document.cursor == 1504
    assert len(list(typist.document.snapshots.read(lstm, text, 1504))) == 1


async def test_focus_newest_wins(lstm: Engine) -> None:
    """A newer focus is answered at once, in place of the older one; -1 is where the cursor was last."""
    text = LEARNED * 8
    typist = Typist(Still(lstm), text)
    for place in (2000, 1000, -1, 2500):
        typist.completions.focus(typist.document, place)
        await asyncio.sleep(0)
    await typist.rest()
    assert typist.document.cursor == 2500
    assert len(list(typist.document.snapshots.read(lstm, text, 2500))) == 1
    assert len(list(typist.document.snapshots.copy().read(lstm, text, 1000))) > 1
    with pytest.raises(InvalidRequestError, match="outside"):
        typist.completions.focus(typist.document, len(text) + 1)


async def test_long_texts_are_sorted_in_another_thread() -> None:
    """A long text keeps nobody else waiting while it is sorted; who asks in it waits for that, and edits go on."""
    text = b"".join(b"value_%d = compute(%d)\n" % (n, n % 97) for n in range(3000)) + b"value_77 = comp"
    typist = Typist(Watched(None), text)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not typist.document.recall.is_warm
    typist.type(b"u")
    assert not typist.document.recall.is_warm
    answer = await typist.asked()
    assert first(answer).text.startswith("te(")
    assert plain(answer) == plain(await typist.fresh())
    worn, base = b"# another comment\n" * 500, typist.document.recall.parts(typist.document.text)[0]
    typist.edit(0, 0, worn)
    typist.cursor = len(worn) + len(text) + 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert typist.document.recall.parts(typist.document.text)[0] is base  # which serves until the new one has come
    assert plain(await typist.asked(trigger="invoked")) == plain(await typist.fresh(trigger="invoked"))
    await asyncio.wait(list(typist.completions._sorting.values()))
    assert typist.document.recall.parts(typist.document.text)[0] is not base


async def test_background_keeps_cold_documents_cold(lstm: Engine) -> None:
    """Many documents opened at once are not all read: the last ones are, which the others made cold."""
    typist = Typist(Still(lstm))
    for number in range(20):
        typist.completions.open(Document(("me", str(number)), f"/nowhere/{number}", TEXT, 1))
    await typist.rest()
    warm = [n for n in range(20) if typist.completions.documents.get(("me", str(n))).recall.is_warm]
    assert warm == list(range(12, 20))
    cold = typist.completions.documents.get(("me", "0"))
    typist.completions.edit(cold, [[0, 0, b"x"]], 2)
    await typist.rest()
    assert not cold.recall.is_warm


# --- what stops a search -----------------------------------------------------------------------------
Stop = Callable[[Typist, "asyncio.Task[Completion]"], Any]
_STOPS: dict[str, Stop] = {
    "edit": lambda typist, _: typist.type(b"x"),
    "newer": lambda typist, _: typist.ask(trigger="invoked"),
    "cancel": lambda _, task: task.cancel(),
    "close": lambda typist, _: typist.completions.close(("me", "d")),
    "open": lambda typist, _: typist.completions.open(Document(("me", "d"), "", b"other", 9)),
    "gone": lambda typist, _: typist.completions.forget("me"),
}


@pytest.mark.parametrize("stop", _STOPS)
async def test_search_stops_within_a_character(stop: str) -> None:
    """What makes a request outdated stops it before its next character."""
    predictor = Watched(None)
    typist = Typist(predictor)
    task = typist.ask()
    assert isinstance(task, asyncio.Task)
    await predictor.until(5)
    _STOPS[stop](typist, task)
    stepping = list[Any]()
    predictor.at_step = lambda _: stepping.append(asyncio.current_task())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task not in stepping


async def test_time_limit() -> None:
    """With no time left the best after the first character is the answer, and nobody's time is spent on more."""
    predictor = Watched(None)
    typist = Typist(predictor, chosen=dataclasses.replace(UNHURRIED, time_limit_ms=0.0))
    assert await typist.asked(trigger="invoked") == Completion(
        [], ["corpus", "documents", "nearby", "habits"], pytest.approx(0, abs=1e9)
    )
    assert predictor.steps == 0
    assert (await typist.asked(max_milliseconds=1e9)).suggestions
