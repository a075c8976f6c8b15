"""`charwise daemon`: its life cycle, what it does, and pausing it."""

import json
import os
import sys
import time
from typing import Annotated, Any

import typer

from charwise.wording import bits, share_held
from charwise_daemon import launch, paths
from charwise_daemon.client import Client
from charwise_daemon.errors import CharwiseError, UnavailableError, VersionMismatchError
from charwise_daemon.protocol import Pause, WorkspacePath

app = typer.Typer(help="Start, stop, pause and look at the daemon.", no_args_is_help=True)

# A daemon that trains stops when its trainer has saved.
_STOP_SECONDS = 30.0


@app.command()
def start() -> None:
    """Start the daemon where none runs; editors do this by themselves."""
    with Client("charwise daemon") as client:
        typer.echo(f"the daemon runs, process {client.hello['pid']}")


@app.command()
def stop() -> None:
    """Stop the daemon; a training under way is saved first."""
    typer.echo("the daemon has stopped" if _stop() else "no daemon runs")


@app.command()
def restart() -> None:
    """Stop the daemon and start it again, as after an update."""
    _stop()
    start()


@app.command()
def run() -> None:
    """Run the daemon in the foreground, logging to the terminal."""
    os.execv(sys.executable, [sys.executable, "-m", "charwise_daemon"])  # noqa: S606 - the same program, this process


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
) -> None:
    """Show what the daemon is doing. Exit code 1 when none runs."""
    with Client("charwise daemon", start=False) as client:
        seen = client.request("status")
    typer.echo(json.dumps(seen) if as_json else readable(seen))


@app.command()
def pause(
    minutes: Annotated[float, typer.Option(min=0, help="Pause for so long; 0: until `charwise daemon resume`.")] = 0,
) -> None:
    """Stop training, at once and until it is resumed; suggestions go on."""
    with Client("charwise daemon") as client:
        client.request("pause", Pause(60 * minutes))
    typer.echo("training is paused")


@app.command()
def resume() -> None:
    """Let training go on."""
    with Client("charwise daemon") as client:
        client.request("resume")
    typer.echo("training goes on when there is something to learn")


@app.command()
def train(path: Annotated[str, typer.Argument(help="A workspace.")] = ".") -> None:
    """Train a workspace in the background now, without waiting for it to settle."""
    with Client("charwise daemon") as client:
        workspace = WorkspacePath(os.path.realpath(path))
        client.request("workspace_keep", workspace)
        client.request("train", workspace)
    typer.echo("training starts; watch it with `charwise daemon status`")


@app.command()
def logs(lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many lines.")] = 40) -> None:
    """Print the end of the daemon's log."""
    file = paths.log_file()
    if not file.exists():
        raise CharwiseError(f"there is no log at {file}; no daemon has run yet")
    typer.echo("\n".join(file.read_text("utf-8", "replace").splitlines()[-lines:]))


def _stop() -> bool:
    try:
        with Client("charwise daemon", start=False) as client:
            client.request("shutdown")
    except (VersionMismatchError, UnavailableError):
        if not launch.is_alive():
            return False
        _terminate()
    latest = time.monotonic() + _STOP_SECONDS
    while launch.is_alive():
        if time.monotonic() > latest:
            raise CharwiseError(f"the daemon does not stop; see {paths.log_file()}, or kill it by its process id")
        time.sleep(0.05)  # nothing tells a stranger when a process has ended
    return True


def _terminate() -> None:
    """Stop a daemon that does not understand us, or has lost its socket, as the system can."""
    import signal  # noqa: PLC0415 - only here

    os.kill(json.loads(paths.status_file().read_text("utf-8"))["pid"], signal.SIGTERM)


def readable(seen: dict[str, Any]) -> str:
    """Return what the daemon says it is doing, a line for each thing."""
    shown = seen["suggestions"]
    return "\n".join(
        [
            f"charwise {seen['version']}, process {seen['pid']}, up {seen['seconds']:.0f} s",
            *([f"settings hold as they were: {seen['settings']}"] if seen.get("settings") else []),
            f"documents: {seen['documents']} open",
            f"training: {seen['training']['message'] or seen['training']['state']}{_progress(seen['training'])}",
            *(line for workspace in seen["workspaces"] for line in _workspace(workspace)),
            f"suggestions: {shown['shown']:,} shown, {shown['accepted']:,} accepted, {shown['rejected']:,} rejected",
        ]
    )


def _workspace(seen: dict[str, Any]) -> list[str]:
    before = "base model" if seen["base"] else "memory only"
    learned = before if seen["step"] is None else f"step {seen['step']:,}, {bits(seen['bpc'])}"
    left_out = f"{seen['left_out']:,} left out when all was last listed"  # of what is left out, no change is told
    lines = [
        f"{seen['path']}: {seen['files']:,} files, {seen['characters']:,} characters, {left_out}",
        f"  model {seen['model']}: {learned}",
    ]
    if seen["held_back"]:
        lines.append(f"  {share_held(seen['characters'], seen['characters'] + seen['held_back'])}")
    return [*lines, f"  {seen['error']}"] if seen["error"] else lines


def _progress(training: dict[str, Any]) -> str:
    if training.get("done") is None:
        return ""
    parts = [f" {training['workspace']}", f"{training['done']:.0%}"]
    if training.get("seconds_left") is not None:
        parts.append(f"{training['seconds_left']:.0f} s left")
    return ", ".join([*parts, bits(training.get("bpc"))])
