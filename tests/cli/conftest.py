"""The command line, run in the test's own process."""

import sys
from collections.abc import Callable

import pytest

from charwise.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process; return exit code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["charwise", *map(str, arguments)])
        code = main()
        out, err = capfd.readouterr()
        return code, out, err

    return run
