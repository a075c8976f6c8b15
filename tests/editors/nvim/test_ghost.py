"""Ghost text: it comes with the key, stays while it is typed, and goes when something else is."""

from tests.editors.nvim.editor import Editor
from tests.editors.nvim.scripted import Scripted


def test_typed(editor: Editor, scripted: Scripted) -> None:
    """What the daemon suggests is drawn after the key, and its rest after each further one that it foresaw."""
    scripted.goals = ["hello world"]
    editor.keys("ih")
    editor.until_ghost("ello world")
    editor.keys("el")
    editor.until_ghost("lo world")
