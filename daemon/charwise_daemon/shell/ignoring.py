r"""Commands that the user keeps out of the history: what begins with a blank, and the patterns of the shell.

HISTORY_IGNORE of zsh is one pattern, such as `(ls|cd *|pwd)`; HISTIGNORE of bash several, with colons between. Both are
the shell's own patterns; here `*`, `?`, `[...]`, `(a|b)` and `\\` mean what they do there, and `&` in bash's, the
command before, is not looked for.
"""

import functools
import re
from collections.abc import Iterable

# A pattern that takes long to match would stop the daemon; those that people write are short.
_LONGEST = 4096
_MOST_STARS = 32


def is_kept_out(command: str, patterns: Iterable[str]) -> bool:
    """Tell whether a command is one that the user does not want remembered."""
    return command[:1].isspace() or not command.strip() or any(_compiled(each).fullmatch(command) for each in patterns)


def split(patterns: str) -> list[str]:
    """Return the patterns of a HISTIGNORE."""
    return [each.replace("\\:", ":") for each in re.split(r"(?<!\\):", patterns) if each]


@functools.lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _LONGEST or pattern.count("*") > _MOST_STARS:
        return re.compile(re.escape(pattern))
    parts, at = list[str](), 0
    while at < len(pattern):
        part, at = _part(pattern, at)
        parts.append(part)
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:  # brackets that do not close: it means itself
        return re.compile(re.escape(pattern))


def _part(pattern: str, at: int) -> tuple[str, int]:
    """Return the expression of what stands at a place of a pattern, and where the next begins."""
    character = pattern[at]
    if character == "\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1]), at + 2
    if character == "[" and (end := pattern.find("]", at + 2)) > 0:
        inner = pattern[at + 1 : end].replace("\\", "\\\\")
        return f"[{'^' + inner[1:] if inner[:1] in {'!', '^'} else inner}]", end + 1
    if character == "*":  # possessive: several stars take no more than linear time each
        return ".*", at + 1
    return {"?": ".", "(": "(?:", "|": "|", ")": ")"}.get(character, re.escape(character)), at + 1
