"""What each program loads until it is ready: its start and its memory, watched without a clock.

Each program really starts, up to its first answer. What it loads beyond its list is named together with who imports
it. Who needs it at the start adds it to the list here; everybody else imports it where it is used.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

_OURS = {"charwise", "charwise_daemon", "charwise_lsp", "charwise_trainer"}
# Of the standard library, what takes milliseconds or brings a family along.
_HEAVY = (
    "argparse asyncio concurrent.futures concurrent.futures.process csv ctypes decimal difflib doctest email fractions"
    " getpass gettext html http importlib.metadata importlib.resources logging logging.config logging.handlers"
    " multiprocessing optparse pdb pickle pydoc sqlite3 ssl statistics tarfile tomllib unittest urllib.request uuid"
    " webbrowser xml zipfile"
)
_ASYNCIO = "asyncio concurrent.futures logging ssl"
_CLIENT = f"charwise_daemon charwise_daemon.client charwise_daemon.errors charwise_daemon.launch charwise_daemon.paths \
    charwise_daemon.protocol msgpack {_ASYNCIO}"
_LSP = f"{_CLIENT} charwise_lsp charwise_lsp.* attr attrs cattrs lsprotocol pygls typing_extensions uuid"
_DAEMON = f"{_CLIENT} charwise_daemon.* charwise_trainer charwise_trainer.* numpy pathspec pydivsufsort safetensors \
    typing_extensions watchdog argparse ctypes gettext logging.handlers pickle tomllib"
# Every verb's options are made at each start, its work is not; typer brings pydantic for options that are paths.
_CLI = f"{_CLIENT} charwise charwise.* charwise_daemon.registry charwise_daemon.settings charwise_trainer \
    charwise_trainer.errors charwise_trainer.storage typer annotated_doc shellingham difflib gettext tomllib uuid"
_PATHS = "annotated_types pydantic pydantic_core typing_extensions typing_inspection csv decimal email fractions \
    importlib.metadata importlib.resources zipfile"
_PAGES = "attr markdown_it mdurl pygments rich ctypes decimal fractions html pickle"

_INITIALIZE = '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}'
_STDIN = f"Content-Length: {len(_INITIALIZE)}\r\n\r\n{_INITIALIZE}"
_COMMAND = "from charwise.main import main; main()"
# The daemon answers one request, which is to stop.
_ASKED_DAEMON = """
import os, sys, threading
from charwise_daemon import __main__, client

def ask():
    os.read(ready, 1)
    with client.Client("test", start=False) as daemon:
        daemon.request("shutdown")

ready, tell = os.pipe()
threading.Thread(target=ask).start()
sys.argv[1:] = ["--ready-fd", str(tell)]
__main__.main()
"""
# Notes who imports what, and tells it at the end; stdout is the programs' own.
_NOTED = """
import atexit, sys

class Notes:
    imports = []

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        frame = sys._getframe(1)
        while frame.f_globals["__name__"].startswith("importlib."):
            frame = frame.f_back
        cls.imports.append((name, frame.f_globals["__name__"]))

    @classmethod
    def tell(cls):
        for name, importer in cls.imports:
            if name in sys.modules:  # and was not looked for in vain
                print("\\nIMPORT", name, importer, file=sys.stderr)

sys.meta_path.insert(0, Notes)
atexit.register(Notes.tell)
"""


@pytest.mark.parametrize(
    ("script", "arguments", "may"),
    [
        ("import charwise_daemon.client", (), _CLIENT),
        ("import charwise_lsp.server", (), _LSP),
        ("from charwise_lsp.__main__ import main; main()", (), _LSP),
        (_COMMAND, ("lsp",), f"{_LSP} charwise charwise.main"),
        (_ASKED_DAEMON, (), _DAEMON),
        (_COMMAND, ("--version",), _CLI),
        (_COMMAND, ("--help",), f"{_CLI} {_PAGES}"),
        (_COMMAND, ("complete", __file__, "--line", "0", "--character", "0"), f"{_CLI} {_PATHS}"),
    ],
    ids=["client", "lsp.server", "lsp", "charwise lsp", "daemon", "--version", "--help", "complete"],
)
def test_loaded(script: str, arguments: tuple[str, ...], may: str, tmp_path: Path) -> None:
    """A program that starts loads nothing that is not on its list."""
    if script != _ASKED_DAEMON:
        (tmp_path / "log" / "daemon.log").mkdir(parents=True)  # where a log should be, so that no daemon is started
    importers = _importers(script, arguments, tmp_path)
    assert importers
    beyond = [
        " <- ".join(_chain(module, importers))
        for module in importers
        if (name := _judged(module)) and not any(fnmatchcase(name, pattern) for pattern in may.split())
    ]
    assert not beyond, "loaded at the start, and by whom:\n" + "\n".join(beyond)


def _importers(script: str, arguments: tuple[str, ...], home: Path) -> dict[str, str]:
    """Return the modules that a program loads, each with the module that imported it first."""
    done = subprocess.run(
        [sys.executable, "-c", _NOTED + script, *arguments],
        input=_STDIN,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CHARWISE_HOME": str(home)},
    )
    found = re.findall(r"^IMPORT (\S+) (\S+)$", done.stderr, re.MULTILINE)
    assert "Traceback" not in done.stderr, done.stderr
    return dict(reversed(found))


def _judged(module: str) -> str:
    """Return the name that a list must have for a module: in full where it is ours; "" where none is needed."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return module if module in _HEAVY.split() else ""
    if top in _OURS:
        return module
    return "" if top.startswith("_") else top  # parts of installed packages, and of Python's build


def _chain(module: str, importers: dict[str, str]) -> Iterator[str]:
    seen = set[str]()
    while module in importers and module not in seen:
        yield module
        seen.add(module)
        module = importers[module]
    yield "the program"
