"""`charwise complete`: one completion at a position of a file, through the daemon."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from charwise_daemon.client import Client, completion_of
from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import Complete, Open


def complete(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The file to complete in, as it is on disk.")
    ],
    line: Annotated[int, typer.Option("--line", min=0, help="Line, counted from 0.")],
    character: Annotated[
        int, typer.Option("--character", min=0, help="UTF-16 units into the line, from 0, as in LSP.")
    ],
    alternatives: Annotated[int, typer.Option(min=1, max=8, help="How many different beginnings to try.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Print what charwise would offer at a position of FILE: one suggestion a line, nothing where it has none.

    Example: charwise complete main.py --line 41 --character 8 --json
    """
    text = file.read_bytes()
    offset = _offset(text, line, character)
    path = str(file.resolve())
    with Client("charwise complete") as client:
        client.request("open", Open(path, text, 1, path))
        request = Complete(path, 1, offset, "invoked", alternatives=alternatives)
        completion = completion_of(client.request("complete", request))
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(completion)))
    else:
        for suggestion in completion.suggestions:
            typer.echo(suggestion.text)


def _offset(text: bytes, line: int, character: int) -> int:
    """Return the byte offset of an LSP position; past a line's end it is the end, as LSP has it."""
    lines = text.split(b"\n")
    if line >= len(lines):
        raise CharwiseError(f"line {line} is past the end: the file has {len(lines)} lines, counted from 0")
    units = lines[line].rstrip(b"\r").decode("utf-8", "surrogateescape").encode("utf-16-le", "surrogatepass")
    before = units[: 2 * character].decode("utf-16-le", "ignore").encode("utf-8", "surrogateescape")
    return sum(len(each) + 1 for each in lines[:line]) + len(before)
