"""The page of `charwise inspect` in a real browser: painted by surprise or by a neuron, by mouse and keys, offline."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from charwise_daemon.store import name_for
from tests.editors.conftest import Learned
from tests.editors.vscode.serving import browsing

_CHARACTERS = 1200
_BUILD = Path(__file__).parents[2] / "build"


@pytest.fixture(scope="module")
def page(learned: Learned, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a model that has learned the project, open in a browser without a network."""
    file = tmp_path_factory.mktemp("inspect") / "page.html"
    command = [sys.executable, "-m", "charwise", "inspect", str(learned.project / "textwrap.py"), "-o", str(file)]
    options = ["--model", name_for(learned.project), "--characters", str(_CHARACTERS)]
    with pytest.MonkeyPatch.context() as patch, browsing() as browser:
        patch.setenv("CHARWISE_HOME", str(learned.home))
        subprocess.run([*command, *options], check=True, capture_output=True)
        page = browser.new_context(offline=True, viewport={"width": 1000, "height": 600}).new_page()
        page.goto(file.as_uri())
        yield page
        _BUILD.mkdir(exist_ok=True)
        page.screenshot(path=_BUILD / "inspect.png")


def _colours(page: Page) -> list[str]:
    return list(page.eval_on_selector_all("#text span", "all => all.map(each => each.style.background)"))


def test_surprise(page: Page) -> None:
    """Every character is there, and what was not expected is red."""
    assert page.locator("#text span").count() == _CHARACTERS
    colours = _colours(page)
    assert all("rgba(214, 39, 40" in each or "rgb(214, 39, 40" in each for each in colours)
    assert len({*colours}) > 20


def test_guesses(page: Page) -> None:
    """Pointing at a character shows the five likeliest there, and what it cost."""
    page.locator("#text span").nth(300).hover()
    assert page.locator("#guesses tr").count() == 5
    shares = [int(each.rstrip("%")) for each in page.locator("#guesses tr td:nth-child(2)").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    expect(page.locator("#guesses p")).to_have_text(re.compile(r"^\d+\.\d bits$"))


def test_neurons(page: Page) -> None:
    """A neuron is chosen by its finding, its number or the arrow keys, and painted over the text; s goes back."""
    page.locator("#findings button").first.click()
    first = page.locator("#number").input_value()
    painted = _colours(page)
    assert len({*painted}) > 20
    page.locator("main").click()
    page.keyboard.press("ArrowRight")
    assert int(page.locator("#number").input_value()) == int(first) + 1
    assert _colours(page) != painted
    page.keyboard.press("ArrowLeft")
    assert _colours(page) == painted
    expect(page.locator("#legend")).to_contain_text(f"neuron {first} of 64")
    page.keyboard.press("s")
    expect(page.locator("#legend")).to_contain_text("did not expect")
    page.evaluate("location.hash = '#7'")
    page.reload()
    assert page.locator("#number").input_value() == "7"
