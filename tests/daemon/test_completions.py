"""Completions over documents: type-through, several lines, feedback, and any typing at all, with a real predictor."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charwise_daemon.engine import Engine
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.memory import Memory
from charwise_daemon.predictor import Predictor
from charwise_daemon.protocol import Completion, Suggestion
from charwise_daemon.settings import CompletionSettings
from tests.daemon.typist import LEARNED, TEXT, Typist, Watched, first, left, plain

pytestmark = pytest.mark.usefixtures("home")


# --- type-through ----------------------------------------------------------------------------------
async def test_type_through(lstm: Engine) -> None:
    """While what is offered is typed, the rest is the answer, to the last character, with no search."""
    predictor = Watched(lstm)
    typist = Typist(predictor)
    offered = first(await typist.asked())
    await typist.rest()
    steps = predictor.steps
    for at in range(1, len(offered.text)):
        typist.type(offered.text[at - 1].encode())
        answer = typist.ask()
        assert isinstance(answer, Completion)
        assert answer.sources == ["lstm", "corpus", "documents", "nearby", "habits"]
        assert answer.suggestions == [left(offered, at)]
    await typist.rest()
    assert predictor.steps == steps


async def test_type_through_back_and_forth() -> None:
    """Deleting what was typed of it brings the rest back; deleting more, or going elsewhere, searches again."""
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
    typist.type(offered.text[:6].encode())
    typist.delete(4)
    back = typist.ask()
    assert isinstance(back, Completion)
    assert first(back) == left(offered, 2)
    typist.delete(2)
    whole = typist.ask()
    assert isinstance(whole, Completion)
    assert whole.suggestions == [offered]
    typist.delete(1)
    assert isinstance(typist.ask(), asyncio.Task)


@pytest.mark.parametrize("change", [(0, 0, b"# x\n"), (3, 4, b"q"), (len(TEXT) - 1, len(TEXT), b""), (0, 28, b"x")])
async def test_type_through_ends_with_another_edit(change: tuple[int, int, bytes]) -> None:
    """An edit elsewhere ends it: what is answered then is what that text is worth."""
    typist = Typist(Watched(None))
    await typist.asked()
    typist.edit(*change)
    typist.cursor = len(typist.document.text)
    answer = typist.ask()
    assert isinstance(answer, asyncio.Task)
    assert plain(await answer) == plain(await typist.fresh())


async def test_type_through_replaced_word() -> None:
    """An editor that sends the word again with what was accepted of it has typed just that."""
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
    word = len(b"open_conn")
    typist.edit(len(TEXT) - word, len(TEXT), b"open_conn" + offered.text[:3].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert first(answer).text == offered.text[3:]
    typist.edit(0, len(typist.document.text), bytes(typist.document.text) + offered.text[3:5].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert first(answer).text == offered.text[5:]


async def test_type_through_inside_a_code_point() -> None:
    """Half a character is no place to go on from."""
    typist = Typist(Watched(None), b"    # na\xc3\xafve: a ca")
    offered = first(await typist.asked())
    assert offered.text.startswith("fé")
    typist.type(b"f\xc3")
    assert isinstance(typist.ask(), asyncio.Task)


# --- in place of what stands there ---------------------------------------------------------------------
async def test_instead_of_what_is_typed() -> None:
    """What a menu has chosen is gone on with as if it were typed; what was offered before is offered still."""
    typist, chosen = Typist(Watched(None)), Typist(Watched(None))
    offered = await typist.asked()
    chosen.edit(len(TEXT) - len(b"open_conn"), len(TEXT), b"read_lines(conn")
    supposed = await typist.asked(instead=[len(TEXT) - len(b"open_conn"), b"read_lines(conn"])
    assert first(supposed).text == first(await chosen.fresh()).text == "ection"
    again = typist.ask()
    assert isinstance(again, Completion)
    assert again.suggestions == offered.suggestions


@pytest.mark.parametrize("instead", [[1], [-1, b"x"], [len(TEXT) + 1, b"x"], [0, 7], ["0", b"x"]])
async def test_instead_that_is_none(instead: list[Any]) -> None:
    """What cannot stand before the cursor is refused."""
    with pytest.raises(InvalidRequestError, match="instead is"):
        Typist(Watched(None)).ask(instead=instead)


async def test_invoked_searches_anew() -> None:
    """Who asks explicitly, or for other limits, gets a new search; what is typed on of its answer is its rest."""
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
    typist.type(offered.text[:2].encode())
    answer = typist.ask(trigger="invoked")
    assert isinstance(answer, asyncio.Task)
    invoked = first(await answer)
    assert invoked.id != offered.id
    assert isinstance(typist.ask(max_characters=5), asyncio.Task)
    answer = typist.ask(trigger="invoked")
    assert isinstance(answer, asyncio.Task)
    invoked = first(await answer)
    typist.type(invoked.text[:1].encode())
    answer = typist.ask()
    assert isinstance(answer, Completion)
    assert first(answer).text == invoked.text[1:]


async def test_alternatives() -> None:
    """Of several the first is gone on with, or the one that is shown; those that do not fit any more are dropped."""
    typist = Typist(Watched(None), b"import socket\n\ndef ")
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
    assert answer.suggestions == [left(each, 1) for each in alike]
    typist.type(other.text[1:].encode())
    assert isinstance(typist.ask(alternatives=4), asyncio.Task)
    assert plain(await typist.asked(alternatives=4)) == plain(await typist.fresh(alternatives=4))


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
    return first(await typist.asked(**limits)).text


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
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
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
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
    typist.completions.rejected("me", offered.id)
    typist.type(offered.text[:1].encode())
    assert isinstance(typist.ask(), asyncio.Task)


async def test_new_model_meanwhile(lstm: Engine) -> None:
    """A model that is swapped in meanwhile changes nothing of what is shown, and serves the next search."""
    typist = Typist(Watched(None))
    offered = first(await typist.asked())
    typist.completions._nobodys = typist._predictor = Watched(lstm)
    typist.type(offered.text[:1].encode())
    assert first(await typist.asked()).text == offered.text[1:]
    typist.type(b"?")
    answer = await typist.asked(trigger="invoked")
    assert "lstm" in answer.sources


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
        return left(first, len(typed))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), has_lstm=st.booleans())
def test_any_typing(lstm: Engine, data: st.DataObject, has_lstm: bool) -> None:
    """Whatever is typed, deleted, accepted: the rest while it fits, and else what a fresh client is answered."""
    asyncio.run(_type_anything(Watched(lstm if has_lstm else None), data))


async def _type_anything(predictor: Predictor, data: st.DataObject) -> None:
    typist, shown = Typist(predictor, LEARNED[: data.draw(st.integers(0, len(LEARNED)))] + TEXT), _Shown()
    for _ in range(data.draw(st.integers(1, 12))):
        _act(typist, shown, data)
        if data.draw(st.integers(0, 3)) == 0:  # not every keystroke is asked about
            continue
        answer = await typist.asked()
        if rest := shown.rest(bytes(typist.document.text), typist.cursor):
            assert answer.suggestions == [rest]
        else:
            assert plain(answer) == plain(await typist.fresh())
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
