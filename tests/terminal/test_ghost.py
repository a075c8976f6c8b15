"""What is shown at the prompt, and when."""

import shlex
import sys

from charwise_daemon import launch
from tests.terminal.conftest import SOURCE, Open
from tests.terminal.terminal import Terminal

# M-c writes how often the prompt has asked.
_COUNTS = SOURCE + "count() print $_charwise_id > ~/asked; zle -N count; bindkey '^[c' count\n"


def _asked(terminal: Terminal) -> int:
    """Return how often the prompt has asked so far."""
    file = terminal.folder / "asked"
    file.unlink(missing_ok=True)
    terminal.press("M-c")
    terminal.until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


def test_ghost(terminal: Terminal) -> None:
    """What was run is suggested after the cursor, in another colour; the line is what was typed."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    assert terminal.line == "git sta"
    assert terminal.cursor[1] == len("> git sta")


def test_typed_along(terminal: Terminal) -> None:
    """Whoever types what is suggested sees the rest of it, and nothing once they type something else."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.type("t")
    terminal.until_ghost("us")
    terminal.type("x")
    terminal.until_ghost("")
    terminal.press("BSpace")
    terminal.until_ghost("us")


def test_no_ghost_within(terminal: Terminal) -> None:
    """With the cursor inside the line nothing is shown; back at its end, it is."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("Left")
    terminal.until_ghost("")
    terminal.press("Right")
    terminal.until_ghost("tus")


def test_learned_at_once(terminal: Terminal) -> None:
    """What was just run is suggested, and nothing is left on the line that was accepted."""
    terminal.run("echo fourteen bananas")
    terminal.type("echo fou")
    ghost = terminal.until_ghost()
    assert "rteen bananas".startswith(ghost)
    terminal.press("Enter")
    terminal.until(lambda: "\nfou\n" in terminal.plain)
    assert "> echo fou" in map(str.rstrip, terminal.plain.split("\n"))


def test_blank_is_private(terminal: Terminal) -> None:
    """What begins with a blank is not learned."""
    terminal.run(" echo zebra stripes")
    terminal.run("echo zoo")
    terminal.type("echo z")
    assert "ebra" not in terminal.until_ghost()


def test_interrupted(terminal: Terminal) -> None:
    """Ctrl-C leaves the line, and the next one has suggestions."""
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.interrupt()
    terminal.type("git sta")
    terminal.until_ghost("tus")


def test_not_ascii(terminal: Terminal) -> None:
    """Letters of several bytes and of two columns are suggested, and typed along, as others are."""
    terminal.type("echo grüß")
    terminal.until(lambda: terminal.ghost.startswith("e "))
    terminal.press("C-u")
    terminal.type("echo 日")
    terminal.until(lambda: terminal.ghost.startswith("本語"))
    terminal.type("本")
    terminal.until(lambda: terminal.ghost.startswith("語"))
    terminal.press("Right")
    terminal.until(lambda: terminal.line.startswith("echo 日本語"))


def test_several_lines(terminal: Terminal) -> None:
    """A buffer of several lines has suggestions at its end, whether zsh asks for more or the user goes on."""
    terminal.type("for x in 1; do")
    terminal.press("Enter")
    terminal.until(lambda: "for> " in terminal.plain)
    terminal.type("git sta")
    terminal.until(lambda: terminal.ghost.startswith("tus"))
    terminal.interrupt()
    terminal.type("true &&")
    terminal.press("C-v", "C-j")
    terminal.type("git sta")
    terminal.until(lambda: terminal.ghost.startswith("tus"))


def test_paste(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """Of a thousand pasted characters the prompt asks once, not once each."""
    terminal = open_terminal(_COUNTS)
    before = _asked(terminal)
    terminal.paste(": " + "word " * 200 + "end")
    terminal.until(lambda: "word end" in terminal.plain.replace("\n", ""))
    assert _asked(terminal) - before <= 2


def test_typed_ahead(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """Text that arrives as fast as keys never do is asked about less often than once a key."""
    terminal = open_terminal(_COUNTS)
    before = _asked(terminal)
    terminal.type(": " + "word " * 40 + "end")
    terminal.until(lambda: "word end" in terminal.plain.replace("\n", ""))
    assert _asked(terminal) - before < 100


def test_right_prompt_and_size(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """The right prompt stays, and a window of another size shows the same."""
    terminal = open_terminal("RPS1='at right'\n" + SOURCE)
    terminal.type("git sta")
    terminal.until(lambda: terminal.ghost.startswith("tus"))
    terminal.until(lambda: "at right" in terminal.plain)
    terminal.resize(50, 12)
    terminal.until(lambda: "git status" in terminal.plain and "at right" in terminal.plain)
    terminal.type("t")
    terminal.until(lambda: terminal.ghost.startswith("us"))


def test_names(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """A command that cannot be run here is not suggested; once there is an alias of that name, it is."""
    terminal = open_terminal()
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("C-u")
    terminal.type("zz-d")
    terminal.until_line("zz-d")
    assert not terminal.ghost
    terminal.press("C-u")
    terminal.run("alias zz-deploy=true")
    terminal.type("zz-d")
    assert terminal.until_ghost().startswith("eplo")


def test_options(daemon: object, open_terminal: Open) -> None:  # noqa: ARG001 - it is to run
    """The user's options change nothing, and to source it twice is the same as once."""
    terminal = open_terminal("setopt ksharrays shwordsplit nounset extendedglob warncreateglobal\n" + SOURCE + SOURCE)
    terminal.type("git sta")
    terminal.until_ghost("tus")
    terminal.press("Right")
    terminal.until_line("git status")
    terminal.press("Enter")
    terminal.until(lambda: terminal.plain.count("> ") > 1)
    assert "charwise" not in terminal.plain


def test_off(home: object, open_terminal: Open) -> None:  # noqa: ARG001 - as above
    """Where the user allows nothing, nothing is asked; once they do, it is there."""
    launch.ensure_running()
    terminal = open_terminal(_COUNTS)
    terminal.run(f"{shlex.quote(sys.executable)} -m charwise shell disable zsh >/dev/null")
    before = _asked(terminal)
    terminal.type("git sta")
    terminal.until_line("git sta")
    assert _asked(terminal) == before
    assert not terminal.ghost
