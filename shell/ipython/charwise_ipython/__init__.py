"""charwise at IPython's prompt, and at those of other prompt_toolkit programs: the daemon's suggestions as ghost text.

    %load_ext charwise_ipython

Of other packages this needs prompt_toolkit alone, so that it can be loaded where charwise itself is not installed.
"""

from typing import Any

from charwise_ipython.extension import Extension
from charwise_ipython.suggest import CharwiseAutoSuggest

__all__ = ["CharwiseAutoSuggest", "load_ipython_extension", "unload_ipython_extension"]

_loaded: list[Extension] = []


def load_ipython_extension(shell: Any) -> None:
    """Show suggestions in this IPython, and tell what is run in it; nothing where it is in no terminal."""
    if not _loaded and getattr(shell, "pt_app", None):
        _loaded.append(Extension(shell))


def unload_ipython_extension(_: Any) -> None:
    """Leave IPython as it was."""
    while _loaded:
        _loaded.pop().close()
