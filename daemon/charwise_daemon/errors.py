"""One exception tree for daemon and clients; each class has the code that stands for it on the wire.

Every message is one line: what was seen, what it means, what to do next.
"""

from collections.abc import Iterator
from typing import Any, ClassVar


class CharwiseError(Exception):
    """Anything charwise reports to a person or a client."""

    code: ClassVar[str] = "error"


class InternalError(CharwiseError):
    """A defect in the daemon; its log has the traceback."""

    code = "internal"


class ProtocolError(CharwiseError):
    """What arrived is no MessagePack-RPC message; the connection cannot be trusted any more and is closed."""

    code = "protocol"


class VersionMismatchError(CharwiseError):
    """Client and daemon speak different versions of the protocol."""

    code = "version"


class InvalidRequestError(CharwiseError):
    """The message is well formed, its method or parameters are not."""

    code = "invalid"


class DocumentError(CharwiseError):
    """The daemon's mirror of a document and the client's differ; the client opens the document again."""

    code = "document"


class OutdatedError(CharwiseError):
    """A newer request for the same document, or a cancellation, made this one pointless."""

    code = "outdated"


class UnavailableError(CharwiseError):
    """No daemon answers, or it went away while answering."""

    code = "unavailable"


class WorkspaceError(CharwiseError):
    """A folder cannot be added to, or is not among, the workspaces."""

    code = "workspace"


class ModelError(CharwiseError):
    """A stored model is missing or cannot be used."""

    code = "model"


class SettingsError(CharwiseError):
    """The settings file has a key or a value that charwise does not know."""

    code = "settings"


def _family(cls: type[CharwiseError]) -> Iterator[type[CharwiseError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _family(child)


_BY_CODE = {cls.code: cls for cls in _family(CharwiseError)}


def to_wire(error: CharwiseError) -> dict[str, str]:
    """Return the error as it travels in a response."""
    return {"code": error.code, "message": str(error)}


def from_wire(error: Any) -> CharwiseError:
    """Return the exception that a response's error stands for; unknown codes become the base class."""
    if not isinstance(error, dict):
        return CharwiseError(str(error))
    cls = _BY_CODE.get(str(error.get("code")), CharwiseError)
    return cls(str(error.get("message", "the daemon gave no reason")))
