"""Accepting a part: each command does to the buffer exactly what it says, as an undo step of its own."""

from collections import Counter

import pytest

from charwise_daemon.client import Client
from tests.editors.vscode.texts import BLOCKS, CHOICE, DEDENT
from tests.editors.vscode.workbench import Workbench


@pytest.fixture
def shown(window: Workbench) -> str:
    """A suggestion at the end of DEDENT and a `w`."""
    window.write(DEDENT)
    window.type("w")
    return window.ghost()


def test_character(window: Workbench, shown: str) -> None:
    """Alt+Right takes one character and leaves the rest in place; an undo gives that one back."""
    for count in range(1, 4):
        window.press("Alt+ArrowRight")
        window.until_text(f"{DEDENT}w{shown[:count]}")
        window.ghost_begins(shown[count:])
    window.press("Control+z")
    window.until_text(f"{DEDENT}w{shown[:2]}")


def test_confident(window: Workbench, shown: str) -> None:
    """Alt+Enter takes what is shown up to where confidence drops, and the same again from there."""
    window.press("Alt+Enter")
    window.until(lambda: window.text != f"{DEDENT}w", "nothing was taken")
    first = window.text.removeprefix(f"{DEDENT}w")
    assert first
    assert shown.startswith(first)
    window.press("Control+z")
    window.until_text(f"{DEDENT}w")


def test_only_confident(window: Workbench, shown: str) -> None:
    """With suggestions.onlyConfident the doubtful end is not shown at all, and Tab takes what is."""
    with window.setting("charwise.suggestions.onlyConfident", value=True):
        window.write(DEDENT)
        window.type("w")
        sure = window.ghost()
        assert shown.startswith(sure)
        window.press("Tab")
        window.until_text(f"{DEDENT}w{sure}")


def test_word(window: Workbench, shown: str) -> None:
    """Ctrl+Right, VS Code's own, takes a word and leaves the rest."""
    window.press("Control+ArrowRight")
    window.until_text(f"{DEDENT}wrap")
    window.ghost_begins(shown.removeprefix("rap"))


def test_line(window: Workbench) -> None:
    """VS Code's accept-line takes the first of several lines and leaves the others."""
    with window.setting("charwise.suggestions.multiline", "always"):
        window.write(BLOCKS)
        line = window.type_until_ghost("p", "\n").split("\n")[0]
        window.command("editor.action.inlineSuggest.acceptNextLine")
        window.until_text(f"{BLOCKS}p{line}\n")
        window.until(lambda: "connection" in window.drawn, lambda: f"{window.drawn!r} is left of the other lines")


def test_alternatives(window: Workbench) -> None:
    """The trigger brings alternatives, which next and previous turn through; a character taken is that of the shown."""
    window.write(CHOICE)
    window.type(".")
    second, *_, first = window.alternatives()
    assert second != first
    window.ghost(first)
    assert window.turn("Alt+]", 2) == second
    assert window.turn("Alt+[", 1) == first
    window.turn("Alt+]", 2)
    window.press("Alt+ArrowRight")
    window.until_text(f"{CHOICE}.{second[0]}")
    window.ghost_begins(second[1:])
    window.press("Control+z")
    window.until_text(f"{CHOICE}.")


_TWICE = f"{DEDENT}WORD\n\n\ndef third(text):\n    return textWORD"


@pytest.mark.parametrize("command", ["acceptCharacter", "acceptConfident"])
def test_at_every_cursor(window: Workbench, command: str) -> None:
    """With several cursors each takes what is taken, as with VS Code's own commands, and one undo gives it back."""
    before = _TWICE.replace("WORD", "w")
    window.write(_TWICE.replace("WORD", ""))
    window.js(
        "vscode.window.activeTextEditor.selections = [5, 9].map(line => new vscode.Selection(line, 15, line, 15))"
    )
    window.settled()
    window.type("w")
    window.ghost()
    window.command(f"charwise.{command}")
    window.until(lambda: window.text != before, "nothing was taken")
    *_, one, other = window.text.split("return text")
    assert one.startswith("wr")
    assert one.partition("\n")[0] == other
    window.press("Control+z")
    window.until_text(before)


def test_feedback(window: Workbench) -> None:
    """The daemon hears what was shown, and accepted in part, by the editor's own command too, and as a whole."""
    before = _counted()
    window.write(DEDENT)
    window.type("w")
    window.ghost()
    window.press("Control+ArrowRight")
    window.until_text(f"{DEDENT}wrap")
    window.until(lambda: _counted()["accepted"] > before["accepted"], "the word is not counted")
    window.write(DEDENT)
    window.type("w")
    shown = window.ghost()
    window.press("Tab")
    window.until_text(f"{DEDENT}w{shown}")
    window.until(lambda: _counted()["accepted"] >= before["accepted"] + 2, "the whole is not counted")
    assert _counted()["shown"] >= before["shown"] + 2


def _counted() -> Counter[str]:
    with Client("test", start=False) as client:
        days = client.request("statistics")["counts"]
    return sum((Counter(kind) for day in days.values() for kind in day.values()), Counter[str]())
