"""What the user allows: which shells are learned from, what is kept out, and what was told to be forgotten.

A small file beside the log. What was forgotten is known by digests of it, so that the file does not tell it.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from charwise_daemon.errors import CharwiseError
from charwise_daemon.paths import private_dir
from charwise_trainer.storage import replace_file

KINDS = ("zsh", "bash", "fish", "ipython", "python")
PYTHONS = frozenset({"ipython", "python"})
# Commands forgotten one by one at the prompt that are remembered as such.
_MOST_FORGOTTEN = 10_000


@dataclass
class Consent:
    """What the user said, by kind of shell."""

    shells: dict[str, str] = field(default_factory=dict)  # the history that each was imported from, "" for none
    ignore: list[str] = field(default_factory=list)  # patterns of commands that are never learned
    patterns: list[str] = field(default_factory=list)  # what was forgotten, as `charwise shell forget` was told
    forgotten: list[str] = field(default_factory=list)  # digests of commands forgotten at the prompt
    salt: str = ""
    forgotten_at: str = ""  # when the last pattern was forgotten, as ISO 8601 has times

    def is_forgotten(self, command: str) -> bool:
        """Tell whether this very command was forgotten at the prompt."""
        return bool(self.forgotten) and self._digest(command) in self.forgotten

    def tells_forgotten(self, buffer: str, suggested: str) -> bool:
        """Tell whether what is suggested after a buffer goes through a command that was forgotten at the prompt."""
        if not self.forgotten:
            return False
        line = buffer + suggested
        told = {self._digest(line[:end].strip()) for end in range(len(buffer) + 1, len(line) + 1)}
        return not told.isdisjoint(self.forgotten)

    def forget(self, command: str) -> None:
        """Note that this very command is to be forgotten."""
        self.salt = self.salt or os.urandom(16).hex()
        self.remember(command)
        self.forgotten = [*self.forgotten, self._digest(command)][-_MOST_FORGOTTEN:]

    def remember(self, command: str) -> bool:
        """Let a command be suggested again: the user has run it; return whether that changed anything."""
        if not self.is_forgotten(command):
            return False
        self.forgotten.remove(self._digest(command))
        return True

    def _digest(self, command: str) -> str:
        return hashlib.sha256(f"{self.salt}\0{command}".encode("utf-8", "replace")).hexdigest()[:32]


def read(file: Path) -> Consent:
    """Return what the user said; nothing where there is no file.

    Raises:
        CharwiseError: the file cannot be read or is damaged: then nobody has allowed anything.
    """
    try:
        return _parsed(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return Consent()
    except (OSError, ValueError, TypeError) as error:
        raise CharwiseError(
            f"{file} cannot be used ({error}), so no shell is learned from: remove it, and enable your shells again"
        ) from error


def write(file: Path, consent: Consent) -> None:
    """Keep it; raises StorageError, or CharwiseError for a folder that is not ours, or a damaged file in its place."""
    private_dir(file.parent)
    read(file)  # what cannot be read is the user's to mend: nothing of it is known here
    replace_file(file, json.dumps(asdict(consent), indent=1).encode())


def _parsed(found: Any) -> Consent:
    consent = Consent(**found)
    texts = [*consent.shells, *consent.shells.values(), *consent.ignore, *consent.patterns, *consent.forgotten]
    if not all(isinstance(each, str) for each in [*texts, consent.salt, consent.forgotten_at]):
        raise ValueError("it has values that are no texts")
    return consent
