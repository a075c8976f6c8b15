"""Recipes: those that come with charwise can be read, and what is wrong with one is said."""

import pytest

from charwise.experiments.recipe import known, load, read
from charwise_daemon.errors import SettingsError

_GOOD = 'title = "T"\ndata = "t.txt"\nminutes = 1.0\n[published]\nby = "nobody"\n'


@pytest.mark.parametrize("name", known())
def test_known(name: str) -> None:
    """Every recipe that comes with charwise says what, for how long, and against whom."""
    recipe = load(name)
    assert recipe.title
    assert recipe.minutes >= 1
    assert recipe.published.by


def test_five_experiments() -> None:
    """The post's experiments are all there."""
    assert {"paul-graham", "shakespeare", "wikipedia", "stacks", "linux", "names", "war-and-peace"} <= {*known()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the parameter title is missing"),
        (_GOOD.replace("minutes = 1.0", "minutes = 0.0"), "minutes is 0.0"),
        (_GOOD.replace("minutes", "hours"), "unknown parameter 'hours'"),
        ("split = [0.5, 0.6, 0.1]\n" + _GOOD, "three shares that sum to 1"),
        ("split = [1.0]\n" + _GOOD, "three shares"),
        ('checks = ["spelling"]\n' + _GOOD, "known are c, latex, xml, lines"),
        ("title = ", "Invalid value"),
    ],
)
def test_wrong(text: str, said: str) -> None:
    """What is missing, unknown or absurd is named, and the experiment with it."""
    with pytest.raises(SettingsError, match="the experiment mine: ") as caught:
        read("mine", text)
    assert said in str(caught.value)


def test_unknown() -> None:
    """An experiment that is not there is told with those that are."""
    with pytest.raises(SettingsError, match=r"there is no experiment minix; known are .*linux"):
        load("minix")
