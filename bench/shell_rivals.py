"""What zsh-autosuggestions would show: its two strategies that ask the history, as its source has them (v0.7.1).

Both are given all commands so far, of all shells together, as zsh has them with SHARE_HISTORY and without options that
remove repetitions (its documentation warns of those with `match_prev_cmd`). Nothing is shown at an empty prompt.
"""

# `match_prev_cmd` looks at so many commands that begin with the buffer, the newest first.
_LOOKED_AT = 200


class ZshHistory:
    """Commands, oldest first."""

    def __init__(self) -> None:
        self.commands = list[str]()

    def history(self, buffer: str) -> str:
        """Return what `history` shows after a buffer: the rest of the newest command that begins with it."""
        matching = self._matching(buffer)
        return self.commands[matching[0]][len(buffer) :] if matching else ""

    def match_prev_cmd(self, buffer: str) -> str:
        """Return what `match_prev_cmd` shows: of the commands that begin so, the newest that came after this one."""
        matching = self._matching(buffer)
        if not matching:
            return ""
        before = self.commands[-1]
        best = next((at for at in matching if at > 0 and self.commands[at - 1] == before), matching[0])
        return self.commands[best][len(buffer) :]

    def _matching(self, buffer: str) -> list[int]:
        found = list[int]()
        for at in range(len(self.commands) - 1, -1, -1) if buffer else ():
            if self.commands[at].startswith(buffer):
                found.append(at)
                if len(found) == _LOOKED_AT:
                    break
        return found
