"""What a name in the folder says, typed before or not: where a file is wanted and one name alone goes on. Pure."""

from collections.abc import Iterable

from charwise_daemon.shell.checks import OF_FILES
from charwise_daemon.shell.words import last_word, names, words

# From so many characters on, one name that goes on is no chance.
_TELLING = 2
_GIT = names("add rm mv diff checkout restore log blame show stash reset")


def filled(buffer: str, there: Iterable[str]) -> str:
    """Return the rest of the only file that goes on like a buffer, "" where there is none, or no file is wanted.

    Args:
        buffer: what was typed.
        there: the names in the folder; of those without a suffix, most are folders, whose names alone say little.
    """
    word, is_command = last_word(buffer)
    if is_command or len(word) < _TELLING or not _wants_file(buffer):
        return ""
    found = {name for name in there if name.startswith(word) and name != word}
    rest = found.pop()[len(word) :] if len(found) == 1 else ""
    return rest if "." in rest else ""


def _wants_file(buffer: str) -> bool:
    program, before = "", list[str]()
    for word in words(buffer):
        if word.is_operator:
            program, before = "", []
        elif not program:
            program = "" if word.is_assignment or word.text == "sudo" else word.plain
        else:
            before.append(word.text)
    return (
        program in OF_FILES
        or "/" in "".join(before[-1:])
        or (program == "git" and len(before) > 1 and before[0] in _GIT)
    )
