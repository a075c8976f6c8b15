"""A recipe is whole, or one clear error says what is wrong with it."""

import pytest

from charwise.pretraining import recipe as recipes
from charwise_daemon.errors import SettingsError
from tests.cli.pretraining import archives

_SOURCE = '[[sources]]\nkind = "npm"\nname = "a"\nversion = "1"\nlicence = "MIT"\n'


def test_base() -> None:
    """The recipe that comes with charwise pins every source, and none is under a licence that asks for more."""
    base = recipes.load("base")
    assert all(len(each.sha256) == 64 for each in base.sources)
    assert {each.kind for each in base.sources} == {*recipes.KINDS}
    assert not {each.name for each in base.sources} & {"flask", "redis", "express", "fzf"}


@pytest.mark.parametrize(
    ("name", "language"),
    [("src/a.py", "python"), ("README.md", "documentation"), ("a.c", None), ("py", None)],
)
def test_language(name: str, language: str | None) -> None:
    """A file's language is told by its name."""
    assert archives.recipe(_SOURCE).language(name) == language


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "missing"),
        ("a = ", "Invalid value"),
        (archives.text(), "it has no sources"),
        (archives.text(_SOURCE, _SOURCE), "npm-a-1 is there twice"),
        (archives.text(_SOURCE.replace("npm", "ftp")), "kind is 'ftp', but must be one of debian"),
        (archives.text(_SOURCE + "extra = 1\n"), "unknown parameter"),
        (archives.text(_SOURCE).replace("0.9", "0.5"), "shares sum to 0.600"),
    ],
)
def test_wrong(text: str, wanted: str) -> None:
    """What is missing, unknown or wrong is named."""
    with pytest.raises(SettingsError, match=wanted):
        recipes.read("test", text)


def test_unknown() -> None:
    """A recipe that is not there is told with those that are."""
    with pytest.raises(SettingsError, match="there is no recipe nowhere; known are base"):
        recipes.load("nowhere")
