"""The command line: its groups of verbs, and the one place where errors become exit codes.

0 done, 1 failed, 2 wrong use. An error is one line on stderr; `--verbose` adds the traceback. Every verb imports what
it needs when it runs, so that `charwise --help` is quick.
"""

import io
import os
import sys
from typing import Annotated

import typer

from charwise.commands import (
    complete,
    daemon,
    doctor,
    evaluate,
    experiment,
    inspect,
    lsp,
    models,
    pretrain,
    sample,
    shell,
    status,
    train,
    workspace,
)
from charwise_daemon import __version__
from charwise_daemon.errors import CharwiseError
from charwise_trainer.errors import TrainerError

app = typer.Typer(
    name="charwise",
    help="Autocomplete that learns your files, on your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train.train)
app.command()(sample.sample)
app.command()(complete.complete)
app.command(name="eval")(evaluate.evaluate)
app.command()(experiment.experiment)
app.command()(pretrain.pretrain)
app.command()(inspect.inspect)
app.command()(lsp.lsp)
app.command()(status.status)
app.command()(doctor.doctor)
app.add_typer(daemon.app, name="daemon")
app.add_typer(workspace.app, name="workspace")
app.add_typer(models.app, name="models")
app.add_typer(shell.app, name="shell")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"charwise {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _verbose: Annotated[bool, typer.Option("--verbose", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def run() -> int:
    """Run the command line; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")  # for a terminal that has not every character
    try:
        return _ran()
    except typer.TyperException as error:
        return _failed(f"{error.format_message()} See `charwise --help`.", code=2)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted")
    except SystemExit:  # typer's own, where nobody reads our output any more, as in `charwise sample | head`
        return 0
    except (CharwiseError, TrainerError) as error:
        return _failed(str(error))
    except OSError as error:  # a folder that cannot be written, a disk that is full
        return _refused(error)


def _ran() -> int:
    code: int = app(standalone_mode=False) or 0
    sys.stdout.flush()
    return code


def _refused(error: OSError) -> int:
    """Say what the system refused; that nobody reads our output is no failure."""
    if isinstance(error, BrokenPipeError):
        sys.stderr.close()
        return 0
    code = _failed(str(error))
    try:
        sys.stdout.flush()
    except OSError:  # it was our own output: what is left of it would fail again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _failed(message: str, code: int = 1) -> int:
    if "--verbose" in sys.argv:
        import traceback  # noqa: PLC0415 - only here

        traceback.print_exc()
    typer.echo(f"charwise: {message}", err=True)
    return code
