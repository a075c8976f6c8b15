"""The words of a command line, as far as they can be told without being the shell. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"""(?:\\.|'[^']*'?|"(?:\\.|[^"\\])*"?|[^\s'"\\;|&<>()])+|[;|&\n()]+|\d?[<>]+&?|\\$""")
_OPERATOR = re.compile(r"[;|&\n()]+")
_REDIRECTION = re.compile(r"\d?[<>]+&?")
_QUOTES = re.compile(r"\\(.)|['\"]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# What the shell makes something else of, or what is more than a name.
_OPAQUE = re.compile(r"[$`*?\[{!^#=,:@]|^~[^/]|^-")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line, or an operator between commands, with its place."""

    text: str
    start: int
    end: int

    @property
    def is_operator(self) -> bool:
        """Whether a new command begins after it."""
        return _OPERATOR.fullmatch(self.text) is not None

    @property
    def is_redirection(self) -> bool:
        """Whether the word after it names a file."""
        return _REDIRECTION.fullmatch(self.text) is not None

    @property
    def is_assignment(self) -> bool:
        """Whether it sets a variable for the command after it."""
        return _ASSIGNMENT.match(self.text) is not None

    @property
    def is_opaque(self) -> bool:
        """Whether it is an option, or more than a name: a pattern, an address, an expansion."""
        return _OPAQUE.search(self.text) is not None

    @property
    def plain(self) -> str:
        """The word without its quotes."""
        return _QUOTES.sub(lambda found: found[1] or "", self.text)


def words(line: str) -> Iterator[Word]:
    """Yield the words and operators of a line."""
    for found in _WORD.finditer(line):
        yield Word(found[0], found.start(), found.end())


def names(text: str) -> frozenset[str]:
    """Return the names that a text lists."""
    return frozenset(text.split())


def last_word(line: str) -> tuple[str, bool]:
    """Return the word that a line ends in, without its quotes, "" after a blank; and whether a command begins there."""
    found = list(words(line))
    begins = [at for at, word in enumerate(found) if not word.is_operator]
    if not found or found[-1].end < len(line) or found[-1].is_operator:
        return "", not found or found[-1].is_operator
    return found[-1].plain, len(begins) == 1 or found[-2].is_operator
