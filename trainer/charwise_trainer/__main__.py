"""Training without the rest of charwise, by one process or by several that torchrun starts, on one machine or on many.

    python -m charwise_trainer FOLDER --model DIR --minutes 60
    torchrun --nproc-per-node 2 -m charwise_trainer FOLDER --model DIR --minutes 60
    python -m charwise_trainer pack FOLDER PACKED       for text that is larger than memory: then --corpus PACKED
    python -m charwise_trainer export DIR FILE

DIR is a model's folder as checkpoint.py describes it; FILE is what `charwise models import` takes. docs/scaling.md says
when that is worth it.
"""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from charwise_trainer import portable
from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.corpus import CorpusFile, discover
from charwise_trainer.distributed import each, first, is_first, part, together
from charwise_trainer.errors import TrainerError
from charwise_trainer.events import Event, Progress
from charwise_trainer.packed import NO_LIMIT, Packed, open_packed, pack
from charwise_trainer.train import train

TELL_EVERY = 5.0
"""Seconds between two lines of progress: a night's log stays one that can be read."""

NO_SAMPLES = 1e9


def learn(
    model: Annotated[Path, typer.Option(help="The model's folder; what is stored there is continued.")],
    folder: Annotated[
        Path | None, typer.Argument(help="The folder or file to learn from; the first process reads it.")
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="Or a packed corpus, which each process maps.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Train for so long (10 where no budget is given).")] = None,
    epochs: Annotated[float | None, typer.Option(help="Or read all text so many times.")] = None,
    layers: Annotated[int | None, typer.Option(help="Layers, 1 to 4; where not given, it follows the corpus.")] = None,
    width: Annotated[int | None, typer.Option(help="Units in each layer; where not given, as above.")] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of units left out while learning.")] = None,
    lanes: Annotated[int | None, typer.Option(help="Texts that are read side by side, by all processes.")] = None,
    window: Annotated[int | None, typer.Option(help="Characters that a gradient goes back over.")] = None,
    rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed learns the same, on the same machines.")] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, bf16 or fp32.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Threads of each process.")] = None,
    evaluate_every: Annotated[
        float | None, typer.Option(help="Seconds of work between evaluations; each stores a checkpoint.")
    ] = None,
) -> None:
    """Learn FOLDER, or a packed corpus; SIGTERM or Ctrl-C stores what was learned, and run again, it continues.

    Instead of FOLDER: `pack FOLDER PACKED` writes a packed corpus, `export DIR FILE` what `charwise models import`
    takes.
    """
    if (folder is None) == (corpus is None):
        raise typer.BadParameter("give either a FOLDER or a --corpus to learn from")
    options = {"minutes": minutes, "epochs": epochs, "device": device, "precision": precision, "threads": threads}
    options |= {"lanes": lanes, "window": window, "rate": rate, "seed": seed, "evaluate_every": evaluate_every}
    size = _given({"layers": layers, "width": width, "dropout": dropout})
    with stop_on_signals() as stop, errors_told(), together(device):
        files, characters = _mapped(corpus) if corpus else _in_memory(folder or Path())
        asked = replace(config_for(characters), **size) if size else None
        config = TrainConfig(**_given(options), model=asked, sample_every=NO_SAMPLES)
        tell = Teller(stop)
        for event in train(files, model, config, lambda: stop.wished):
            tell(event)


def pack_(
    folder: Annotated[Path, typer.Argument(help="The folder to learn from, of any size.")],
    packed: Annotated[Path, typer.Argument(help="The new folder to write, as large as the text.")],
    largest: Annotated[int, typer.Option(help="Bytes of a file at most.")] = NO_LIMIT.file_bytes,
) -> None:
    """Write what is to be learned of a folder to a packed corpus, which need not fit into memory."""
    with errors_told():
        found = pack(folder, packed, replace(NO_LIMIT, file_bytes=largest))
        measured = sum(len(file.data) for file in found.held_out)
        typer.echo(f"packed documents={len(found.documents.lengths)} characters={found.characters} held_out={measured}")


def export(
    model: Annotated[Path, typer.Argument(help="A model's folder.")],
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
) -> None:
    """Write a model's best checkpoint to one file, which `charwise models import` takes."""
    with errors_told():
        portable.export(model, file)


@contextmanager
def errors_told() -> Iterator[None]:
    """End the program with one line for an error of ours, or for another process that is lost."""
    try:
        yield
    except TrainerError as error:  # raised by all alike
        _fail(str(error))
    except RuntimeError as error:
        if part().of == 1:
            raise
        why = str(error).splitlines()[0]
        _fail(f"a process of this training is lost; what was stored is whole: start it again ({why})")


def _fail(message: str) -> NoReturn:
    if is_first():
        typer.echo(f"charwise: {message}", err=True)
    raise typer.Exit(1)


class Stop:
    """Whether somebody wished that the training ends."""

    wished = False

    def __call__(self, *_: object) -> None:
        """Wish it."""
        self.wished = True


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Yield what SIGTERM and Ctrl-C make a wish; a second Ctrl-C interrupts for good where no other process waits.

    torchrun passes on what it hears, and a terminal tells all processes: among several one Ctrl-C arrives twice. There
    torchrun kills who has not ended half a minute later.
    """
    stop = Stop()

    def press(number: int, frame: FrameType | None) -> None:
        if stop.wished and part().of == 1:
            signal.default_int_handler(number, frame)
        stop()

    before = {number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Teller:
    """Prints each event as a line, by the first process; where nobody reads it any more, the training is to end."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._progress_at = 0.0

    def __call__(self, event: Event) -> None:
        """Print an event, of progress only some."""
        if isinstance(event, Progress):
            if event.done < 1 and time.monotonic() < self._progress_at:
                return
            self._progress_at = time.monotonic() + TELL_EVERY
        if not is_first():
            return
        try:
            print(line(event), flush=True)  # noqa: T201 - what this program is to print
        except BrokenPipeError:
            self._stop()


def line(event: Event) -> str:
    """Return an event as its kind and its fields: `saved path=m/c00000012 step=12 bpc=3.21 best=True`."""
    values = [f"{field.name}={_text(getattr(event, field.name))}" for field in fields(event)]
    return " ".join([type(event).__name__.lower(), *values])


def _text(value: object) -> str:
    if isinstance(value, ModelConfig):
        return value.label.replace(" ", "-")
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _mapped(path: Path) -> tuple[Packed, int]:
    """Return the packed corpus, the same for all processes, and its size."""
    corpus = each(lambda: open_packed(path))
    mark = first(lambda: corpus.mark)
    each(lambda: corpus.check(mark))
    return corpus, corpus.characters


def _in_memory(folder: Path) -> tuple[tuple[CorpusFile, ...], int]:
    """Return the files that the first process finds, and their size."""
    corpus = first(lambda: discover(folder))
    return corpus.files, corpus.characters


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


VERBS: dict[str, Callable[..., None]] = {"pack": pack_, "export": export}


def main() -> None:
    """Run the command and exit."""
    verb = VERBS.get(sys.argv[1]) if sys.argv[1:] else None
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(verb or learn)
    app(sys.argv[2:] if verb else sys.argv[1:], prog_name="python -m charwise_trainer")


if __name__ == "__main__":
    main()
