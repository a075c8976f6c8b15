"""Taking a shell's history into the log: without what the user keeps out, what was forgotten, and what holds secrets.

It takes seconds where the history is long, and so is done by the command line's process, not by the daemon's.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from charwise_daemon.errors import CharwiseError
from charwise_daemon.shell import consent, history
from charwise_daemon.shell.consent import KINDS, PYTHONS, Consent
from charwise_daemon.shell.forgetting import meant_by
from charwise_daemon.shell.ignoring import is_kept_out
from charwise_daemon.shell.lines import is_safe
from charwise_daemon.shell.log import Log
from charwise_daemon.shell.recollection import UNKNOWN
from charwise_daemon.shell.secrets import without_secrets
from charwise_daemon.shell.text import PYTHON, Command

# Different commands that are looked at, in 40 microseconds each: more than the log has room for.
_MOST_DIFFERENT = 100_000
FOLDER, FILE = "shell", "shells.json"


@dataclass(frozen=True)
class Imported:
    """How many commands a history had, how many of them may be learned, and how many of those there was room for."""

    read: int
    allowed: int
    kept: int


def enable(state: Path, shell: str, file: Path | None, ignore: Sequence[str] = ()) -> Imported:
    """Let a shell be learned from, from now on, and what is in its history file, where there is one.

    Raises:
        CharwiseError: there is no such shell, or its history cannot be read.
        StorageError: what is learned cannot be written.
    """
    if shell not in KINDS:
        raise CharwiseError(f"{shell} is no shell that is known; known are {', '.join(KINDS)}")
    log, known = Log(state / FOLDER), consent.read(state / FOLDER / FILE)
    known.ignore = list(dict.fromkeys([*known.ignore, *ignore]))
    found = history.read(shell, file) if file else []
    allowed = allowed_of(found, known)
    place = PYTHON if shell in PYTHONS else UNKNOWN
    kept = log.import_(shell, [Command(place, "", 0, each) for each in allowed])
    known.shells[shell] = str(file or "")
    consent.write(state / FOLDER / FILE, known)
    return Imported(len(found), len(allowed), kept)


def disable(state: Path, shell: str) -> bool:
    """Learn from a shell no more, and remove what was imported of it; return whether it was learned from."""
    log, known = Log(state / FOLDER), consent.read(state / FOLDER / FILE)
    was_on = known.shells.pop(shell, None) is not None
    log.drop(shell)
    consent.write(state / FOLDER / FILE, known)
    return was_on


def allowed_of(commands: Iterable[str], known: Consent) -> list[str]:
    """Return the commands that may be learned; each different one is looked at once, and so many of the newest."""
    listed, forgotten = list(commands), [meant_by(pattern) for pattern in known.patterns]
    newest = itertools.islice(dict.fromkeys(reversed(listed)), _MOST_DIFFERENT)
    different = [each for each in newest if _is_allowed(each, known, forgotten)]
    kept = {different[at] for at in without_secrets(different)}
    return [command for command in listed if command in kept]


def _is_allowed(command: str, known: Consent, forgotten: Iterable[Callable[[str], bool]]) -> bool:
    if is_kept_out(command, known.ignore) or not is_safe(command.replace("\n", " ").replace("\t", " ")):
        return False
    return not known.is_forgotten(command) and not any(is_meant(command) for is_meant in forgotten)
