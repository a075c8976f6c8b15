"""Which words are commands: of the shell itself, as it tells, and on its PATH, whose folders are read when they change.

Looks at the disk; where that does not answer, this waits.
"""

import os
import time
from collections.abc import Iterable, Sequence

from charwise_daemon.shell.checks import listed
from charwise_daemon.shell.words import names

# How long the folders are taken to be as they were.
_FRESH_SECONDS = 2.0
# Folders of PATH that are read.
_MOST_FOLDERS = 64
# In bash's, zsh's and fish's own words, for shells that do not tell.
_BUILTINS = names(
    """. : [ alias autoload bg bind break builtin caller case cd command compgen complete continue declare dirs disown
    do done echo elif else emulate enable esac eval exec exit export false fc fg fi for function getopts hash help
    history if jobs kill let local logout popd print printf pushd pwd read readonly rehash return select set setopt
    shift shopt source suspend test then time times trap true type typeset ulimit umask unalias unset unsetopt until
    wait whence where which while zle zmodload zstyle [["""
)


class Folders:
    """The names in the folders of PATH, shared by all shells."""

    def __init__(self) -> None:
        self._known = dict[str, tuple[int, frozenset[str]]]()  # by folder: when it was changed, and what is in it

    def names(self, folder: str) -> frozenset[str]:
        """Return the names in a folder, as they are now."""
        try:
            changed = os.stat(folder).st_mtime_ns  # noqa: PTH116 - of dozens, at many keys
        except OSError:
            return frozenset()
        known = self._known.get(folder)
        if known is None or known[0] != changed:
            known = self._known[folder] = changed, frozenset(listed(folder))
        return known[1]


class Programs:
    """The commands of one shell."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._path = os.environ.get("PATH", os.defpath).split(":")
        self._told = dict[str, frozenset[str]]()  # by kind
        self._known, self._looked_at = frozenset[str](), -_FRESH_SECONDS

    def __repr__(self) -> str:
        return f"Programs({ {kind: len(told) for kind, told in self._told.items()} }, {len(self._path)} folders)"

    def tell(self, kind: str, told: Iterable[str]) -> None:
        """Take note of aliases, functions or builtins, in place of those before."""
        self._told[kind] = frozenset(told)
        self._looked_at = -_FRESH_SECONDS

    def set_path(self, folders: Sequence[str]) -> None:
        """Take note of the PATH."""
        self._path = [folder for folder in folders if folder.startswith("/")][:_MOST_FOLDERS]
        self._looked_at = -_FRESH_SECONDS

    def resolves(self, word: str, may_go_on: bool) -> bool:
        """Tell whether a word is a command, or may be the beginning of one."""
        known = self._names()
        return word in known or (may_go_on and bool(word) and any(name.startswith(word) for name in known))

    def _names(self) -> frozenset[str]:
        now = time.monotonic()
        if now > self._looked_at + _FRESH_SECONDS:
            builtins = () if "builtin" in self._told else (_BUILTINS,)
            found = map(self._folders.names, self._path)
            self._known = frozenset[str]().union(*self._told.values(), *builtins, *found)
            self._looked_at = now
        return self._known
