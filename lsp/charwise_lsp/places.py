"""Which file a document is, for the daemon: what workspace serves it, and by its name what it is written in. Pure.

>>> path_of("untitled:Untitled-1", "python", ["/home/me/project"])
'/home/me/project/Untitled-1.py'
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

# By the language ids of LSP (TextDocumentItem, 3.18) that are not the suffix already.
_SUFFIXES = {
    "bibtex": "bib",
    "csharp": "cs",
    "elixir": "ex",
    "erlang": "erl",
    "fsharp": "fs",
    "haskell": "hs",
    "javascript": "js",
    "javascriptreact": "jsx",
    "julia": "jl",
    "kotlin": "kt",
    "latex": "tex",
    "markdown": "md",
    "objective-c": "m",
    "ocaml": "ml",
    "perl": "pl",
    "plaintext": "txt",
    "python": "py",
    "restructuredtext": "rst",
    "ruby": "rb",
    "rust": "rs",
    "shellscript": "sh",
    "typescript": "ts",
    "typescriptreact": "tsx",
}


def path_of(uri: str, language: str, folders: Sequence[str]) -> str:
    """Return a document's file; for one that has none yet, and for a notebook's cell, one that there could be.

    A cell is taken for a file beside its notebook, an untitled buffer for one in the editor's first folder. What lies
    on no disk of this machine has the path "".
    """
    parts = urlsplit(uri)
    path = PurePosixPath(unquote(parts.path))
    if parts.scheme == "file":
        return str(path)
    if path.suffix == ".ipynb":
        return str(path.with_suffix(suffix_of(language)))
    if parts.scheme == "untitled" and (path.is_absolute() or folders):
        return str(path if path.is_absolute() else PurePosixPath(folders[0], f"{path.name}{suffix_of(language)}"))
    return ""


def suffix_of(language: str) -> str:
    """Return what the names of a language's files end in: ".py" for "python"; "" where that is not known."""
    return f".{_SUFFIXES.get(language, language)}" if language.isidentifier() or language in _SUFFIXES else ""
