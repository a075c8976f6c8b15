"""A bar in the editor's own progress display: asked for, begun when the editor has agreed, ended. Knows not of what."""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

logger = logging.getLogger(__name__)


class Bar:
    """One bar; `progress` is pygls' display of them."""

    def __init__(self, progress: Any) -> None:
        self._progress, self._token = progress, str(uuid.uuid4())
        self._is_shown = self._is_ended = False

    async def ask(self) -> bool:
        """Ask the editor for it; return whether it is to be begun: one that has ended meanwhile never will be."""
        try:
            await self._progress.create_async(self._token)
        except JsonRpcException as error:
            logger.warning("the editor shows no progress: %s", error)
            return False
        if self._is_ended:
            self._forget()
        return not self._is_ended

    def begin(
        self,
        title: str,
        message: str | None = None,
        percentage: int | None = None,
        cancel: Callable[[], Any] | None = None,
    ) -> None:
        """Show it; what can be cancelled calls `cancel` then."""
        self._is_shown = True
        if cancel:
            self._progress.tokens[self._token].add_done_callback(lambda ended: cancel() if ended.cancelled() else None)
        begin = types.WorkDoneProgressBegin(
            title=title, message=message, percentage=percentage, cancellable=cancel is not None
        )
        self._progress.begin(self._token, begin)

    def report(self, message: str, percentage: int) -> None:
        """Show how far it is, where it is shown."""
        if self._is_shown:
            report = types.WorkDoneProgressReport(message=message, percentage=percentage)
            self._progress.report(self._token, report)

    def end(self, message: str | None = None) -> None:
        """Take it away."""
        self._is_ended = True
        if self._is_shown:
            self._progress.end(self._token, types.WorkDoneProgressEnd(message=message))
        self._forget()

    def _forget(self) -> None:
        self._progress.tokens.pop(self._token, None)
