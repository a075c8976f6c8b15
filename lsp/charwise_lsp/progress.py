"""Training in the editor's own progress display: one bar for each workspace that is being learned.

Fed with the daemon's `training` events; knows neither the daemon nor its connection. A bar appears only when the
editor agreed to it, and is always ended: by the training, or when the daemon goes away.
"""

import asyncio
import logging
import math
import uuid
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

_BEGINS = {"started", "progress", "resumed"}  # a client may connect in the middle of a training
_ENDS = {"finished", "failed"}


class TrainingProgress:
    """The bars that the editor shows."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._bars: dict[str, _Bar] = {}  # by workspace

    def __repr__(self) -> str:
        return f"<TrainingProgress of {len(self._bars)} workspaces>"

    def show(self, event: Mapping[str, Any]) -> None:
        """Show one `training` event of the daemon."""
        workspace, state = str(event.get("workspace", "")), event.get("state")
        bar = self._bars.get(workspace)
        if bar is None and state in _BEGINS:
            self._bars[workspace] = _Bar(self._server, f"Learning {PurePath(workspace).name}", event)
        elif bar and state in _ENDS:
            self._bars.pop(workspace).end(describe(event))
        elif bar:
            bar.report(event)

    def end_all(self, reason: str) -> None:
        """End every bar, since no further event will."""
        while self._bars:
            self._bars.popitem()[1].end(reason)


class _Bar:
    """One bar: asked for at once, begun when the editor has agreed, with whatever is the latest by then."""

    def __init__(self, server: LanguageServer, title: str, event: Mapping[str, Any]) -> None:
        self._progress = server.work_done_progress
        self._token = str(uuid.uuid4())
        self._title, self._latest = title, event
        self._begun = self._ended = False
        self._task = asyncio.create_task(self._begin())

    def report(self, event: Mapping[str, Any]) -> None:
        """Show the latest state."""
        self._latest = event
        if self._begun:
            report = types.WorkDoneProgressReport(message=describe(event), percentage=percentage(event))
            self._progress.report(self._token, report)

    def end(self, message: str) -> None:
        """Take the bar away; one that has not begun never will."""
        self._ended = True
        if self._begun:
            self._progress.end(self._token, types.WorkDoneProgressEnd(message=message))
        self._progress.tokens.pop(self._token, None)

    async def _begin(self) -> None:
        try:
            await self._progress.create_async(self._token)
        except JsonRpcException as error:
            logger.warning("the editor shows no progress: %s", error)
            return
        if self._ended:
            self._progress.tokens.pop(self._token, None)
            return
        self._begun = True
        begin = types.WorkDoneProgressBegin(
            title=self._title, message=describe(self._latest), percentage=percentage(self._latest), cancellable=False
        )
        self._progress.begin(self._token, begin)


def describe(event: Mapping[str, Any]) -> str:
    """Return an event in words, such as "paused while you type, 1.93 bits per character"."""
    parts = []
    if event.get("state") == "paused":
        parts.append(str(event.get("message") or "paused"))
    if (bpc := event.get("bpc")) is not None:
        parts.append(f"{bpc:.2f} bits per character")
    if (left := event.get("seconds_left")) is not None and event.get("state") not in _ENDS:
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
