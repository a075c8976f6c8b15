"""Text that the model writes: streamed into the document as one undo step, until it is done or stopped."""

import pytest

from tests.editors.vscode.texts import DEDENT
from tests.editors.vscode.workbench import Workbench


def test_generate(window: Workbench) -> None:
    """The command writes on from the cursor; one undo takes all of it back."""
    with window.setting("charwise.generate.length", 60):
        window.write(DEDENT)
        window.command("charwise.generate")
        written = window.text
        assert written.startswith(DEDENT)
        assert len(written) > len(DEDENT) + 20
        window.press("Control+z")
        window.until_text(DEDENT)


def test_escape(window: Workbench) -> None:
    """Escape stops it; what is written stays, as one undo step."""
    with window.setting("charwise.generate.length", 100_000):
        window.write(DEDENT)
        window.js("globalThis.writing = vscode.commands.executeCommand('charwise.generate')")
        window.until(lambda: len(window.text) > len(DEDENT) + 20, "nothing is written")
        window.press("Escape")
        window.js("await globalThis.writing")
        assert len(DEDENT) < len(window.text) < len(DEDENT) + 100_000
        window.press("Control+z")
        window.until_text(DEDENT)


@pytest.mark.parametrize(
    ("name", "begun", "marks"),
    [
        ("generated.c", "#include <stdint.h>\n\nstatic int ", "(){};"),
        ("generated.tex", "\\begin{lemma}\nLet $X$ be ", "\\${}"),
    ],
)
def test_of_a_named_model(window: Workbench, name: str, begun: str, marks: str) -> None:
    """The model that a rule names writes C, another LaTeX; stopped half-way, one undo takes all of it back."""
    with window.setting("charwise.generate.length", 100_000):
        window.write(begun, name)
        window.js("globalThis.writing = vscode.commands.executeCommand('charwise.generate')")
        window.until(lambda: {*marks} <= {*window.text.removeprefix(begun)}, "no such text is written")
        window.press("Escape")
        window.js("await globalThis.writing")
        written = window.text
        assert written.startswith(begun)
        assert len(written) < 100_000
        window.press("Control+z")
        window.until_text(begun)


def test_typing_stops(window: Workbench) -> None:
    """So does typing: the document is the user's."""
    with window.setting("charwise.generate.length", 100_000):
        window.write(DEDENT)
        window.js("globalThis.writing = vscode.commands.executeCommand('charwise.generate')")
        window.until(lambda: len(window.text) > len(DEDENT) + 20, "nothing is written")
        window.type("#")
        window.js("await globalThis.writing")
        assert "#" in window.text
