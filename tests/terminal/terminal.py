"""A terminal with a shell in it: types keys, and reads what is on the screen."""

import contextlib
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

# A machine with two cores and trainings on both takes its time.
_PATIENCE = 12.0
_LOOK_SECONDS = 0.02
_STYLE = re.compile(r"\x1b\[([\d;]*)m")
# What `fg=8` is, and what ends it: another foreground, or none.
_GHOST, _OTHER = "90", re.compile(r"0?|3\d|9[0-79]")
PROMPT = "> "


class Terminal:
    """One tmux server with one pane, in which a shell runs.

    Args:
        folder: a short path, for tmux's socket and the shell's files; its home and where it starts.
        command: what is started there.
        environment: what it has in its environment beside the test's own.
        prompt: what its prompt is.
        size: columns and rows.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        environment: Mapping[str, str],
        prompt: str = PROMPT,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.folder, self._socket, self._prompt = folder, folder / "tmux", prompt
        own = {"HOME": str(folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environment}
        names = [part for name, value in own.items() for part in ("-e", f"{name}={value}")]
        width, height = map(str, size)
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", *names, "-c", str(folder), "-x", width, "-y", height, command
        )

    def close(self) -> None:
        """End it, where its shell has not ended it."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux names them."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type characters, as fast as they can be."""
        self._tmux("send-keys", "-l", "--", text)

    def paste(self, text: str) -> None:
        """Paste a text, marked as pasted."""
        self._tmux("set-buffer", "--", text)
        self._tmux("paste-buffer", "-p")

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def screen(self) -> str:
        """Return what is on the screen, with its colours."""
        return self._tmux("capture-pane", "-e", "-p", "-J").rstrip("\n")

    @property
    def process(self) -> int:
        """The process ID of the shell."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}"))

    @property
    def plain(self) -> str:
        """What is on the screen, without colours."""
        return _STYLE.sub("", self.screen())

    @property
    def line(self) -> str:
        """What was typed at the last prompt, and stands there in any colour but the ghost text's."""
        return "".join(character for character, is_ghost in self._last_line() if not is_ghost).rstrip()

    @property
    def ghost(self) -> str:
        """The ghost text at the last prompt."""
        return "".join(character for character, is_ghost in self._last_line() if is_ghost)

    @property
    def before(self) -> str:
        """What stands in the cursor's row between prompt and cursor, at which letters are one column wide."""
        row, x = self._row()
        return row[:x].ljust(x)[len(self._prompt) :]

    @property
    def after(self) -> str:
        """What stands in the cursor's row from the cursor on: ghost text, whatever its colour."""
        row, x = self._row()
        return row[x:].rstrip()

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column of the cursor."""
        y, x = self._tmux("display-message", "-p", "#{cursor_y} #{cursor_x}").split()
        return int(y), int(x)

    def until(self, condition: Callable[[], object]) -> None:
        """Return when a condition holds, which is looked at again and again."""
        latest = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < latest, f"the screen is\n{self.screen()}\nwith the cursor at {self.cursor}"
            time.sleep(_LOOK_SECONDS)

    def until_line(self, text: str) -> None:
        """Return when this, and no more, was typed at the last prompt."""
        self.until(lambda: self.line == text)

    def until_after(self, text: str) -> None:
        """Return when this stands from the cursor on."""
        self.until(lambda: self.after == text)

    def until_ghost(self, ghost: str | None = None) -> str:
        """Return the ghost text when it is this one, or any."""
        found = ""

        def is_there() -> bool:
            nonlocal found
            found = self.ghost
            return bool(found) if ghost is None else found == ghost

        self.until(is_there)
        return found

    def interrupt(self) -> None:
        """Leave the line by Ctrl-C; one that comes while zsh runs a hook ends that alone, and is pressed again."""
        self.until(lambda: self.line == "" or self.press("C-c"))

    def until_prompt(self) -> None:
        """Return when the first prompt is there."""
        self.until(self._prompts)

    def run(self, command: str) -> None:
        """Type a command and run it; return when the next prompt is there."""
        prompts = len(self._prompts())
        self.type(command)
        self.until(lambda: self.line.endswith(command))
        self.press("Enter")
        self.until(lambda: len(self._prompts()) > prompts)

    def _row(self) -> tuple[str, int]:
        """Return the cursor's row, and its column."""
        (y, x), rows = self.cursor, self.plain.split("\n")
        return (rows[y] if y < len(rows) else ""), x

    def _prompts(self) -> list[str]:
        return [line for line in self.plain.split("\n") if line.startswith(self._prompt.rstrip())]

    def _last_line(self) -> list[tuple[str, bool]]:
        """Return the characters after the last prompt, each with whether it is ghost text."""
        found = list(_characters(self.screen()))
        text = "".join(character for character, _ in found)
        begins = (f"\n{text}").rfind(f"\n{self._prompt.rstrip()}") + len(self._prompt)
        return [each for each in found[begins:] if each[0] != "\n"]

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *arguments], check=True, capture_output=True, text=True, encoding="utf-8"
        )
        return done.stdout


def _characters(screen: str) -> Iterator[tuple[str, bool]]:
    """Yield the characters of a screen, each with whether it has the ghost text's colour."""
    is_ghost, at = False, 0
    for style in _STYLE.finditer(screen):
        yield from ((character, is_ghost) for character in screen[at : style.start()])
        at = style.end()
        for code in style[1].split(";"):
            if code == _GHOST:
                is_ghost = True
            elif _OTHER.fullmatch(code):
                is_ghost = False
    yield from ((character, is_ghost) for character in screen[at:])
