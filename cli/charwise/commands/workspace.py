"""`charwise workspace`: the folders that charwise learns from."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from charwise.wording import share_held
from charwise_daemon import paths, settings
from charwise_daemon.client import Client
from charwise_daemon.protocol import FilePath, WorkspacePath

app = typer.Typer(help="The folders that charwise learns from.", no_args_is_help=True)

PATH = Annotated[str, typer.Argument(help="A folder or a file.")]
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def add(path: PATH = ".") -> None:
    """Learn from PATH: its memory is ready in about a second, and training starts when it has settled."""
    added = _ask("workspace_keep", path)
    typer.echo(f"learning from {added['path']}; look with `charwise daemon status`")


@app.command()
def show(path: PATH = ".", as_json: JSON = False) -> None:
    """List what is learned from PATH, and what is left out and why. Asks no daemon; reads, and changes nothing."""
    from charwise_trainer.corpus import Limits, discover  # noqa: PLC0415 - heavy, and only this verb needs it

    chosen = settings.load(paths.settings_file()).corpus
    corpus = discover(Path(path), Limits(chosen.file_bytes, chosen.total_bytes))
    if as_json:
        files = [{"name": f.name, "characters": len(f.data), "hidden_lines": f.hidden_lines} for f in corpus.files]
        left_out = [{"name": each.name, "reason": each.reason} for each in corpus.excluded]
        typer.echo(json.dumps({"root": str(corpus.root), "files": files, "left_out": left_out}))
        return
    for file in corpus.files:
        hidden = f"  ({file.hidden_lines} lines with secrets left out)" if file.hidden_lines else ""
        typer.echo(f"+ {file.name}  {len(file.data):,}{hidden}")
    for each in corpus.excluded:
        typer.echo(f"- {each.name}  {each.reason}")
    typer.echo(f"{len(corpus.files):,} files, {corpus.characters:,} characters; {len(corpus.excluded):,} left out")
    if corpus.characters > chosen.memory_bytes:
        typer.echo(f"{share_held(chosen.memory_bytes, corpus.characters)}; the model learns from all of it")


@app.command()
def remove(path: PATH = ".") -> None:
    """Learn from PATH no more. What was learned stays; `forget` deletes it too."""
    removed = _ask("workspace_remove", path)
    typer.echo(f"{removed['path']} is no workspace any more; its model {removed['model']} stays")


@app.command()
def forget(path: PATH = ".") -> None:
    """Learn from PATH no more, and delete the model that was learned from it.

    Of a file in a workspace, that is the workspace's: the rest of it is learned anew.
    """
    if holding := _workspace_around(path):
        _forget_file(holding, os.path.realpath(path))
        return
    removed = _ask("workspace_forget", path)
    typer.echo(f"{removed['path']} and its model {removed['model']} are forgotten")


@app.command(name="list")
def list_(as_json: JSON = False) -> None:
    """List the workspaces."""
    with Client("charwise workspace") as client:
        found = client.request("workspace_list")
    if as_json:
        typer.echo(json.dumps(found))
        return
    for each in found:
        size = f"{each['files']:,} files, {each['characters']:,} characters" if "files" in each else "not in use"
        typer.echo(f"{each['path']}  {size}  model {each['model']}")
    if not found:
        typer.echo("there is no workspace yet; `charwise workspace add PATH` adds one, and so do editors", err=True)


def _workspace_around(path: str) -> str | None:
    """Return the innermost workspace that holds a path and is not that itself."""
    target = Path(os.path.realpath(path))
    with Client("charwise workspace") as client:
        roots = [Path(each["path"]) for each in client.request("workspace_list")]
    holding = [root for root in roots if target.is_relative_to(root)]
    return None if target in holding else max(map(str, holding), key=len, default=None)


def _forget_file(workspace: str, file: str) -> None:
    with Client("charwise workspace") as client:
        client.request("workspace_add", WorkspacePath(workspace))
        client.request("forget_file", FilePath(file))
    typer.echo(f"{file} is never learned again; the rest of {workspace} is learned anew when it is next open")


def _ask(method: str, path: str) -> dict[str, Any]:
    with Client("charwise workspace") as client:
        answer: dict[str, Any] = client.request(method, WorkspacePath(os.path.realpath(path)))
    return answer
