"""Which file a document is, for the daemon."""

import pytest

from charwise_lsp.places import path_of, suffix_of


@pytest.mark.parametrize(
    ("uri", "language", "folders", "path"),
    [
        ("file:///home/me/a%20b.py", "python", [], "/home/me/a b.py"),
        ("untitled:Untitled-1", "python", ["/p", "/q"], "/p/Untitled-1.py"),
        ("untitled:Untitled-1", "plaintext", ["/p"], "/p/Untitled-1.txt"),
        ("untitled:Untitled-1", "python", [], ""),
        ("untitled:/p/new.c", "c", ["/q"], "/p/new.c"),
        ("vscode-notebook-cell:/p/nb.ipynb#W0s", "python", [], "/p/nb.py"),
        ("vscode-notebook-cell:/p/nb.ipynb#W1s", "markdown", ["/q"], "/p/nb.md"),
        ("vscode-vfs://github/x/y.py", "python", ["/p"], ""),
        ("output:tasks", "Log", ["/p"], ""),
    ],
)
def test_path_of(uri: str, language: str, folders: list[str], path: str) -> None:
    """A file is itself; a cell and an untitled buffer are files that there could be; anything else has no path."""
    assert path_of(uri, language, folders) == path


@pytest.mark.parametrize(
    ("language", "suffix"), [("latex", ".tex"), ("go", ".go"), ("objective-c", ".m"), ("a b/c", ""), ("", "")]
)
def test_suffix_of(language: str, suffix: str) -> None:
    """A language's files end as they usually do; what is no language ends in nothing."""
    assert suffix_of(language) == suffix
