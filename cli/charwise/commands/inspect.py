"""`charwise inspect`: Karpathy's views, of a model that reads a file."""

from pathlib import Path
from typing import Annotated

import typer

from charwise.serving import workspace_of
from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError

# A page of more would be slow to scroll: each character has the cells of a thousand neurons.
_MOST = 6_000


def inspect(
    file: Annotated[Path, typer.Argument(help="The file to read.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")] = Path("page.html"),
    model: Annotated[str, typer.Option(help="A model; where not given, that of the file's workspace.")] = "",
    start: Annotated[int, typer.Option(min=0, help="The first character (byte) to show.")] = 0,
    characters: Annotated[int, typer.Option(min=1, max=50_000, help="How many to show.")] = _MOST,
) -> None:
    """Write a page that shows what a model expects at each character of a file, and what its neurons do.

    Text coloured by surprise, the five likeliest characters under the pointer, any neuron's cell painted over the text,
    and the neurons that follow quotes, comments, brackets, lines and the like. Example: charwise inspect main.c
    """
    from charwise.inspection.page import page  # noqa: PLC0415 - numpy, which only this verb needs
    from charwise.inspection.properties import findings  # noqa: PLC0415 - as above
    from charwise.inspection.reading import read  # noqa: PLC0415 - as above
    from charwise_daemon.store import Store  # noqa: PLC0415 - as above

    try:
        with file.open("rb") as opened:
            text = opened.read(start + characters)[start:]
    except OSError as error:
        raise CharwiseError(f"cannot read {file}: {error.strerror}") from error
    if not text:
        raise CharwiseError(f"{file} has no character {start}: there is nothing to show")
    found = Store(paths.models_dir()).load(model or workspace_of(file).model)
    reading = read(found.engine, file.name, text)
    following = findings(text, reading.cells)
    about = f"{found!r}; {len(text):,} characters at {reading.bpc:.2f} bits each"
    output.write_text(page(str(file), about, reading, following), "utf-8")
    for name, neurons in following.items():
        typer.echo(f"{name}: " + ", ".join(f"neuron {each.neuron} ({each.score:.2f})" for each in neurons[:3]))
    typer.echo(f"{output} shows {about}")
