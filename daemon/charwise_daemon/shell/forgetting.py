"""Which commands are meant by what `charwise shell forget` is given. Pure."""

from collections.abc import Callable
from fnmatch import fnmatchcase

_SIGNS = frozenset("*?[")


def meant_by(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a command is meant: it matches the pattern, or has the text in it where that is none.

    >>> meant_by("hunter2")("curl -d hunter2 x"), meant_by("ssh *")("ssh host"), meant_by("ssh *")("sudo ssh host")
    (True, True, False)
    """
    if _SIGNS.isdisjoint(pattern):
        return lambda command: pattern in command
    return lambda command: fnmatchcase(command, pattern)
