r"""Commands as text: the form in which the corpus' memory and the LSTM read them. Pure.

Each command stands after a header of what was known before it was typed: the exit status of the command before (where
that failed), git's branch, and the folder, last what matters most, so that a memory, which looks at 24 characters, sees
the folder and the beginning of the command.

    >>> record(Command("~/src/app", "main", 0, "make test"), status_before=2)
    b'2 main ~/src/app$ make test\n'
"""

import re
from dataclasses import dataclass

from charwise_trainer.text import printable

# What begins a further line of a command, as a shell shows it.
_FURTHER = "\n> "
_RECORD = re.compile(r"(?:(\d+) )?(?:(\S+) )?(\S+)\$ (.*)", re.DOTALL)
_NOT_IN_A_WORD = re.compile(r"\s|^>$")  # a branch that is called > would look like a further line
_UNKNOWN = "?"
# Of a folder or branch: what is longer says no more.
_LONGEST_NAME = 200
PYTHON = "py:"
"""What stands before the folder of a Python prompt, so that its lines are not taken for a shell's."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command that was run.

    Args:
        directory: where, "~" for the home folder; "" where that is not known.
        branch: git's branch there, "" where there is none.
        status: how it ended.
        text: what was run, which may have several lines.
    """

    directory: str
    branch: str
    status: int
    text: str


def header(directory: str, branch: str, status_before: int) -> bytes:
    """Return what stands before a command."""
    parts = [str(status_before)] if status_before else []
    parts += [_one_word(branch)] if branch else []
    place = _one_word(directory) or _UNKNOWN
    return f"{' '.join([*parts, place])}$ ".encode("utf-8", "replace")


def _one_word(name: str) -> str:
    return _NOT_IN_A_WORD.sub("_", printable(name))[-_LONGEST_NAME:]


def body(text: str) -> bytes:
    """Return a command as it stands after its header, without its end."""
    return text.replace("\n", _FURTHER).encode("utf-8", "replace")


def text_of(command: bytes) -> str:
    """Return the command of a body."""
    return command.decode("utf-8", "replace").replace(_FURTHER, "\n")


def record(command: Command, status_before: int) -> bytes:
    """Return a command with its header and its end."""
    return header(command.directory, command.branch, status_before) + body(command.text) + b"\n"


def commands(text: str) -> list[Command]:
    """Return the commands of a text; a record that is damaged is left out. A command's status is told by the next."""
    found, lines = list[Command](), text.replace(_FURTHER, "\0").split("\n")
    for line in lines:
        match = _RECORD.fullmatch(line)
        if match is None:
            continue
        status, branch, place, command = match.groups()
        if found and status:
            found[-1] = Command(found[-1].directory, found[-1].branch, int(status), found[-1].text)
        place = "" if place == _UNKNOWN else place
        found.append(Command(place, branch or "", 0, command.replace("\0", "\n")))
    return found
