"""Folders that are not trusted: nothing of them is learned, nothing in them is run."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from charwise_daemon.client import Client
from tests.conftest import make_project
from tests.editors.vscode.serving import Served
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


@pytest.fixture
def untrusted(tmp_path: Path) -> Path:
    """A folder with code to learn, and a program named charwise that leaves a trace."""
    folder = make_project(tmp_path / "untrusted")
    program = folder / ".venv/bin/charwise"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    program.chmod(0o755)
    return folder


def _learned() -> str:
    with Client("test", start=False) as client:
        return str(client.request("workspace_list"))


def test_untrusted(served: Served, chromium: Browser, untrusted: Path, tmp_path: Path) -> None:
    """Open files help at once; the folder is learned, and its own charwise tried, once it is trusted."""
    page = chromium.new_page()
    try:
        window = Workbench(page, served.url, untrusted, served.ports).start()
        window.write(DEDENT)
        window.type_until_ghost("w")
        assert str(untrusted) not in _learned()
        assert not (tmp_path / "ran").exists()
        window.trust()
        window.until(lambda: str(untrusted) in _learned(), "the folder is not learned")
        assert (tmp_path / "ran").exists()
        window.write(DEDENT)
        window.type_until_ghost("w")
    finally:
        page.close()
