"""At the prompt of a plain prompt_toolkit program, as docs/terminal.md has one."""

import re
import shlex
import sys
from pathlib import Path

import pytest

from charwise.plugins import plugin
from tests.terminal.conftest import Start

pytest.importorskip("prompt_toolkit", reason="there is no prompt_toolkit here; pip install prompt_toolkit has it")

_DOCS = Path(__file__).parents[2] / "docs/terminal.md"


def test_documented(daemon: Path, start: Start) -> None:  # noqa: ARG001 - it is to run
    """The program of the docs has suggestions at its prompt, which the keys of prompt_toolkit accept."""
    (program,) = re.findall(r"```python\n(.*?CharwiseAutoSuggest.*?)```", _DOCS.read_text("utf-8"), re.DOTALL)
    folder = str(plugin("ipython").parent.parent)
    terminal = start(f"{shlex.quote(sys.executable)} -u app.py", {"app.py": program}, PYTHONPATH=folder)
    terminal.type("git sta")
    terminal.until_after("tus")
    terminal.press("Right")
    terminal.until(lambda: terminal.before == "git status")
