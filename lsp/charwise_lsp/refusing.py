"""Requests that are not as the standard has them are answered; with pygls alone their editor waits for ever."""

from typing import Any

from lsprotocol.types import INITIALIZE, SHUTDOWN
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import RPCRequest


class Protocol(LanguageServerProtocol):
    """pygls' own, which refuses what is malformed (JSON-RPC 2.0, section 5.1) or untimely (LSP 3.17, Lifecycle)."""

    _has_begun = _has_ended = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return the message that an object is, or the object where it is none; called for each in a body.

        Raises:
            JsonRpcException: it is malformed, which the editor has been told where it waits for an answer.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                refusal = JsonRpcInvalidParams(f"{data['method']}: {_reason(error.__cause__ or error)}")
                self._send_response(data["id"], None, refusal.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:
        """Take what the editor says."""
        if isinstance(message, RPCRequest):
            if refusal := self._untimely(message.method):
                self._send_response(message.id, None, refusal.to_response_error())
                return
            self._has_begun, self._has_ended = True, message.method == SHUTDOWN
        super().handle_message(message)

    def _untimely(self, method: str) -> JsonRpcException | None:
        if self._has_ended:
            return JsonRpcInvalidRequest(f"{method}: the server was told to shut down")
        if not self._has_begun and method != INITIALIZE:
            return JsonRpcServerNotInitialized(f"{method}: `initialize` comes first")
        if self._has_begun and method == INITIALIZE:
            return JsonRpcInvalidRequest(f"{method}: was said before")
        return None


def _reason(wrong: BaseException) -> str:
    return f"{wrong} is missing" if isinstance(wrong, KeyError) else str(wrong)
