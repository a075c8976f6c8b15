"""Where nothing is suggested: secrets, excluded files, languages and files that are off, files that are too big."""

from collections.abc import Iterator

import pytest

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


@pytest.fixture
def switches(window: Workbench) -> Iterator[None]:
    """The switches, as they were when the test is over."""
    yield
    window.js("await vscode.workspace.getConfiguration('charwise').update('enable', undefined, true)")


@pytest.mark.parametrize("name", [".env", "server.pem", "id_rsa", "secrets.py"])
def test_secrets(window: Workbench, name: str) -> None:
    """A file that holds secrets has no suggestions."""
    window.write(DEDENT, name)
    window.type("w")
    window.nothing()
    assert "circle-slash" in window.status


@pytest.mark.parametrize("given", [["**/apart/**"], ["apart/**"], "**/apart/**", {"apart/*.py": True}])
def test_exclude(window: Workbench, given: object) -> None:
    """A glob of charwise.exclude leaves files out, and no others.

    It may begin at the folder, as those of files.exclude; one glob alone or a map is taken as it is meant.
    """
    with window.setting("charwise.exclude", given):
        window.write(DEDENT, "apart/new.py")
        window.type("w")
        window.nothing()
        window.write(DEDENT, "not_apart.py")
        window.type_until_ghost("w")
    window.write(DEDENT, "apart/again.py")
    window.type_until_ghost("w")


def test_off(window: Workbench) -> None:
    """Who writes false for charwise.enable, where a map belongs, has no suggestions."""
    with window.setting("charwise.enable", value=False):
        window.write(DEDENT)
        window.type("w")
        window.nothing()
    window.type("r")
    window.ghost()


@pytest.mark.usefixtures("switches")
def test_language(window: Workbench) -> None:
    """The command switches a language off and on; other languages go on."""
    window.write(DEDENT)
    window.command("charwise.toggleLanguage")
    window.type("w")
    window.nothing()
    window.write(DEDENT, "new.txt")
    window.type("w")
    window.ghost()
    window.write(DEDENT)
    window.command("charwise.toggleLanguage")
    window.type("w")
    window.ghost()


def test_file(window: Workbench) -> None:
    """The command switches a file off and on; others go on, and the status item says why nothing comes."""
    path = window.write(DEDENT)
    window.command("charwise.toggleFile")
    window.type("w")
    window.nothing()
    assert "circle-slash" in window.status
    window.write(DEDENT)
    window.type("w")
    window.ghost()
    window.open(path)
    window.command("charwise.toggleFile")
    window.type("w")
    window.ghost()


@pytest.mark.usefixtures("switches")
def test_everywhere(window: Workbench) -> None:
    """The command switches everything off and on."""
    window.write(DEDENT)
    window.command("charwise.toggle")
    window.type("w")
    window.nothing()
    window.command("charwise.toggle")
    window.type("r")
    window.ghost()


def test_big(window: Workbench) -> None:
    """A file that is too big is left alone."""
    window.write("x = 1\n" * 400_000 + DEDENT)
    window.type("w")
    window.nothing()
