"""The wire: MessagePack-RPC frames, and the parameters of each method as dataclasses.

`[0, msgid, method, [params]]` asks, `[1, msgid, error, result]` answers, `[2, method, [params]]` tells
(https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md). `params` is one map. Text of documents is bytes:
binary, or a string whose bytes need not be UTF-8, as Neovim sends them. Knows no sockets.
"""

import dataclasses
import functools
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgpack

from charwise_daemon.errors import InvalidRequestError, ProtocolError

PROTOCOL = 2

# Room for the largest document an editor opens at once; what is longer is no source text.
MAX_FRAME = 32 * 2**20

REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2
_LENGTHS = {REQUEST: 4, RESPONSE: 4, NOTIFICATION: 3}

P = TypeVar("P")


# --- frames --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Request:
    """A question that wants a Response with the same msgid."""

    msgid: int
    method: str
    params: Any


@dataclass(frozen=True)
class Response:
    """The answer to a Request: error is None, or a map with code and message."""

    msgid: int
    error: Any
    result: Any


@dataclass(frozen=True)
class Notification:
    """A message that wants no answer."""

    method: str
    params: Any


Message = Request | Response | Notification


def encode(message: Message) -> bytes:
    """Return the frame of a message.

    Raises:
        ProtocolError: the frame is larger than MAX_FRAME, so the peer would refuse it, or there is text in it that is
            none (half of a surrogate pair), or a number of over 64 bits.
    """
    match message:
        case Request(msgid, method, params):
            parts = [REQUEST, msgid, method, [params]]
        case Response(msgid, error, result):
            parts = [RESPONSE, msgid, error, result]
        case Notification(method, params):
            parts = [NOTIFICATION, method, [params]]
    kind = message.__class__.__name__.lower()
    try:
        frame = bytes(msgpack.packb(parts, use_bin_type=True, unicode_errors="surrogateescape", default=_map_of))
    except UnicodeEncodeError as error:
        raise ProtocolError(f"a {kind} with {error.object!r} cannot be sent: {error.reason}") from error
    if len(frame) > MAX_FRAME:
        raise ProtocolError(f"a {kind} of {len(frame):,} bytes is over the limit of {MAX_FRAME:,}")
    return frame


def _map_of(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value):
        return vars(value)
    raise ProtocolError(f"{value!r} cannot be sent")


class Decoder:
    """Frames out of a stream of bytes: feed what arrived, get the messages that are complete."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._limit = limit
        self._unpacker = msgpack.Unpacker(raw=False, unicode_errors="surrogateescape", max_buffer_size=limit)

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages completed by `data`, in order.

        Raises:
            ProtocolError: the bytes are no MessagePack-RPC, or a frame is over the limit.
        """
        try:
            self._unpacker.feed(data)
            return [_message(parts) for parts in self._unpacker]
        except msgpack.BufferFull as error:
            raise ProtocolError(f"a frame is over the limit of {self._limit:,} bytes; send less at once") from error
        except (ValueError, msgpack.UnpackException) as error:
            raise ProtocolError(f"not MessagePack: {error or type(error).__name__}; speak MessagePack-RPC") from error


def _message(parts: Any) -> Message:
    if not isinstance(parts, list) or not parts or _LENGTHS.get(_kind(parts[0])) != len(parts):
        raise ProtocolError(f"not MessagePack-RPC: {_short(parts)}; a message is an array of kind, id, method, params")
    match parts:
        case [0, int(msgid), str(method), list(params)]:
            return Request(msgid, method, _only(params))
        case [1, int(msgid), error, result]:
            return Response(msgid, error, result)
        case [2, str(method), list(params)]:
            return Notification(method, _only(params))
    raise ProtocolError(f"not MessagePack-RPC: {_short(parts)}; msgid is a number, method a string, params an array")


def _kind(value: Any) -> int:
    return value if type(value) is int else -1


def _only(params: list[Any]) -> Any:
    return params[0] if params else {}


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


# --- parameters ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Hello:
    """`hello`: first on every connection."""

    client: str
    version: str
    protocol: int


@dataclass(frozen=True)
class Open:
    """`open`: mirror this document from now on. `path` is its file, or "" when it has none."""

    document: str
    text: bytes
    version: int
    path: str = ""


@dataclass(frozen=True)
class Edit:
    """`edit`: changes [start, end, text] in byte offsets, applied in order, that lead to `version`."""

    document: str
    changes: list[Any]
    version: int


@dataclass(frozen=True)
class Close:
    """`close`: forget this document."""

    document: str


@dataclass(frozen=True)
class Focus:
    """`focus`: the user looks at this document, at this byte offset; what a completion needs is read ahead.

    An offset of -1 is where the cursor was last, as far as that is known.
    """

    document: str
    offset: int = -1


@dataclass(frozen=True)
class Complete:
    """`complete`: what comes next at this byte offset of this version? Zero limits mean: as the settings say.

    With `instead`, [start, text], it is asked as if the text stood in place of [start, offset): what a menu has chosen.
    `indentation` is one level as the editor indents, for where the document does not show how it does. `eagerness` (0
    to 1; -1 is none) and `multiline` ("" is none) come before what the settings say.
    """

    document: str
    version: int
    offset: int
    trigger: Literal["automatic", "invoked"] = "automatic"
    max_characters: int = 0
    max_lines: int = 0
    alternatives: int = 1
    max_milliseconds: float = 0.0  # of the search: then the best so far
    instead: list[Any] = field(default_factory=list)
    indentation: str = ""
    eagerness: float = -1.0
    multiline: Literal["", "auto", "always", "never"] = ""


@dataclass(frozen=True)
class Suggestion:
    """Text offered at a position, with the probability of each of its characters (bytes).

    While it is typed, the rest of it is the same suggestion and has the same id.
    """

    id: int
    text: str
    probabilities: list[float]
    benefit: float  # keystrokes that showing it was expected to save when it was found
    confident: int = 0  # characters before the first doubtful one


@dataclass(frozen=True)
class Completion:
    """The answer to `complete`: suggestions, best first, and the sources that took part in them."""

    suggestions: list[Suggestion] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    milliseconds: float = 0.0


@dataclass(frozen=True)
class Feedback:
    """`shown`, `accepted`, `rejected`: what became of a suggestion. `length` counts accepted characters (bytes)."""

    suggestion: int
    length: int = 0


@dataclass(frozen=True)
class Generate:
    """`generate`: write on from this byte offset of this version, as the LSTM alone would, character by character.

    `temperature` divides the scores: 0 takes the likeliest each time. The same seed gives the same text; -1 is any.
    """

    document: str
    version: int
    offset: int
    length: int = 400  # at most: it ends where the LSTM ends a file
    temperature: float = 0.8
    seed: int = -1
    model: str = ""  # a stored one; "": what serves the document


@dataclass(frozen=True)
class Cancel:
    """`cancel`: the answer to request `msgid` of this connection is not wanted any more."""

    msgid: int


@dataclass(frozen=True)
class WorkspacePath:
    """`workspace_*`, `train`: the folder or file meant."""

    path: str


@dataclass(frozen=True)
class WorkspaceModel:
    """`workspace_model`: the folder or file meant, and the name of the model that it has from now on, "" its own."""

    path: str
    model: str = ""


@dataclass(frozen=True)
class ModelName:
    """`reload`: the model meant."""

    model: str


@dataclass(frozen=True)
class ModelsFor:
    """`models`: the workspace that is to have one of them, "" none."""

    path: str = ""


@dataclass(frozen=True)
class ShellPattern:
    """`shell_forget`: text that is in the commands meant, or a pattern that they match."""

    pattern: str


@dataclass(frozen=True)
class FilePath:
    """`forget_file`: the file meant."""

    path: str


@dataclass(frozen=True)
class Paths:
    """`changed`: the files and folders that are new, changed or gone."""

    paths: list[Any]


@dataclass(frozen=True)
class Pause:
    """`pause`: no training until `resume`, or for `seconds` where it is over zero."""

    seconds: float = 0.0


@dataclass(frozen=True)
class Battery:
    """`battery`: whether to train on it."""

    trains: bool


@dataclass(frozen=True)
class Empty:
    """The parameters of a method that has none."""


def parse(cls: type[P], params: Any) -> P:
    """Return the params of a message as an instance of `cls`.

    Raises:
        InvalidRequestError: a key is missing, unknown, or of the wrong type; the message names it.
    """
    if not isinstance(params, dict):
        raise InvalidRequestError(f"{cls.__name__.lower()} takes one map of parameters, not {_short(params)}")
    fields = _fields_of(cls)  # type: ignore[arg-type]  # a class can be hashed
    for key in params:
        if key not in fields:
            raise InvalidRequestError(f"unknown parameter {_short(key)}; known are {', '.join(fields) or 'none'}")
    for key, (_, is_required) in fields.items():
        if is_required and key not in params:
            raise InvalidRequestError(f"the parameter {key} is missing")
    return cls(**{key: _coerce(key, value, fields[key][0]) for key, value in params.items()})


@functools.cache
def _fields_of(cls: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Return the type of each parameter, and whether it must be there; looking that up takes longer than an answer."""
    hints, missing = typing.get_type_hints(cls), dataclasses.MISSING
    return {
        each.name: (hints[each.name], each.default is missing and each.default_factory is missing)
        for each in dataclasses.fields(cls)
    }


def _coerce(key: str, value: Any, wanted: Any) -> Any:
    if type(value) is wanted:
        return value
    if typing.get_origin(wanted) is Literal:
        choices = typing.get_args(wanted)
        if value in choices:
            return value
        raise InvalidRequestError(f"{key} is {_short(value)}, but must be one of {', '.join(map(repr, choices))}")
    if isinstance(wanted, type) and dataclasses.is_dataclass(wanted):
        return parse(wanted, value)  # a table of the settings
    if wanted is bytes and isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    if wanted is float and type(value) is int:
        return float(value)
    expected = typing.get_origin(wanted) or wanted
    if type(value) is not expected:
        raise InvalidRequestError(f"{key} is {_short(value)}, but must be {expected.__name__}")
    return value
