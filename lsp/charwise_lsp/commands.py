"""What the user may have an editor ask for: `workspace/executeCommand`.

Each takes its arguments as the editor sends them and returns what is to be shown. What goes wrong is an answer that
says so, and no message box.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import Feedback, FilePath, ModelsFor, Pause, WorkspaceModel, WorkspacePath
from charwise_lsp import generating
from charwise_lsp.generating import CONTINUE, FAILED, continue_, generate
from charwise_lsp.places import path_of

ACCEPTED = "charwise.accepted"


class Host(generating.Host, Protocol):
    """The server, as far as commands need it."""

    async def window_show_document_async(self, params: types.ShowDocumentParams) -> Any:
        """Have the editor show a document."""


async def execute(ls: Host, name: str, arguments: Sequence[Any]) -> Any:
    """Return the answer of a command of COMMANDS."""
    command = COMMANDS.get(name)
    if command is None:
        raise JsonRpcInvalidParams(f"there is no command {name}; known are {', '.join(COMMANDS)}")
    try:
        answer = command(ls, *arguments)
        return await answer if answer else None
    except CharwiseError as error:
        raise JsonRpcException(str(error), FAILED) from error
    except (TypeError, ValueError) as error:
        raise JsonRpcInvalidParams(f"{name} cannot be given {str(arguments)[:60]}: {error}") from error


async def retrain(ls: Host, *folders: Any) -> None:
    """Train the editor's folders now, or those that are named."""
    wanted = folders or ls.session.folders
    await asyncio.gather(*(ls.session.ask("train", WorkspacePath(str(folder))) for folder in wanted))


async def pause(ls: Host, *seconds: Any) -> None:
    """Train no more until it is resumed, or for so many seconds."""
    await ls.session.ask("pause", Pause(float(seconds[0]) if seconds else 0.0))


async def resume(ls: Host, *_: Any) -> None:
    """Train again."""
    await ls.session.ask("resume")


async def forget_file(ls: Host, *uris: Any) -> None:
    """Never learn these documents' files again, and what was learned from their folders anew."""
    for uri in uris:
        await ls.session.ask("forget_file", FilePath(path_of(str(uri), "", ()) or str(uri)))


async def models(ls: Host, *folders: Any) -> Any:
    """Return the models that a folder, the editor's first if none is named, can have."""
    folder = str(next(iter(folders or ls.session.folders), ""))
    return await ls.session.ask("models", ModelsFor(folder))


async def choose_model(ls: Host, *chosen: Any) -> None:
    """Serve and train a folder, the editor's first if none is named, with the model of a name; "" is its own."""
    model, *folders = map(str, chosen)
    for folder in folders or ls.session.folders[:1]:
        await ls.session.ask("workspace_model", WorkspaceModel(folder, model))


async def status(ls: Host, *_: Any) -> dict[str, Any]:
    """Return what was learned and what it gave, as Markdown and as the daemon says it."""
    said = await ls.session.ask("status")
    printed = await _printed("status")
    return {"text": f"# What charwise has learned\n\n```\n{printed.rstrip()}\n```\n", "status": said}


async def open_status(ls: Host, *_: Any) -> None:
    """Show that as a document, in an editor that shows documents."""
    file = paths.cache_dir() / "status.md"
    text = (await status(ls))["text"]
    await asyncio.to_thread(file.write_text, text, "utf-8")
    await ls.window_show_document_async(types.ShowDocumentParams(file.as_uri(), take_focus=True))


def accepted(ls: Host, *told: Any) -> None:
    """Pass on that a suggestion was accepted, which an item's command tells: its id, its length in bytes."""
    suggestion, length, *_ = told
    ls.session.tell("accepted", Feedback(int(suggestion), int(length)))


COMMANDS: dict[str, Callable[..., Awaitable[Any] | None]] = {
    ACCEPTED: accepted,
    "charwise.retrain": retrain,
    "charwise.pause": pause,
    "charwise.resume": resume,
    "charwise.forgetFile": forget_file,
    "charwise.models": models,
    "charwise.chooseModel": choose_model,
    "charwise.status": status,
    "charwise.openStatus": open_status,
    "charwise.generate": generate,
    CONTINUE: continue_,
}


async def _printed(verb: str) -> str:
    """Return what `charwise VERB` prints: said once, there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "charwise", verb),
        env={**os.environ, "COLUMNS": "100"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return printed.decode("utf-8", "replace")
