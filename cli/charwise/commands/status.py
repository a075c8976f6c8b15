"""`charwise status`: what the daemon does, what suggestions gave, and how the predictor gets better day by day."""

import json
import sys
from typing import Annotated, Any

import typer

from charwise.commands.daemon import readable
from charwise_daemon import paths
from charwise_daemon.client import Client
from charwise_daemon.errors import UnavailableError


def status(
    days: Annotated[int, typer.Option(min=1, help="Sum up so many days, of those with something in them.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    clear: Annotated[
        bool, typer.Option("--clear", help="Forget the statistics, the learning curve and what feedback has moved.")
    ] = False,
) -> None:
    """Show what charwise is doing and what it has saved you; all of it stays on this machine."""
    if clear:
        _clear()
        return
    seen, statistics = _look()
    if as_json:
        typer.echo(json.dumps({"daemon": seen, **statistics}))
        return
    typer.echo(readable(seen) if seen else "no daemon runs; editors start it, and so does `charwise daemon start`")
    _show(statistics, days)


def _look() -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return what the daemon does and what it has counted; where none runs, what the last one kept."""
    try:
        with Client("charwise status", start=False) as client:
            return client.request("status"), client.request("statistics")
    except UnavailableError:
        from charwise_daemon.journal import Journal  # noqa: PLC0415 - the daemon's side, which only this case needs

        return None, Journal(paths.state_dir()).report()


def _clear() -> None:
    with Client("charwise status") as client:
        client.request("statistics_clear")
    typer.echo("statistics, learning curve and thresholds are forgotten")


def _show(statistics: dict[str, Any], days: int) -> None:
    from rich.console import Console  # noqa: PLC0415 - rich, which JSON needs not

    from charwise import figures  # noqa: PLC0415 - as above

    console = Console(file=sys.stdout, highlight=False)
    for each in figures.all_of(statistics, days):
        console.print()
        console.print(each, markup=False)
