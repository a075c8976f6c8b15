"""`charwise models`: the models stored on this machine."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charwise.telling import daemon_told
from charwise.wording import bits
from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError, ModelError
from charwise_daemon.protocol import ModelName

if TYPE_CHECKING:
    from charwise_daemon.store import Store

app = typer.Typer(help="The models stored on this machine.", no_args_is_help=True)

NAME = Annotated[str, typer.Argument(help="A model, as `charwise models list` names it.")]
# Suffixes of --plot; matplotlib knows more, which nobody asked for.
_PICTURES = (".png", ".svg", ".pdf")
JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command(name="list")
def list_(as_json: JSON = False) -> None:
    """List the models, with how well each predicts held-out text."""
    metas, errors = _store().metas()
    if as_json:
        typer.echo(json.dumps({name: asdict(meta) for name, meta in metas.items()}))
    else:
        for name, meta in metas.items():
            typer.echo(f"{name}  {meta.config.label}  step {meta.step:,}  {bits(meta.bpc)}  {meta.created}")
        if not metas and not errors:
            typer.echo("no model is stored yet; `charwise train PATH` makes one, and so does the daemon", err=True)
    if errors:
        raise ModelError("; ".join(map(str, errors)))


def _drawable(file: Path | None) -> Path | None:
    if file and file.suffix.lower() not in _PICTURES:
        raise typer.BadParameter(
            f"{file} ends in {file.suffix or 'nothing'}, which cannot be drawn: let it end in {', '.join(_PICTURES)}."
        )
    return file


@app.command()
def show(
    name: NAME,
    plot: Annotated[
        Path | None,
        typer.Option(callback=_drawable, help="Draw its curves over all trainings here: a .png, .svg or .pdf file."),
    ] = None,
) -> None:
    """Print everything known of a model's best checkpoint, as JSON, or draw how it came about."""
    meta = _store().meta(name)
    if plot is None:
        typer.echo(json.dumps(asdict(meta), indent=2))
        return
    _draw(name, f"{name} · {meta.config.label} · step {meta.step:,} · {bits(meta.bpc)}", plot)
    typer.echo(f"the curves of {name} are in {plot}")


@app.command()
def remove(name: NAME) -> None:
    """Delete a model; the workspace it was learned from stays and learns anew."""
    _store().remove(name)
    _tell_of(name)
    typer.echo(f"{name} is deleted")


@app.command()
def rollback(name: NAME) -> None:
    """Serve a model as it was before its last training; the next training goes on from there."""
    meta = _store().roll_back(name)
    _tell_of(name)
    typer.echo(f"{name} is back at step {meta.step:,}, {bits(meta.bpc)}, of {meta.created}")


@app.command()
def export(
    name: NAME,
    file: Annotated[Path | None, typer.Option("-o", "--output", help="Where to; NAME.charwise if not given.")] = None,
) -> None:
    """Write a model to one file, for another machine."""
    from charwise_trainer import portable  # noqa: PLC0415 - numpy, as below

    target = file or Path(f"{name}.charwise")
    store = _store()
    store.meta(name)  # which says what there is where there is no such model
    portable.export(store.directory(name), target)
    typer.echo(f"{name} is in {target}, {target.stat().st_size:,} bytes; `charwise models import` takes it")


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="A file that `charwise models export` wrote.")],
    model: Annotated[str, typer.Option(help="The name to give it; the file's if not given.")] = "",
) -> None:
    """Store the model of such a file."""
    from charwise_trainer import portable  # noqa: PLC0415 - numpy, as below

    store, name = _store(), model or file.stem
    if store.has(name):
        raise ModelError(f"there is a model {name} already; remove it first, or give another name with --model")
    meta = portable.restore(file, store.directory(name))
    _tell_of(name)
    typer.echo(f"{name} is stored: {meta.config.label}, {bits(meta.bpc)}")


def _tell_of(name: str) -> None:
    with daemon_told() as tell:
        tell("reload", ModelName(name))


def _draw(name: str, title: str, file: Path) -> None:
    from charwise_trainer import history, storage  # noqa: PLC0415 - only here

    found = history.read(_store().directory(name))
    if not found.points:
        raise ModelError(
            f"{name} has no curves: they begin with the first training by this charwise, and stay on the machine; "
            "train it once more with `charwise train PATH`"
        )
    try:
        from charwise.curves import drawn  # noqa: PLC0415 - matplotlib, which is optional
    except ImportError as error:
        raise CharwiseError(
            f"matplotlib, which draws the curves, cannot be used ({error}): pip install 'charwise[plot]'"
        ) from error
    storage.replace_file(file, drawn(found, title, file.suffix[1:].lower()))


def _store() -> "Store":
    from charwise_daemon.store import Store  # noqa: PLC0415 - numpy, which only these verbs need

    return Store(paths.models_dir())
