r"""Commands that must be neither learned nor suggested: passwords in arguments, tokens, headers, words of chance.

A command that looks like it holds a secret is left out whole: the trainer knows its patterns, as of scripts. What is
left out needlessly is a command recalled by nobody, so words are quick to be suspected here: commit numbers and
identifiers of containers look like keys, and are as useless as suggestions.

    >>> is_secret("mysql -u root -phunter2 shop"), is_secret("mkdir -p build")
    (True, False)
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from charwise_trainer.secrets import scrub

_PIECE = re.compile(r"[A-Za-z0-9+/=_-]{12,}")
_INNER = re.compile(r"[^A-Za-z0-9]+")
_HEX = re.compile(r"[0-9a-f]{20,}|[0-9A-F]{20,}")
# Bits a character above which letters are drawn by chance; English words with numbers in them stay below.
_RANDOM_BITS = 3.0
# Characters from which so even a mixture is no name, and how often letters and digits change places in it.
_LONG, _FEWEST_CHANGES = 12, 3
_CHANGE = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[a-z])(?=[A-Z])")
# What the trainer is told that the commands are a file of: a script.
_FILE = "history.sh"
_ONE_LINE = str.maketrans("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " " * 10)


def is_secret(command: str) -> bool:
    """Tell whether a command holds what looks like a secret."""
    return not without_secrets([command])


def without_secrets(commands: Sequence[str]) -> list[int]:
    """Return the places of the commands that hold no secret."""
    lines = [command.translate(_ONE_LINE) for command in commands]
    kept = [at for at, line in enumerate(lines) if not _has_random_word(line)]
    return _scrubbed(lines, kept) if kept else []


def _scrubbed(lines: Sequence[str], places: Iterable[int]) -> list[int]:
    """Return those places whose lines the trainer would keep; each is told by its number at the beginning."""
    text = "".join(f"{at}\x1f {lines[at]}\n" for at in places).encode("utf-8", "replace")
    data, _ = scrub(text, _FILE)
    return [int(line.partition(b"\x1f")[0]) for line in data.split(b"\n") if line]


def _has_random_word(line: str) -> bool:
    return any(_is_random(piece) for word in _PIECE.findall(line) for piece in _INNER.split(word))


def _is_random(word: str) -> bool:
    """Tell whether a word of letters and digits seems to be drawn by chance."""
    if len(word) < _LONG or word.isdigit():
        return False
    if _HEX.fullmatch(word) and not word.isalpha():
        return True
    changes = len(_CHANGE.findall(word))
    has_digits = any(each.isdigit() for each in word)
    enough = _FEWEST_CHANGES if has_digits else len(word) // 3
    return changes >= enough and _entropy(word) >= _RANDOM_BITS


def _entropy(word: str) -> float:
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())
