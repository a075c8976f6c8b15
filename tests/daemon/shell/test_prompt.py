"""What a prompt reads: the same whatever was typed and deleted on the way; and what it learns."""

import asyncio
import threading
from pathlib import Path

import numpy as np

from charwise_daemon.adaptation import Adaptation
from charwise_daemon.benefit import price_of
from charwise_daemon.engine import Engine
from charwise_daemon.predictor import Predictor
from charwise_daemon.search import HOPELESS, Limits
from charwise_daemon.shell.filling import filled
from charwise_daemon.shell.place import Disk, names_at
from charwise_daemon.shell.prompt import Asked, Prompt, limits
from charwise_daemon.shell.recollection import Recollection
from charwise_daemon.shell.text import Command, body, header
from charwise_daemon.steps import at_once

_COMMANDS = [
    Command("~/x", "main", 0, text) for text in ("make test", "git add -A", "git commit -m wip", "ls -la") * 30
]


def _prompt() -> tuple[Prompt, Recollection]:
    prompt, recollection = Prompt(), Recollection()
    for command in _COMMANDS:
        prompt.ran(command, 0)
        recollection.add(command.directory, command.text)
    return prompt, recollection


def _asked(prompt: Prompt, recollection: Recollection, typed: str) -> Asked:
    return Asked(header("~/x", "main", 0), body(typed), recollection.memories("~/x", prompt.lately))


def test_position_whatever_was_typed_before(lstm: Engine) -> None:
    """Typing, deleting and typing again gives the position that a new prompt gives, which reads everything anew."""
    predictor, (prompt, recollection) = Predictor(lstm), _prompt()
    for typed in ("g", "gi", "git", "git c", "git checkout -b something/long", "git", "m", "make", "", "git com"):
        seen = at_once(prompt.position(predictor, _asked(prompt, recollection, typed)))
        fresh, again = _prompt()
        new = at_once(fresh.position(predictor, _asked(fresh, again, typed)))
        assert seen.state is not None
        assert np.array_equal(seen.state, new.state)
        assert np.array_equal(seen.probabilities, new.probabilities)


def test_position_costs_one_step(lstm: Engine) -> None:
    """A character more is a step more of the LSTM, not the whole line."""
    predictor, (prompt, recollection) = Predictor(lstm), _prompt()
    at_once(prompt.position(predictor, _asked(prompt, recollection, "git comm")))
    read = list(prompt._states(lstm, bytes(prompt._before) + header("~/x", "main", 0) + b"git commi"))
    assert len(read) == 1


def test_find() -> None:
    """What came after the command before is found after it."""
    prompt, recollection = _prompt()
    prompt.ran(Command("~/x", "main", 0, "make test"), 0)
    (draft, *_) = at_once(prompt.find(Predictor(), _asked(prompt, recollection, "g"), Limits(128), 1.0))
    assert b"it add -A".startswith(draft.text)


def test_learn(lstm: Engine) -> None:
    """What is typed makes the gate and the LSTM's last layer foresee it better."""
    adaptation, (prompt, recollection) = Adaptation(lstm.width), _prompt()
    predictor, told = Predictor(lstm, adaptation=adaptation), b"quixotic zebras"
    before = at_once(prompt.position(predictor, _asked(prompt, recollection, "")))
    first = before.distributions[0, told[0]]
    for _ in range(20):
        position = at_once(prompt.position(predictor, _asked(prompt, recollection, "")))
        at_once(prompt.learn(predictor, position, told))
    after = at_once(prompt.position(predictor, _asked(prompt, recollection, "")))
    assert after.distributions[0, told[0]] > first
    assert predictor.gate.learned == 20 * (len(told) + 1)


def test_forget() -> None:
    """What is forgotten is neither recalled nor read any more."""
    prompt, recollection = _prompt()
    assert recollection.forget(lambda command: command.startswith("git")) == 60
    prompt.forget(lambda command: command.startswith("git"))
    assert not [each for each in prompt.lately if each.startswith(b"git")]
    assert b"git" not in prompt._before
    assert not at_once(prompt.find(Predictor(), _asked(prompt, recollection, "git "), Limits(128), 1.0))


def test_recollection_by_folder() -> None:
    """A folder's commands come before those of others; where little is known, imported ones help out."""
    recollection, prompt = Recollection(), Prompt()
    for _ in range(5):
        recollection.add("~/a", "make apples")
        recollection.add("~/b", "make bread")
        recollection.add("", "make unknown")
    for folder, rest in (("~/a", b"apples"), ("~/b", b"bread"), ("~/new", b"unknown")):
        asked = Asked(header(folder, "", 0), b"make ", recollection.memories(folder, prompt.lately))
        (draft, *_) = at_once(prompt.find(Predictor(), asked, Limits(128), 0.25))
        assert rest.startswith(draft.text)


def test_filled() -> None:
    """The only name that goes on is taken where a file is wanted, and only there."""
    there = ["Report.txt", "README.md", "src", "Makefile"]
    assert filled("cat Rep", there) == "ort.txt"
    assert filled("git add Rep", there) == "ort.txt"
    for buffer in ("cat R", "cat Report.txt", "git Rep", "echo Rep", "Rep", "cat sr", "cat Rx", "git", ""):
        assert filled(buffer, there) == ""
    assert filled("cat Rep", [*there, "Reply.txt"]) == ""


def test_names_at(tmp_path: Path) -> None:
    """Names of the folder, and of the one that a word leads to; none that would need quotes or is unprintable."""
    (tmp_path / "sub").mkdir()
    for name in ("one", "two words", "esc\x1b[31m", "sub/three"):
        (tmp_path / name).touch()
    assert sorted(names_at(str(tmp_path), "")) == ["one", "sub"]
    assert sorted(names_at(str(tmp_path), "sub/th")) == ["one", "sub", "sub/three"]
    assert names_at("/nonexistent", "x/y") == []


async def test_disk_that_does_not_answer() -> None:
    """A disk that hangs is not waited for, and does not hang those that ask after it."""
    disk, release = Disk(), threading.Event()
    try:
        for _ in range(8):
            assert await disk.ask(release.wait, False) is False
        assert await disk.ask(lambda: True, False) is False  # all threads are taken
        release.set()
        for _ in range(100):
            if await disk.ask(lambda: True, False):
                break
            await asyncio.sleep(0.02)
        assert await disk.ask(lambda: True, False)
    finally:
        release.set()
        disk.close()


def test_limits() -> None:
    """Where a wrong suggestion is dear, a search ends sooner; where it is cheap, as far as anywhere."""
    assert limits(1, price_of(0.5)).hopeless == limits(1, price_of(0.2)).hopeless > HOPELESS
    assert limits(4, price_of(0.8)).hopeless == HOPELESS
