"""An experiment from beginning to end, with a tiny model on real text; interrupted, it goes on."""

import json
import re
import textwrap
from collections.abc import Generator
from pathlib import Path

import pytest

from charwise.experiments.material import material
from charwise.experiments.recipe import load
from charwise.experiments.run import Measured
from charwise.experiments.run import run as experiment
from charwise_daemon import paths
from charwise_daemon.store import Store
from charwise_trainer.events import Event
from tests.cli.conftest import Run

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]

_RECIPE = """title = "Wrapped"
data = "textwrap.py"
minutes = 0.05
prime = "def "
checks = ["c"]
[model]
layers = 1
width = 32
[published]
nats = 1.0
by = "nobody"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of one's own."""
    file = tmp_path / "wrapped.toml"
    file.write_text(_RECIPE)
    return file


def test_experiment(run: Run, recipe: Path, tmp_path: Path) -> None:
    """It trains, measures on held-out text, and writes figures and samples; the model can be used as any other."""
    page = tmp_path / "page.md"
    asked = ("experiment", recipe, "--data", textwrap.__file__, "-o", page)
    code, out, _ = run(*asked)
    assert code == 0
    figures = json.loads(out.splitlines()[-1])
    assert 1.0 < figures["nats"] < 5.6
    assert figures["steps"] > 0
    text = page.read_text()
    assert text.startswith("## Wrapped\n\n")
    assert "against 1.000: nobody" in text
    assert text.count("Temperature") == 4
    assert re.search(r"\| 50 \| \d+% \|", text)
    assert "C functions" in text
    assert run("sample", "--model", "experiment-wrapped", "--length", "20")[0] == 0
    again = json.loads(run(*asked)[1].splitlines()[-1])
    assert again == figures  # it is over: nothing is trained any more


def _result(steps: Generator[Event, None, Measured | None]) -> Measured | None:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            measured: Measured | None = end.value
            return measured


def test_experiment_interrupted(recipe: Path) -> None:
    """What was learned before it was stopped is not learned again."""
    chosen, store = load(str(recipe)), Store(paths.models_dir())
    text = material(chosen, Path(), Path(textwrap.__file__))
    stopped = experiment("wrapped", chosen, text, 10.0, store, lambda: True)
    assert _result(stopped) is None
    step = store.meta("wrapped").step
    assert step > 0
    going_on = experiment("wrapped", chosen, text, 0.05, store, lambda: False)
    measured = _result(going_on)
    assert measured
    assert measured.steps > step


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("minix",), "there is no experiment minix"),
        (("linux", "--data", "/nowhere"), "say with --data where the text of Linux lies"),
    ],
)
def test_experiment_wrong(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """What is not there is one line."""
    code, _, err = run("experiment", *arguments)
    assert (code, err.count("\n")) == (1, 1)
    assert said in err


def test_experiment_list(run: Run) -> None:
    """All of them are listed."""
    code, out, _ = run("experiment", "--list")
    assert code == 0
    assert "linux" in out
