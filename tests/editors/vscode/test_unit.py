"""The extension's own checks: types, style, and the tests of what needs no editor."""

import subprocess

import pytest

from tests.editors.vscode import installing


@pytest.mark.parametrize("script", ["check", "test"])
def test_script(script: str) -> None:
    """Each of the package's scripts succeeds."""
    installing.extension()
    done = subprocess.run(["npm", "run", script], cwd=installing.EXTENSION, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
