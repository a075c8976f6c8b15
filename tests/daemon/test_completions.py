"""Completions over documents: type-through, what is done ahead, and what stops a search, with a real predictor."""

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charwise_daemon import paths
from charwise_daemon.completer import Draft
from charwise_daemon.completions import Completions
from charwise_daemon.documents import Document
from charwise_daemon.engine import Engine
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.memory import Memory
from charwise_daemon.models import Models
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.protocol import Complete, Completion, Suggestion
from charwise_daemon.settings import CompletionSettings, CorpusSettings
from charwise_daemon.store import Store
from charwise_daemon.workspaces import Workspaces
from tests.daemon.texts import CONNECTIONS

pytestmark = pytest.mark.usefixtures("home")

_LEARNED = (
    CONNECTIONS
    + b"""def read_lines(connection, encoding="utf-8"):
    # na\xc3\xafve: a caf\xc3\xa9 costs \xe2\x82\xac 5
    for line in connection.read().decode(encoding).splitlines():
        yield line
"""
)
_TEXT = b"import socket\n\ndef open_conn"
_UNHURRIED = CompletionSettings(time_limit_ms=1e9, eagerness=1.0)


class Still(Predictor):
    """A predictor that learns nothing of what is typed, so that the same question has the same answer."""

    def learn(self, position: Position, character: int) -> None:
        pass


class Counting(Still):
    """A predictor that counts its steps, and can do something at one of them."""

    def __init__(self, engine: Engine | None) -> None:
        super().__init__(engine, corpus=Memory.of(_LEARNED * 3))
        self.steps = 0
        self.at_step: Callable[[int], None] = lambda _: None

    def step(self, position: Position, character: int) -> Position:
        self.steps += 1
        self.at_step(self.steps)
        return super().step(position, character)

    async def until(self, steps: int) -> None:
        """Return after so many steps."""
        reached = asyncio.Event()
        self.at_step = lambda number: reached.set() if number == steps else None
        await reached.wait()


class Typist:
    """A client with one document, and its cursor."""

    def __init__(self, predictor: Predictor, text: bytes = _TEXT, chosen: CompletionSettings = _UNHURRIED) -> None:
        store = Store(paths.models_dir())
        workspaces = Workspaces(paths.workspaces_file(), Models(store), CorpusSettings(), lambda _: None, lambda: None)
        self.completions, self._predictor = Completions(chosen, workspaces), predictor
        self.completions._nobodys = predictor
        self.completions.open(Document(("me", "d"), "/nowhere/d.py", text, 1))
        self.cursor = len(text)

    @property
    def document(self) -> Document:
        return self.completions.documents.get(("me", "d"))

    def edit(self, start: int, end: int, text: bytes) -> None:
        self.completions.edit(self.document, [[start, end, text]], self.document.version + 1)
        self.cursor = start + len(text)

    def type(self, text: bytes) -> None:
        self.edit(self.cursor, self.cursor, text)

    def delete(self, length: int) -> None:
        self.edit(max(0, self.cursor - length), self.cursor, b"")

    def ask(self, **limits: Any) -> Completion | asyncio.Task[Completion]:
        """Ask at the cursor; an answer that needs no search is there at once."""
        return self.completions.complete(self.document, Complete("d", self.document.version, self.cursor, **limits))

    async def asked(self, **limits: Any) -> Completion:
        """Return the answer at the cursor."""
        answer = self.ask(**limits)
        return await answer if isinstance(answer, asyncio.Task) else answer

    async def rest(self) -> None:
        """Return when nothing is done in the background any more."""
        while worker := self.completions.background._worker:
            await asyncio.wait([worker])

    async def fresh(self, **limits: Any) -> Completion:
        """Return what another client is answered that has just opened the same text."""
        other = Typist(self._predictor, bytes(self.document.text))
        other.cursor = self.cursor
        return await other.asked(**limits)


def _plain(completion: Completion) -> tuple[Any, ...]:
    """Return an answer without what differs from one request to the next."""
    return completion.sources, [dataclasses.replace(each, id=0) for each in completion.suggestions]


def _first(completion: Completion) -> Suggestion:
    return completion.suggestions[0]


def _left(offered: Suggestion, typed: int) -> Suggestion:
    """Return what is left of a suggestion after so many of its characters were typed."""
    draft = Draft(offered.text[typed:].encode(), tuple(offered.probabilities[typed:]), offered.benefit)
    return Suggestion(offered.id, draft.text.decode(), list(draft.probabilities), draft.benefit, draft.confident)


# --- type-through ----------------------------------------------------------------------------------
async def test_type_through(lstm: Engine) -> None:
    """While what is offered is typed, the rest is the answer, to the last character, with no search."""
    predictor = Counting(lstm)
    typist = Typist(predictor)
    offered = _first(await typist.asked())
    await typist.rest()
    steps = predictor.steps
    for at in range(1, len(offered.text)):
        typist.type(offered.text[at - 1].encode())
        answer = typist.ask()
        assert isinstance(answer, Completion)
        assert answer.sources == ["lstm", "corpus", "documents", "nearby", "habits"]
        assert answer.suggestions == [_left(offered, at)]
    await typist.rest()
    assert predictor.steps == steps


async def test_type_through_back_and_forth() -> None:
    """Deleting what was typed of it brings the rest back; deleting more, or going elsewhere, searches again."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    typist.type(offered.text[:6].encode())
    typist.delete(4)
    back = typist.ask()
    assert isinstance(back, Completion)
    assert _first(back) == _left(offered, 2)
    typist.delete(2)
    whole = typist.ask()
    assert isinstance(whole, Completion)
    assert whole.suggestions == [offered]
    typist.delete(1)
    assert isinstance(typist.ask(), asyncio.Task)


@pytest.mark.parametrize("change", [(0, 0, b"# x\n"), (3, 4, b"q"), (len(_TEXT) - 1, len(_TEXT), b""), (0, 28, b"x")])
async def test_type_through_ends_with_another_edit(change: tuple[int, int, bytes]) -> None:
    """An edit elsewhere ends it: what is answered then is what that text is worth."""
    typist = Typist(Counting(None))
    await typist.asked()
    typist.edit(*change)
    typist.cursor = len(typist.document.text)
    answer = typist.ask()
    assert isinstance(answer, asyncio.Task)
    assert _plain(await answer) == _plain(await typist.fresh())


async def test_type_through_replaced_word() -> None:
    """An editor that sends the word again with what was accepted of it has typed just that."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    word = len(b"open_conn")
    typist.edit(len(_TEXT) - word, len(_TEXT), b"open_conn" + offered.text[:3].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert _first(answer).text == offered.text[3:]
    typist.edit(0, len(typist.document.text), bytes(typist.document.text) + offered.text[3:5].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert _first(answer).text == offered.text[5:]


async def test_type_through_inside_a_code_point() -> None:
    """Half a character is no place to go on from."""
    typist = Typist(Counting(None), b"    # na\xc3\xafve: a ca")
    offered = _first(await typist.asked())
    assert offered.text.startswith("fé")
    typist.type(b"f\xc3")
    assert isinstance(typist.ask(), asyncio.Task)


# --- in place of what stands there ---------------------------------------------------------------------
async def test_instead_of_what_is_typed() -> None:
    """What a menu has chosen is gone on with as if it were typed; what was offered before is offered still."""
    typist, chosen = Typist(Counting(None)), Typist(Counting(None))
    offered = await typist.asked()
    chosen.edit(len(_TEXT) - len(b"open_conn"), len(_TEXT), b"read_lines(conn")
    supposed = await typist.asked(instead=[len(_TEXT) - len(b"open_conn"), b"read_lines(conn"])
    assert _first(supposed).text == _first(await chosen.fresh()).text == "ection"
    again = typist.ask()
    assert isinstance(again, Completion)
    assert again.suggestions == offered.suggestions


@pytest.mark.parametrize("instead", [[1], [-1, b"x"], [len(_TEXT) + 1, b"x"], [0, 7], ["0", b"x"]])
async def test_instead_that_is_none(instead: list[Any]) -> None:
    """What cannot stand before the cursor is refused."""
    with pytest.raises(InvalidRequestError, match="instead is"):
        Typist(Counting(None)).ask(instead=instead)


async def test_invoked_searches_anew() -> None:
    """Who asks explicitly, or for other limits, gets a new search; what is typed on of its answer is its rest."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    typist.type(offered.text[:2].encode())
    answer = typist.ask(trigger="invoked")
    assert isinstance(answer, asyncio.Task)
    invoked = _first(await answer)
    assert invoked.id != offered.id
    assert isinstance(typist.ask(max_characters=5), asyncio.Task)
    answer = typist.ask(trigger="invoked")
    assert isinstance(answer, asyncio.Task)
    invoked = _first(await answer)
    typist.type(invoked.text[:1].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert _first(answer).text == invoked.text[1:]


async def test_alternatives() -> None:
    """Of several the first is gone on with, or the one that is shown; those that do not fit any more are dropped."""
    typist = Typist(Counting(None), b"import socket\n\ndef ")
    offered = (await typist.asked(alternatives=4)).suggestions
    other = next(each for each in offered if each.text[0] != offered[0].text[0])
    typist.type(other.text[:1].encode())
    assert isinstance(typist.ask(alternatives=4), asyncio.Task)  # not what the client would see
    typist.delete(1)
    offered = (await typist.asked(alternatives=4)).suggestions
    other = next(each for each in offered if each.text[0] != offered[0].text[0])
    typist.completions.shown("me", other.id)
    again = typist.ask(alternatives=4)
    assert isinstance(again, Completion)
    assert again.suggestions == offered
    await typist.rest()  # what comes after the first is there
    typist.type(other.text[:1].encode())
    answer = typist.ask(alternatives=4)
    assert isinstance(answer, Completion)
    alike = [each for each in offered if each.text[0] == other.text[0]]
    assert answer.suggestions == [_left(each, 1) for each in alike]
    typist.type(other.text[1:].encode())
    assert isinstance(typist.ask(alternatives=4), asyncio.Task)
    assert _plain(await typist.asked(alternatives=4)) == _plain(await typist.fresh(alternatives=4))


# --- several lines -----------------------------------------------------------------------------------
Multiline = Literal["auto", "never", "always"]
_TWICE = b"open_window(black)\n"
_SURE = b"import difference\ngo quickly, gulls\n"
_OTHER = b"{'k': 5}\n"


async def _written(text: bytes, multiline: Multiline, most: int = 3, after: bytes = b"", **limits: Any) -> str:
    """Return what is offered after a text by one who has read such lines often; now and then another one came next."""
    chosen = CompletionSettings(
        time_limit_ms=1e9, max_characters=200, multiline=multiline, max_lines=most, eagerness=0.0
    )
    learned = (_TWICE + _SURE + b"\n") * 80 + (_TWICE + _OTHER + b"\n") * 5
    typist = Typist(Predictor(corpus=Memory.of(learned)), text + after, chosen)
    typist.cursor -= len(after)
    return _first(await typist.asked(**limits)).text


async def test_multiline_never() -> None:
    """With "never" a suggestion ends where its line does, also where a client would take more."""
    assert "dow(black)".startswith(await _written(b"open_win", "never"))
    assert await _written(b"import diff", "never", trigger="invoked") == "erence"
    assert await _written(b"import diff", "never", trigger="invoked", max_lines=3) == "erence"


async def test_multiline_auto() -> None:
    """With "auto" a suggestion goes on over the end of its line while that pays, and not into the doubtful."""
    assert await _written(b"import diff", "auto", trigger="invoked") == "erence\ngo quickly, gulls"
    assert "dow(black)\nimport ".startswith(await _written(b"open_win", "auto"))


async def test_multiline_always() -> None:
    """With "always" it goes on to the end of the last line that is more likely right than not."""
    offered = await _written(b"open_win", "always")
    assert offered in {"dow(black)\nimport difference", "dow(black)\nimport difference\ngo quickly, gulls"}
    assert len(await _written(b"open_win", "auto")) < len(offered)


@pytest.mark.parametrize("multiline", ["auto", "always"])
async def test_max_lines(multiline: Multiline) -> None:
    """No suggestion has more lines than the settings say, or the client where that says something."""
    whole = "erence\ngo quickly, gulls"
    assert await _written(b"import diff", multiline, 2, trigger="invoked") == whole
    assert await _written(b"import diff", multiline, 1, trigger="invoked") == "erence"
    assert await _written(b"import diff", multiline, 1, trigger="invoked", max_lines=2) == whole
    assert await _written(b"import diff", multiline, 2, trigger="invoked", max_lines=1) == "erence"


@pytest.mark.parametrize("multiline", ["auto", "always"])
async def test_multiline_in_mid_line(multiline: Multiline) -> None:
    """Where text follows the cursor on its line, a suggestion stays in that."""
    assert await _written(b"import diff", multiline, after=b"; done()\n", trigger="invoked") == "erence"


# --- feedback ----------------------------------------------------------------------------------------
async def test_feedback_on_a_rest() -> None:
    """A suggestion that is typed through is one: shown once, accepted once, with what was left of it."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    for character in offered.text[:3]:
        typist.completions.shown("me", offered.id)
        typist.type(character.encode())
        typist.ask()
    typist.completions.shown("me", offered.id)
    typist.completions.tally.accepted(offered.id)
    counts = typist.completions.tally.counts
    assert counts == {"shown": 1, "accepted": 1, "accepted_characters": len(offered.text) - 3, "rejected": 0}


async def test_rejected() -> None:
    """What was dismissed is not gone on with."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    typist.completions.rejected("me", offered.id)
    typist.type(offered.text[:1].encode())
    assert isinstance(typist.ask(), asyncio.Task)


async def test_new_model_meanwhile(lstm: Engine) -> None:
    """A model that is swapped in meanwhile changes nothing of what is shown, and serves the next search."""
    typist = Typist(Counting(None))
    offered = _first(await typist.asked())
    typist.completions._nobodys = typist._predictor = Counting(lstm)
    typist.type(offered.text[:1].encode())
    assert _first(await typist.asked()).text == offered.text[1:]
    typist.type(b"?")
    answer = await typist.asked(trigger="invoked")
    assert "lstm" in answer.sources


# --- ahead -----------------------------------------------------------------------------------------
async def test_search_ahead(lstm: Engine) -> None:
    """Once what is offered was accepted whole, the next is there at once, and is what a fresh search finds."""
    predictor = Counting(lstm)
    typist = Typist(predictor)
    for _ in range(3):
        offered = _first(await typist.asked(max_characters=3))
        await typist.rest()
        steps = predictor.steps
        typist.type(offered.text.encode())
        answer = typist.ask(max_characters=3)
        assert isinstance(answer, Completion)
        assert predictor.steps == steps
        assert _first(answer).id != offered.id
        assert _plain(answer) == _plain(await typist.fresh(max_characters=3))


async def _steps_of_an_offer() -> int:
    """Return how many steps a search takes, and the one ahead of what it finds."""
    typist = Typist(predictor := Counting(None))
    await typist.asked(max_characters=8)
    await typist.rest()
    return predictor.steps


async def test_search_ahead_is_once_per_offer() -> None:
    """Typing through does not begin the search ahead again, and does not stop it."""
    alone = await _steps_of_an_offer()
    typist = Typist(predictor := Counting(None))
    for character in _first(await typist.asked(max_characters=8)).text:
        await asyncio.sleep(0)
        typist.type(character.encode())
    await typist.rest()
    assert predictor.steps == alone
    assert isinstance(typist.ask(max_characters=8), Completion)


async def test_search_ahead_is_gone_on_with() -> None:
    """Who accepts before the search ahead has ended is answered by its end, with no step done twice."""
    alone = await _steps_of_an_offer()
    typist = Typist(predictor := Counting(None))
    offered = _first(await typist.asked(max_characters=8))
    await predictor.until(predictor.steps + 2)
    typist.type(offered.text.encode())
    answer = typist.ask(max_characters=8)
    assert isinstance(answer, asyncio.Task)
    await answer
    assert predictor.steps == alone
    assert _plain(answer.result()) == _plain(await typist.fresh(max_characters=8))


async def test_background_waits_for_requests() -> None:
    """While any document's request is under way, nothing is done ahead for another."""
    predictor = Counting(None)
    typist = Typist(predictor)
    await typist.asked()
    other = Document(("me", "other"), "/nowhere/other.py", _TEXT, 1)
    typist.completions.open(other)
    answer = typist.completions.complete(other, Complete("other", 1, len(_TEXT)))
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
    text = _LEARNED * 8
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
    text = _LEARNED * 8
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
    typist = Typist(Counting(None), text)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not typist.document.recall.is_warm
    typist.type(b"u")
    assert not typist.document.recall.is_warm
    answer = await typist.asked()
    assert _first(answer).text.startswith("te(")
    assert _plain(answer) == _plain(await typist.fresh())
    worn, base = b"# another comment\n" * 500, typist.document.recall.parts(typist.document.text)[0]
    typist.edit(0, 0, worn)
    typist.cursor = len(worn) + len(text) + 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert typist.document.recall.parts(typist.document.text)[0] is base  # which serves until the new one has come
    assert _plain(await typist.asked(trigger="invoked")) == _plain(await typist.fresh(trigger="invoked"))
    await asyncio.wait(list(typist.completions._sorting.values()))
    assert typist.document.recall.parts(typist.document.text)[0] is not base


async def test_background_keeps_cold_documents_cold(lstm: Engine) -> None:
    """Many documents opened at once are not all read: the last ones are, which the others made cold."""
    typist = Typist(Still(lstm))
    for number in range(20):
        typist.completions.open(Document(("me", str(number)), f"/nowhere/{number}", _TEXT, 1))
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
    predictor = Counting(None)
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
    predictor = Counting(None)
    typist = Typist(predictor, chosen=dataclasses.replace(_UNHURRIED, time_limit_ms=0.0))
    assert await typist.asked(trigger="invoked") == Completion(
        [], ["corpus", "documents", "nearby", "habits"], pytest.approx(0, abs=1e9)
    )
    assert predictor.steps == 0
    assert (await typist.asked(max_milliseconds=1e9)).suggestions


# --- the property ------------------------------------------------------------------------------------
@dataclass
class _Shown:
    """What the client was shown, as the rules of type-through have it, without looking at the daemon's."""

    start: int = -1
    suggestions: list[Suggestion] = field(default_factory=list)
    end: int = -1

    def edited(self, start: int, end: int, length: int) -> None:
        if self.start <= start <= end <= self.end:
            self.end += length - (end - start)
        else:
            self.suggestions = []

    def rest(self, text: bytes, cursor: int) -> Suggestion | None:
        typed = text[self.start : cursor]
        if not self.suggestions or cursor != self.end:
            return None
        first = self.suggestions[0]
        whole = first.text.encode()
        if not whole.startswith(typed) or len(whole) == len(typed):
            return None
        return _left(first, len(typed))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), has_lstm=st.booleans())
def test_any_typing(lstm: Engine, data: st.DataObject, has_lstm: bool) -> None:
    """Whatever is typed, deleted, accepted: the rest while it fits, and else what a fresh client is answered."""
    asyncio.run(_type_anything(Counting(lstm if has_lstm else None), data))


async def _type_anything(predictor: Predictor, data: st.DataObject) -> None:
    typist, shown = Typist(predictor, _LEARNED[: data.draw(st.integers(0, len(_LEARNED)))] + _TEXT), _Shown()
    for _ in range(data.draw(st.integers(1, 12))):
        _act(typist, shown, data)
        if data.draw(st.integers(0, 3)) == 0:  # not every keystroke is asked about
            continue
        answer = await typist.asked()
        if rest := shown.rest(bytes(typist.document.text), typist.cursor):
            assert answer.suggestions == [rest]
        else:
            assert _plain(answer) == _plain(await typist.fresh())
            shown.start = shown.end = typist.cursor
            shown.suggestions = answer.suggestions
        for _ in range(data.draw(st.sampled_from([0, 1, 5, 1000]))):
            await asyncio.sleep(0)


def _act(typist: Typist, shown: _Shown, data: st.DataObject) -> None:
    """Edit or go elsewhere, as somebody in front of a suggestion may."""
    text, cursor = bytes(typist.document.text), typist.cursor
    rest = shown.rest(text, cursor)
    going_on = ["match", "match", "accept", "delete"] if rest else ["other"]
    match data.draw(st.sampled_from([*going_on, "delete", "other", "jump", "elsewhere"])):
        case "match" if rest:
            change = (cursor, cursor, rest.text[: data.draw(st.integers(1, 4))].encode())
        case "accept" if rest:
            change = (cursor, cursor, rest.text.encode())
        case "delete":
            change = (max(0, cursor - data.draw(st.integers(1, 3))), cursor, b"")
        case "jump":
            typist.cursor = data.draw(st.integers(0, len(text)))
            return
        case "elsewhere":
            start = data.draw(st.integers(0, len(text)))
            change = (start, min(len(text), start + data.draw(st.integers(0, 3))), data.draw(_other))
        case _:
            change = (cursor, cursor, data.draw(_other))
    typist.edit(*change)
    shown.edited(*change[:2], len(change[2]))


_other = st.sampled_from([b"e", b"c", b"\n", b"    ", b"connection", b"\xc3\xa9", b"(host", b"def ", b""])
