"""Killed processes come back by themselves, and nobody is told while they type."""

import contextlib
import os
import signal
from pathlib import Path

import psutil

from charwise_daemon.errors import CharwiseError
from tests.conftest import daemon_pid
from tests.editors.vscode.serving import Served
from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


def test_daemon_killed(window: Workbench) -> None:
    """After the daemon was killed suggestions come back, without a message."""
    window.write(DEDENT)
    window.type("w")
    window.ghost()
    before = daemon_pid()
    os.kill(before, signal.SIGKILL)
    window.until(lambda: _daemon() not in {None, before}, "no other daemon is there")
    window.press("Escape", "Backspace")
    window.type_until_ghost("w")
    assert window.toasts == []


def test_server_killed(window: Workbench, served: Served) -> None:
    """After the language server was killed suggestions come back, without a message, as often as it happens."""
    window.write(DEDENT)
    for _ in range(2):
        window.type_until_ghost("w")
        for each in psutil.Process(served.pid).children(recursive=True):
            if each.cmdline()[-1:] == ["lsp"]:
                each.kill()
        window.press("Escape", "Backspace")
        window.type_until_ghost("w")
        window.press("Escape", "Backspace")
    assert window.toasts == []
    window.until(lambda: "lightbulb" in window.status, lambda: f"the status is {window.status!r}")


def test_server_dies_at_once(window: Workbench, tmp_path: Path) -> None:
    """A language server that never lives long is told by the status item, and in no message."""
    program, started = tmp_path / "charwise", tmp_path / "started"
    program.write_text(f'#!/bin/sh\nif [ "$1" = lsp ]; then echo >> {started}; exit 3; fi\necho charwise 0.1.0\n')
    program.chmod(0o755)
    window.write(DEDENT)
    with window.setting("charwise.path", str(program)):
        window.until(lambda: started.exists() and len(started.read_text()) > 2, "it is not started again")
        window.until(lambda: "warning" in window.status, lambda: f"the status is {window.status!r}")
        assert window.toasts == []
    window.type_until_ghost("w")


def test_restart(window: Workbench) -> None:
    """Many wishes for a restart at once are one or two, and suggestions come back."""
    window.write(DEDENT)
    window.js("await Promise.all([1, 2, 3, 4].map(() => vscode.commands.executeCommand('charwise.restart')))")
    window.type_until_ghost("w")


def _daemon() -> int | None:
    with contextlib.suppress(CharwiseError):
        return daemon_pid()
    return None
