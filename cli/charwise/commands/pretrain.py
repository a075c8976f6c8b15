"""`charwise pretrain`: the base model that charwise is shipped with, from its sources on; or one of your own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charwise.interrupt import stop_on_interrupt
from charwise_daemon import paths

if TYPE_CHECKING:
    from collections.abc import Generator

    from charwise.pretraining.recipe import Recipe
    from charwise_trainer.events import Event
    from charwise_trainer.packed import Packed


def pretrain(
    recipe: Annotated[str, typer.Argument(help="One that comes with charwise, or a file.")] = "base",
    minutes: Annotated[float | None, typer.Option(min=0, help="Of training in all, in place of the recipe's.")] = None,
    model: Annotated[str, typer.Option(help="The model's name; pretrain-RECIPE where not given.")] = "",
    only: Annotated[
        list[str] | None, typer.Option(help="A pattern of sources to take, such as 'npm-*'; repeatable.")
    ] = None,
    cache: Annotated[Path | None, typer.Option(help="Where archives and the corpus are kept.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads to compute with; one per core where not given.")] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A folder to write what is shipped to.")] = None,
) -> None:
    """Make a base model: bring the recipe's sources, take what may be passed on, learn it.

    Ctrl-C keeps what is there; run again, it takes the minutes that are left. Example: charwise pretrain base
    """
    from charwise.pretraining import corpus, shipping  # noqa: PLC0415 - what only this needs, a second of it
    from charwise.pretraining import recipe as recipes  # noqa: PLC0415 - as above
    from charwise_daemon.store import Store  # noqa: PLC0415 - as above

    chosen = recipes.load(recipe)
    kept = cache or paths.cache_dir() / "pretrain"
    packed = corpus.corpus(chosen, corpus.sources(chosen, only or []), kept, typer.echo)
    directory = Store(paths.models_dir()).directory(model or f"pretrain-{Path(recipe).stem}")
    is_done = _train(packed, directory, chosen, minutes or chosen.minutes, threads, device)
    if output and is_done:
        typer.echo(f"written: {shipping.ship(directory, corpus.manifest_of(packed), output)}")


def _train(
    packed: "Packed", directory: Path, recipe: "Recipe", minutes: float, threads: int | None, device: str
) -> bool:
    """Learn, showing how it goes; return whether that came to its end."""
    from rich.console import Console  # noqa: PLC0415 - as above

    from charwise.display import show  # noqa: PLC0415
    from charwise.pretraining.training import learn  # noqa: PLC0415

    with stop_on_interrupt() as should_stop:
        events: Generator[Event] = learn(packed, directory, recipe, minutes, should_stop, threads, device)
        show(events, Console(highlight=False, stderr=True))
        return not should_stop()
