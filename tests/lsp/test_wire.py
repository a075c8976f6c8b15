"""The server's process on whatever its stdin and stdout are."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_COMMAND = [sys.executable, "-m", "charwise_lsp"]
_MESSAGES = (
    {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
    {"method": "initialized", "params": {}},
    {"id": 2, "method": "shutdown"},
    {"method": "exit"},
)


def _framed(message: dict[str, Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0"} | message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


_LIFE, _END = b"".join(map(_framed, _MESSAGES[:-1])), _framed(_MESSAGES[-1])

pytestmark = pytest.mark.usefixtures("no_launch")  # a server that ends would leave behind the daemon that it starts


def _until_answered(read: Callable[[], bytes], number: int) -> None:
    """Read until a request is answered."""
    said = b""
    while not re.search(rb'"id": ?%d\b' % number, said):
        piece = read()
        assert piece, said
        said += piece


def test_serve_pipe() -> None:
    """On a pipe messages are answered, however they are cut."""
    with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        out = server.stdout.fileno()
        for at in range(0, len(_LIFE), 7):
            server.stdin.write(_LIFE[at : at + 7])
            server.stdin.flush()
        _until_answered(lambda: os.read(out, 65536), 2)
        server.stdin.write(_END)
    assert server.returncode == 0


def test_serve_editor_gone() -> None:
    """An editor that is gone in the middle of a message ends the server, without a word."""
    done = subprocess.run(_COMMAND, input=_LIFE[:50], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_serve_noise() -> None:
    """What is no message is passed over, however long its lines are."""
    noise = b"noise\n" + b"n" * 300_000 + b"\n"
    with subprocess.Popen(_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        out = server.stdout.fileno()
        server.stdin.write(noise + _LIFE)
        server.stdin.flush()
        _until_answered(lambda: os.read(out, 65536), 2)
        server.stdin.write(noise + _END)
    assert server.returncode == 0


_PLACE = {"textDocument": {"uri": "file:///a"}, "position": {"line": 0, "character": 0}, "context": {"triggerKind": 1}}


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({}, "'params' is missing"),
        ({"params": {}}, "'context' is missing"),
        ({"params": _PLACE | {"context": {"triggerKind": 7}}}, "7 is not a valid InlineCompletionTriggerKind"),
        ({"params": _PLACE | {"position": {"line": -1, "character": 0}}}, "-1"),
    ],
    ids=["nothing", "empty", "trigger", "position"],
)
def test_serve_malformed(asked: dict[str, Any], wrong: str) -> None:
    """A request that is not as the standard has it is refused, not left without an answer."""
    malformed = _framed({"id": 9, "method": "textDocument/inlineCompletion"} | asked)
    done = subprocess.run(_COMMAND, input=malformed + _LIFE + _END, capture_output=True, check=False)
    assert done.returncode == 0
    refusal = re.search(rb'\{"code": ?-32602, ?"message": ?"(.*?)"\}.*?"id": ?9\b', done.stdout)
    assert refusal, done.stdout
    assert refusal[1].startswith(b"textDocument/inlineCompletion: ")
    assert wrong.encode() in refusal[1]


@pytest.mark.parametrize(
    ("method", "before", "after", "code"),
    [
        ("textDocument/inlineCompletion", b"", _LIFE, -32002),
        ("textDocument/inlineCompletion", _LIFE, b"", -32600),
        ("initialize", _framed(_MESSAGES[0]), b"".join(map(_framed, _MESSAGES[1:-1])), -32600),
    ],
    ids=["before initialize", "after shutdown", "initialize twice"],
)
def test_serve_untimely(method: str, before: bytes, after: bytes, code: int) -> None:
    """A request at a time that the standard has not for it is refused, and the life of the server goes on."""
    params = _MESSAGES[0]["params"] if method == "initialize" else _PLACE
    said = before + _framed({"id": 9, "method": method, "params": params}) + after + _END
    done = subprocess.run(_COMMAND, input=said, capture_output=True, check=False)
    assert done.returncode == 0
    assert re.search(rb'\{"code": ?%d, ?"message": ?"%b: .*?"\}.*?"id": ?9\b' % (code, method.encode()), done.stdout)


def test_serve_file(tmp_path: Path) -> None:
    """What is no pipe is read all the same."""
    (tmp_path / "life").write_bytes(_LIFE + _END)
    with (tmp_path / "life").open("rb") as life:
        done = subprocess.run(_COMMAND, stdin=life, stdout=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert b'"capabilities"' in done.stdout


def test_serve_one_socket() -> None:
    """A socket that is both ends stays one that is written to until all is written."""
    ours, theirs = socket.socketpair()
    with ours, theirs, subprocess.Popen(_COMMAND, stdin=theirs, stdout=theirs) as server:
        ours.sendall(_LIFE)
        _until_answered(lambda: ours.recv(65536), 2)
        assert os.get_blocking(theirs.fileno())  # which the server has too
        ours.sendall(_END)
    assert server.returncode == 0
