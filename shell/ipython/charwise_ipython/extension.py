"""What is loaded into IPython: shows the daemon's suggestions, and tells it which cells were run."""

from __future__ import annotations

import os
from typing import Any

from charwise_ipython.suggest import CharwiseAutoSuggest


class Extension:
    """In one IPython, in a terminal."""

    def __init__(self, shell: Any) -> None:
        self._shell, self._before = shell, shell.auto_suggest
        self._directory: str | None = None  # where the cell was run that runs now
        if hasattr(self._before, "disconnect"):  # its keys and hooks are for its own suggestions
            self._before.disconnect()
        self._suggest = CharwiseAutoSuggest("ipython", self._before)
        self._use(self._suggest)
        shell.events.register("pre_run_cell", self._begins)
        shell.events.register("post_run_cell", self._ended)

    def close(self) -> None:
        """Leave IPython as it was."""
        self._shell.events.unregister("pre_run_cell", self._begins)
        self._shell.events.unregister("post_run_cell", self._ended)
        self._suggest.close()
        self._use(self._before)
        if hasattr(self._before, "connect"):
            self._before.connect(self._shell.pt_app)

    def _use(self, suggest: Any) -> None:
        self._shell.auto_suggest = self._shell.pt_app.auto_suggest = suggest

    def _begins(self, _: Any) -> None:
        try:
            self._directory = os.getcwd()  # noqa: PTH109 - text, as it travels
        except OSError:  # it was removed
            self._directory = None

    def _ended(self, result: Any) -> None:
        info = result.info
        if info.store_history and not info.silent and info.raw_cell and info.raw_cell.strip():
            self._suggest.ran(info.raw_cell, is_well=bool(result.success), directory=self._directory)
