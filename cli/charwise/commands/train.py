"""`charwise train`: training in the foreground, and the same as the daemon's child."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charwise.interrupt import stop_on_interrupt
from charwise.telling import daemon_told
from charwise_daemon import paths, settings
from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import ModelName, WorkspacePath
from charwise_trainer.errors import TrainerError

if TYPE_CHECKING:
    from charwise_trainer.events import Event

# Without a budget: enough for a project of a megabyte to be read a few times on two cores.
_MINUTES = 10.0
# Whoever watches sees it learn: some samples in a short training, one each minute in a long one.
_SAMPLES, _LONGEST_SAMPLE_SECONDS = 5, 60.0


def train(
    path: Annotated[Path, typer.Argument(help="The folder or file to learn from.")],
    minutes: Annotated[float | None, typer.Option(help="Train for so long (10 where no budget is given).")] = None,
    epochs: Annotated[float | None, typer.Option(help="Or read all text so many times.")] = None,
    model: Annotated[str, typer.Option(help="The model's name; where not given, the workspace's own.")] = "",
    start: Annotated[
        str,
        typer.Option(
            "--from", help="A model to begin from, where there is none of the workspace's yet: base, none, ..."
        ),
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    layers: Annotated[int | None, typer.Option(help="Layers, 1 to 4; where not given, it follows the corpus.")] = None,
    width: Annotated[int | None, typer.Option(help="Units in each layer; where not given, as above.")] = None,
    cell: Annotated[str | None, typer.Option(help="lstm, gru or rnn.")] = None,
    embedding: Annotated[int | None, typer.Option(help="Numbers that stand for a character, as input.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of units left out while learning.")] = None,
    rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    lanes: Annotated[int | None, typer.Option(help="Texts that are read side by side: the batch.")] = None,
    window: Annotated[int | None, typer.Option(help="Characters that a gradient goes back over.")] = None,
    clip: Annotated[float | None, typer.Option(help="The longest that a gradient may be.")] = None,
    evaluate_every: Annotated[
        float | None, typer.Option(help="Seconds of work between evaluations; each stores a checkpoint.")
    ] = None,
    lines: Annotated[
        bool | None,
        typer.Option("--lines/--no-lines", help="Each line is a text of its own, as in a list of names; as last time."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed learns the same, on the same machine.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Threads to compute with; one per core where not given.")] = None,
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
    by_change: Annotated[bool, typer.Option("--by-change", hidden=True)] = False,
    anew: Annotated[bool, typer.Option("--anew", hidden=True)] = False,
) -> None:
    """Learn PATH, showing how it goes. Ctrl-C saves and leaves a usable model; run again, it continues.

    The daemon serves the result at once. Example: charwise train ~/project --minutes 5
    """
    minutes = _MINUTES if minutes is None and epochs is None else minutes
    options = {"minutes": minutes, "epochs": epochs, "device": device, "rate": rate, "seed": seed, "threads": threads}
    options |= {"lanes": lanes, "window": window, "clip": clip, "evaluate_every": evaluate_every}
    size = {"layers": layers, "width": width, "embedding": embedding, "cell": cell, "dropout": dropout}
    if background:
        _train_in_background(path, model, {**options, "follows_change": by_change}, anew)
    else:
        if minutes:
            options["sample_every"] = min(_LONGEST_SAMPLE_SECONDS, 60 * minutes / _SAMPLES)
        _train_in_foreground(path, model, start, options, size, lines)


def _train_in_foreground(
    path: Path, model: str, start: str, options: dict[str, Any], size: dict[str, Any], lines: bool | None
) -> None:
    from rich.console import Console  # noqa: PLC0415 - these three only where they are needed: they cost a second

    from charwise.display import show  # noqa: PLC0415
    from charwise.learning import learn  # noqa: PLC0415

    workspace = WorkspacePath(str(path.resolve()))
    with daemon_told() as tell, stop_on_interrupt() as should_stop:
        tell("yield", workspace)  # the daemon's own trainer saves and ends, and stays away as long as we are connected
        happenings = learn(path, model, _given(options), _given(size), should_stop, start, lines=lines)
        show(_served(happenings, lambda name: tell("reload", ModelName(name))), Console(highlight=False))
        tell("workspace_keep", workspace)


def _train_in_background(path: Path, model: str, options: dict[str, Any], anew: bool) -> None:
    """Train as the daemon's child: out of everybody's way, telling what happens as JSON, failures too."""
    from charwise_trainer import priority  # noqa: PLC0415 - ctypes, and only here

    chosen = settings.load(paths.settings_file()).training
    priority.give_way(chosen.niceness)
    priority.wake_when_orphaned()
    with priority.pacing(chosen.cpu_share):
        _train_and_tell(path, model, {**options, "gives_way": True, "threads": chosen.threads or None}, anew)


def _train_and_tell(path: Path, model: str, options: dict[str, Any], anew: bool) -> None:
    from charwise.display import tell  # noqa: PLC0415 - as above
    from charwise.learning import learn  # noqa: PLC0415

    try:
        with (
            stop_on_interrupt() as should_stop,
            contextlib.closing(learn(path, model, _given(options), {}, should_stop, anew=anew)) as happenings,
        ):
            tell(happenings)
    except BrokenPipeError:  # the daemon is gone; closing the generator has saved what was learned
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (CharwiseError, TrainerError) as error:
        typer.echo(json.dumps({"event": "failed", "message": str(error)}))
        raise


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _served(happenings: Iterator["Event"], reload: Callable[[str], None]) -> Iterator["Event"]:
    """Yield the same events, and let the daemon serve each better checkpoint at once."""
    from charwise_trainer.events import Saved  # noqa: PLC0415 - as above

    for event in happenings:
        yield event
        if isinstance(event, Saved):
            reload(event.path.parent.name)
