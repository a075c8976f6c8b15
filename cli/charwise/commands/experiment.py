"""`charwise experiment`: Karpathy's experiments, and your own, each from its text to its figures."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charwise.interrupt import stop_on_interrupt
from charwise_daemon import paths

if TYPE_CHECKING:
    from collections.abc import Generator

    from charwise.experiments.recipe import Recipe
    from charwise.experiments.run import Measured
    from charwise_trainer.events import Event

# The models of experiments are models as others, by these names: `charwise sample --model experiment-linux`.
_PREFIX = "experiment-"
# The sample that becomes a page: at a lower temperature it says one thing, at a higher one too much is wrong.
_COMPILED = 0.5


def experiment(
    name: Annotated[str, typer.Argument(help="One of those that come with charwise (see --list), or a file.")] = "",
    minutes: Annotated[float | None, typer.Option(min=0, help="Of training, in place of the recipe's.")] = None,
    data: Annotated[Path | None, typer.Option(help="Where its text is: a file, an archive or a folder.")] = None,
    data_folder: Annotated[Path, typer.Option(help="Where texts lie by the recipes' names.")] = Path(),
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write samples and figures as Markdown, and LaTeX as a page.")
    ] = None,
    as_list: Annotated[bool, typer.Option("--list", help="List the experiments.")] = False,
) -> None:
    """Train on the text of an experiment, measure on what was held out, and let the model write.

    Ctrl-C stores what was learned; run again, it takes the minutes that are left. Example: charwise experiment stacks
    """
    from charwise.experiments import recipe as recipes  # noqa: PLC0415 - the daemon's parser, and only here

    if as_list or not name:
        for each in recipes.known():
            known = recipes.load(each)
            typer.echo(f"{each:14} {known.title}: {known.data}, {known.minutes:g} minutes; {known.published.by}")
        return
    chosen = recipes.load(name)
    if measured := _run(Path(name).stem, chosen, minutes or chosen.minutes, data, data_folder):
        _tell(name, chosen, measured, output)


def _run(name: str, recipe: "Recipe", minutes: float, data: Path | None, folder: Path) -> "Measured | None":
    """Show a training and return what came of it; None where it was interrupted."""
    from rich.console import Console  # noqa: PLC0415 - these cost a second, and --list needs them not

    from charwise.display import show  # noqa: PLC0415
    from charwise.experiments.material import material  # noqa: PLC0415
    from charwise.experiments.run import run  # noqa: PLC0415
    from charwise_daemon.store import Store  # noqa: PLC0415

    results = list["Measured | None"]()

    def shown(steps: "Generator[Event, None, Measured | None]") -> "Generator[Event]":
        results.append((yield from steps))

    text, store = material(recipe, folder, data), Store(paths.models_dir())
    with stop_on_interrupt() as should_stop:
        show(
            shown(run(_PREFIX + name, recipe, text, minutes, store, should_stop)), Console(highlight=False, stderr=True)
        )
    return results[0]


def _tell(name: str, recipe: "Recipe", measured: "Measured", output: Path | None) -> None:
    from charwise.experiments import latex  # noqa: PLC0415 - as above
    from charwise.experiments.page import markdown  # noqa: PLC0415 - as above

    page = markdown(recipe, measured)
    if output:
        output.write_text(page + "\n", "utf-8")
        if "latex" in recipe.checks:
            latex.page(measured.samples[_COMPILED], output.with_suffix(".pdf"))
    typer.echo(page + "\n")
    figures = {"nats": measured.nats, "bpc": measured.bpc, "steps": measured.steps, "minutes": measured.minutes}
    typer.echo(json.dumps({"experiment": name, **figures, "novel": measured.novel, "checks": measured.checks}))
