"""`charwise shell`: suggestions at the prompt, which the user allows for each kind of shell."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from charwise import plugins
from charwise_daemon import launch, paths
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError
from charwise_daemon.protocol import ShellPattern

app = typer.Typer(help="Suggestions at the shell's prompt.", no_args_is_help=True)

_SHELL = Annotated[str, typer.Argument(help="zsh, bash, fish, ipython or python.")]
_ANEW = "the model that had read them is deleted; another learns the other commands when nobody types"
# Between two looks at whether a training has ended.
_LOOK_SECONDS = 2.0


@app.command()
def enable(
    shell: _SHELL,
    history: Annotated[Path | None, typer.Option(help="Its history file, where it is not the usual one.")] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A pattern of commands never to learn, as in HISTORY_IGNORE; repeatable.")
    ] = None,
) -> None:
    """Learn from a shell's history, and from what is run in it from now on. Nothing is, until you say so here.

    Commands that begin with a blank or look like they hold a password or a key are left out.
    """
    from charwise_daemon.shell import history as histories  # noqa: PLC0415 - imports that only this needs
    from charwise_daemon.shell import importing  # noqa: PLC0415 - as above

    file = history or histories.default_file(shell)
    is_there = history is not None or file.exists()
    found = importing.enable(paths.state_dir(), shell, file if is_there else None, ignore or [])
    _tell()
    left_out = found.read - found.allowed
    why = f" ({left_out:,} left out: secrets, what begins with a blank, what you named or forgot)" if left_out else ""
    when = "as you run commands" if shell in plugins.FILES else "as programs with prompt_toolkit tell what is run"
    typer.echo(
        f"{shell} is learned from: {found.kept:,} of {found.read:,} commands in {file}{why}"
        if is_there
        else f"{shell} is learned from {when}; there is no history at {file}, name one with --history"
    )
    if shell in plugins.FILES:
        rc = plugins.rc_file(shell)
        typer.echo(f"if you have not yet: `charwise shell init {shell} >> {rc}` has it load the plugin")
    else:
        typer.echo(f"{shell}'s own prompt shows no suggestions; programs with prompt_toolkit can")


@app.command()
def disable(shell: _SHELL) -> None:
    """Learn from a shell no more, and forget what was learned from its history file, by the model too.

    What was run since stays; `charwise shell forget` removes it.
    """
    from charwise_daemon.shell import importing  # noqa: PLC0415 - as above

    if not importing.disable(paths.state_dir(), shell):
        typer.echo(f"{shell} was not learned from")
        return
    with Client("charwise shell") as client:
        is_learned_anew = client.request("shell_anew")
    typer.echo(f"{shell} is learned from no more, and its history is forgotten by the memory")
    if is_learned_anew:
        typer.echo(_ANEW)


@app.command()
def init(shell: Annotated[str, typer.Argument(help="zsh, bash, fish or ipython.")]) -> None:
    """Print the line to add to the shell's rc file, such as `charwise shell init zsh >> ~/.zshrc`."""
    typer.echo(plugins.line(shell))


@app.command()
def socket() -> None:
    """Print the path of the socket that shells connect to, and start the daemon where none runs."""
    with Client("charwise shell"):
        typer.echo(str(paths.shell_socket_file()))


@app.command()
def status() -> None:
    """Show which shells are learned from, what is known, and whether what was forgotten is gone from the model."""
    with Client("charwise shell") as client:
        typer.echo("\n".join(_readable(client.request("shell_status"))))


@app.command()
def forget(
    pattern: Annotated[str, typer.Argument(help="Text in the commands meant, or a pattern such as 'ssh *'.")],
    wait: Annotated[bool, typer.Option("--wait", help="Return when the model has learned the others anew.")] = False,
) -> None:
    """Forget commands: the memory at once, the model by learning all others anew. Your shell's own history stays."""
    with Client("charwise shell") as client:
        told = client.request("shell_forget", ShellPattern(pattern))
        typer.echo(f"{told['forgotten']:,} commands are forgotten by the memory, and suggested no more")
        if not told.get("is_learned_anew"):
            return
        typer.echo(_ANEW)
        if wait:
            _wait(client)
            typer.echo("it has: nothing that is suggested comes from what was forgotten")
        else:
            typer.echo("`charwise shell status` says when it has")


def _wait(client: Client) -> None:
    while True:
        workspace = client.request("shell_status")["workspace"]
        if workspace is None:
            raise CharwiseError("no shell is connected, so nothing is trained now; open one, or wait for the next")
        if workspace["step"] is not None:
            return
        time.sleep(_LOOK_SECONDS)


def _tell() -> None:
    if launch.is_running():
        with Client("charwise shell", start=False) as client:
            client.request("shell_reload")


def _readable(seen: dict[str, Any]) -> list[str]:
    shells = seen["shells"]
    lines = [f"{shell}: learned from, with {file or 'no history'}" for shell, file in shells.items()]
    lines += [] if shells else ["no shell is learned from; `charwise shell enable zsh` allows it"]
    lines.append(f"connected: {seen['connected']} shells")
    lines.append(f"known: {seen['commands']:,} commands")
    if seen["forgotten_at"]:
        lines.append(f"forgotten last on {seen['forgotten_at']}; {_gone(seen)}")
    return lines


def _gone(seen: dict[str, Any]) -> str:
    if seen["is_gone"]:
        return "the model has learned without it"
    return "there is no model that had read it; one that has not is trained when nobody types"
