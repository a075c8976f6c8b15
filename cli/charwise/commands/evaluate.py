"""`charwise eval`: how good suggestions are, by typing again what later commits added, or by reading files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charwise.serving import workspace_of, workspace_with
from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError

if TYPE_CHECKING:
    from charwise.evaluation.models import Budget

_MANY = "May be given several times."
# Characters that take two or three minutes.
_MOST = 1_000_000


def evaluate(
    target: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="Files to read, for bits per character of a stored model.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="REPO", help="Learn a commit of REPO, type what came later.")
    ] = None,
    model: Annotated[str, typer.Option(help="Of PATH: a model; where not given, that of PATH's workspace.")] = "",
    characters: Annotated[int, typer.Option(min=1, help="Of PATH: how many are read at most.")] = _MOST,
    since: Annotated[str, typer.Option(help="The commit that is learned; where not given, one that fits.")] = "",
    until: Annotated[str, typer.Option(help="The newest commit whose text is typed.")] = "HEAD",
    hunks: Annotated[int, typer.Option(min=1, help="How many places of later commits, one a commit.")] = 100,
    per_commit: Annotated[int, typer.Option(min=1, help="How many places of one commit at most.")] = 1,
    within: Annotated[bool, typer.Option("--within", help="Type what was changed within lines, not lines.")] = False,
    seed: Annotated[int, typer.Option(help="The same seed types the same.")] = 1,
    minutes: Annotated[
        str, typer.Option(help="Minutes of training, such as 10 or 0,1,10; 0: the memories alone.")
    ] = "10",
    path: Annotated[list[str] | None, typer.Option(help=f"Only this folder or pattern. {_MANY}")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"Of what is learned, type only this. {_MANY}")] = None,
    ablate: Annotated[list[str] | None, typer.Option(help=f"Also without this, such as no-corpus. {_MANY}")] = None,
    ppmd: Annotated[bool, typer.Option("--ppmd/--no-ppmd", help="Compare with PPMd, where pyppmd is there.")] = True,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that type.")] = 1,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads that train; one per core if not given.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train even where a trained model is kept.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print nothing but the line of JSON.")] = False,
) -> None:
    """Measure what charwise would have saved you: keystrokes, and how often a suggestion was right.

    Example: charwise eval --history ~/project --hunks 100 --minutes 10
    """
    if (history is None) == (target is None):
        raise typer.BadParameter("give either a PATH, or a repository with --history")
    if target is not None:
        _read(target, model, characters, as_json)
        return
    budgets = _budgets(minutes, threads)
    from charwise.evaluation import ppmd as compressor  # noqa: PLC0415 - numpy, which only few verbs need
    from charwise.evaluation import report  # noqa: PLC0415 - as above
    from charwise.evaluation.experiment import Method, Plan, experiment  # noqa: PLC0415
    from charwise.evaluation.history import Wanted  # noqa: PLC0415

    assert history is not None
    if ppmd and not compressor.is_there():
        typer.echo("PPMd is not compared: pyppmd is not installed; `pip install pyppmd` brings it", err=True)
    plan = Plan(history, since or None, until, path or (), Wanted(hunks, seed, per_commit, only or (), within))
    watcher = report.Silence() if as_json else report.Report()
    found = experiment(plan, Method(budgets, ablate or (), jobs, fresh, ppmd), watcher)
    typer.echo(json.dumps(found))


def _read(path: Path, model: str, most: int, as_json: bool) -> None:
    from charwise.evaluation import report  # noqa: PLC0415 - as above
    from charwise.evaluation.figures import of_files, rounded  # noqa: PLC0415
    from charwise.evaluation.files import Reader  # noqa: PLC0415
    from charwise_daemon.store import Store  # noqa: PLC0415

    workspace = workspace_with(model) if model else workspace_of(path)
    name = model or workspace_of(path).model
    reader = Reader.of(Store(paths.models_dir()), name, Path(workspace.path) if workspace else None)
    found = rounded({"path": str(path), "model": name, **of_files(list(reader.read(path, most)))})
    if not as_json:
        report.show_files(found)
    typer.echo(json.dumps(found))


def _budgets(minutes: str, threads: int | None) -> "list[Budget]":
    from charwise.evaluation.models import Budget  # noqa: PLC0415 - as above

    try:
        numbers = [float(each) for each in minutes.split(",")]
    except ValueError as error:
        raise CharwiseError(
            f"--minutes {minutes} is no number, nor several with commas between, as in 0,1,10"
        ) from error
    if not all(0 <= number < 1e6 for number in numbers):
        raise CharwiseError(f"--minutes {minutes}: give numbers from 0 on")
    return [Budget(number, threads) for number in numbers]
