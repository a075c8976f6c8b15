"""`charwise sample`: text from a model, as char-rnn's sample.lua printed it."""

import codecs
import sys
from pathlib import Path
from typing import Annotated

import typer

from charwise.serving import workspace_of
from charwise_daemon import paths


def sample(
    model: Annotated[str, typer.Option(help="A model, as `charwise models list` names it.")] = "",
    workspace: Annotated[str, typer.Option(help="The workspace whose model to take (the one you stand in).")] = "",
    prime: Annotated[str, typer.Option(help="Text to go on from.")] = "",
    file: Annotated[str, typer.Option(help="Write as in a file of this name: x.c, names.txt.")] = "",
    length: Annotated[int, typer.Option(min=1, help="How many characters (bytes).")] = 500,
    temperature: Annotated[
        float, typer.Option(min=0, help="0: always the likeliest; 1: as learned; higher: bolder.")
    ] = 0.7,
    top_k: Annotated[int, typer.Option(min=0, max=256, help="Choose among the k likeliest; 0: among all.")] = 0,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed gives the same text.")] = None,
) -> None:
    """Print text that a model writes, as it writes it."""
    from charwise_daemon.sampler import sample as draw  # noqa: PLC0415 - numpy, which only this verb needs
    from charwise_daemon.store import Store  # noqa: PLC0415 - as above
    from charwise_trainer.corpus import END, START, encode_header  # noqa: PLC0415 - as above

    store = Store(paths.models_dir())
    engine = store.load(model or workspace_of(workspace or Path.cwd()).model).engine
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    sys.stdout.write(prime)
    header = encode_header(file) if file else b""
    begun = header + prime.encode("utf-8", "surrogateescape")
    for character in draw(engine, begun, length, temperature, top_k or None, seed, header or START):
        if character != END[0]:
            sys.stdout.write(decode(bytes([character])))
            sys.stdout.flush()
    sys.stdout.write("\n")
