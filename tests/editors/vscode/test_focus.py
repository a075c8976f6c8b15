"""Where the user looks is told to the server, which reads ahead there."""

import sys
from pathlib import Path

import pytest

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


@pytest.fixture
def heard(tmp_path: Path) -> tuple[Path, Path]:
    """A `charwise` whose language server is the real one, and the file where all that is said to it is noted."""
    program, noted = tmp_path / "charwise", tmp_path / "heard"
    real = f"{sys.executable} -m charwise"
    program.write_text(f'#!/bin/sh\nif [ "$1" = lsp ]; then tee {noted} | {real} "$@"; else exec {real} "$@"; fi\n')
    program.chmod(0o755)
    return program, noted


def test_focus(window: Workbench, heard: tuple[Path, Path]) -> None:
    """A document that is turned to and a cursor that moved are told, a cursor that went on with an edit is not."""
    program, noted = heard
    window.write(DEDENT)
    with window.setting("charwise.path", str(program)):
        window.until(lambda: noted.exists() and "didOpen" in noted.read_text(), "the language server has not started")
        window.write(DEDENT)
        _until_told(window, noted, '"line":5,"character":15')
        window.press("Home")
        _until_told(window, noted, '"line":5,"character":4')
        window.press("Control+End")
        _until_told(window, noted, '"line":5,"character":15', times=2)
        before = len(noted.read_text())
        window.type("w")
        window.ghost()
        assert "textDocument/didFocus" not in noted.read_text()[before:]
    window.write(DEDENT)
    window.type_until_ghost("w")  # the usual server is there again


def _until_told(window: Workbench, noted: Path, position: str, times: int = 1) -> None:
    def told() -> int:
        return sum(position in part for part in noted.read_text().split("textDocument/didFocus")[1:])

    window.until(lambda: told() >= times, lambda: f"{position} is not told: {noted.read_text()[-2000:]}")
