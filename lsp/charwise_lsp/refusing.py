"""Requests that are not as the standard has them are answered; with pygls alone their editor waits for ever."""

from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol


class Protocol(LanguageServerProtocol):
    """pygls' own, which refuses malformed requests instead of saying nothing (JSON-RPC 2.0, section 5.1)."""

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


def _reason(wrong: BaseException) -> str:
    return f"{wrong} is missing" if isinstance(wrong, KeyError) else str(wrong)
