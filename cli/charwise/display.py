"""What one sees of a training: a live display in a terminal, lines in a log, JSON for the daemon. Decides nothing."""

import dataclasses
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from charwise_trainer import events

# In a log, one line of progress for each tenth of the way.
_LOG_STEPS = 10


def show(happenings: Iterable[events.Event], console: Console) -> None:
    """Show a training live in a terminal, or as lines where the output is none."""
    if console.is_terminal:
        _show_live(happenings, console)
    else:
        _show_lines(happenings, console)


def tell(happenings: Iterable[events.Event]) -> None:
    """Write each event as a line of JSON to stdout, for the daemon that started this process."""
    for event in happenings:
        fields = {
            key: str(value) if isinstance(value, Path) else value for key, value in dataclasses.asdict(event).items()
        }
        sys.stdout.write(json.dumps({"event": type(event).__name__.lower(), **fields}) + "\n")
        sys.stdout.flush()


def sentence(event: events.Event) -> str:
    """Return an event in words; "" for those that a bar shows better."""
    text = ""
    match event:
        case events.Started():
            begin = "new model" if event.resumed_from is None else f"continuing from step {event.resumed_from:,}"
            size = f"{event.model.label}, {event.parameters:,} parameters, {event.device} {event.precision}"
            changed = "" if event.changed is None else f", {event.changed:,} of them new or changed"
            text = f"{begin}: {size}\nlearning {event.characters:,} characters{changed}, {event.held_out:,} held out"
        case events.Warned():
            text = f"warning: {event.message}"
        case events.Evaluated():
            best = " (best)" if event.best else ""
            text = f"step {event.step:,}: {event.bpc:.3f} bits per character on held-out text{best}"
        case events.Recovered():
            text = f"step {event.step:,}: {event.why}; went back, the rate is {event.rate:.2g} now"
        case events.Finished() if not event.served:
            text = f"step {event.step:,} is worse on held-out text than what is served, which stays"
        case events.Finished():
            bpc = "" if event.bpc is None else f", {event.bpc:.3f} bits per character on held-out text"
            text = f"{'interrupted, ' if event.interrupted else ''}stored at step {event.step:,}{bpc}"
    return text


def _show_live(happenings: Iterable[events.Event], console: Console) -> None:
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("warming up", total=1.0)
        for event in happenings:
            match event:
                case events.Progress():
                    bar.update(task, completed=event.done, description=_numbers(event))
                case events.Sampled():
                    title = f"step {event.step:,}, temperature {event.temperature}: {event.name}"
                    console.print(Panel(Text(event.text), title=title, title_align="left", border_style="dim"))
                case _ if text := sentence(event):
                    console.print(text, highlight=False, markup=False)


def _show_lines(happenings: Iterable[events.Event], console: Console) -> None:
    told = 0
    for event in happenings:
        text = sentence(event)
        match event:
            case events.Progress() if int(event.done * _LOG_STEPS) > told:
                told = int(event.done * _LOG_STEPS)
                text = f"{event.done:4.0%}  step {event.step:,}  {_numbers(event)}  {event.seconds_left:.0f} s left"
            case events.Sampled():
                text = f"sample at step {event.step:,}, temperature {event.temperature}: {event.text!r}"
        if text:
            console.print(text, highlight=False, markup=False, soft_wrap=True)


def _numbers(event: events.Progress) -> str:
    return (
        f"loss {event.loss:.3f} nats ({event.bpc:.3f} bpc)  epoch {event.epoch:.1f}  "
        f"{event.characters_per_second:,.0f} characters/s"
    )
