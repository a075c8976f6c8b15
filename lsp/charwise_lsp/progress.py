"""Training in the editor's own progress display: one bar for each workspace that is being learned.

Fed with the daemon's `training` events; knows neither the daemon nor its connection. A bar appears only when the
editor agreed to it, and is always ended: by the training, or when the daemon goes away.
"""

import asyncio
import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from pygls.lsp.server import LanguageServer

from charwise_lsp.bar import Bar

_BEGINS = {"started", "progress", "resumed"}  # a client may connect in the middle of a training
ENDS = {"finished", "failed"}


class TrainingProgress:
    """The bars that the editor shows."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._bars: dict[str, _Training] = {}  # by workspace

    def __repr__(self) -> str:
        return f"<TrainingProgress of {len(self._bars)} workspaces>"

    def show(self, event: Mapping[str, Any]) -> None:
        """Show one `training` event of the daemon."""
        workspace, state = str(event.get("workspace", "")), event.get("state")
        bar = self._bars.get(workspace)
        if bar is None and state in _BEGINS:
            self._bars[workspace] = _Training(self._server, f"Learning {PurePath(workspace).name}", event)
        elif bar and state in ENDS:
            self._bars.pop(workspace).end(describe(event))
        elif bar:
            bar.report(event)

    def end_all(self, reason: str) -> None:
        """End every bar, since no further event will."""
        while self._bars:
            self._bars.popitem()[1].end(reason)


class _Training:
    """A training's bar, which begins with whatever is the latest when the editor has agreed."""

    def __init__(self, server: LanguageServer, title: str, event: Mapping[str, Any]) -> None:
        self._bar, self._title, self._latest = Bar(server.work_done_progress), title, event
        self._task = asyncio.create_task(self._begin())
        self.end = self._bar.end

    def report(self, event: Mapping[str, Any]) -> None:
        """Show the latest state."""
        self._latest = event
        self._bar.report(describe(event), percentage(event))

    async def _begin(self) -> None:
        if await self._bar.ask():
            self._bar.begin(self._title, describe(self._latest), percentage(self._latest))


def describe(event: Mapping[str, Any]) -> str:
    """Return an event in words, such as "paused while you type, 1.93 bits per character"."""
    parts = []
    if event.get("state") == "paused":
        parts.append(str(event.get("message") or "paused"))
    if (bpc := event.get("bpc")) is not None:
        parts.append(f"{bpc:.2f} bits per character")
    if (left := event.get("seconds_left")) is not None and event.get("state") not in ENDS:
        parts.append(f"{_duration(left)} left")
    return ", ".join(parts) or str(event.get("message", ""))


def percentage(event: Mapping[str, Any]) -> int:
    """Return how much is done, from 0 to 100."""
    return min(100, max(0, round(100 * (event.get("done") or 0))))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    if seconds < 3600:
        return f"{math.ceil(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
