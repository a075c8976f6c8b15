"""Commands as text, and back."""

from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.shell.text import Command, body, commands, header, record

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=10)
_COMMANDS = st.builds(
    Command,
    directory=_WORDS.map(lambda word: f"~/{word}").filter(lambda path: "$" not in path),
    branch=_WORDS.filter(lambda word: not word.isdigit() and "$" not in word and word != ">"),
    status=st.integers(0, 255),
    text=st.lists(_WORDS, min_size=1).map(" ".join),
)


@given(st.lists(_COMMANDS, max_size=5))
def test_commands_again(given_commands: list[Command]) -> None:
    """What was written is read, with the status that the next one tells of the last."""
    data, status = b"", 0
    for command in given_commands:
        data += record(command, status)
        status = command.status
    found = commands(data.decode())
    assert [(c.directory, c.branch, c.text) for c in found] == [(c.directory, c.branch, c.text) for c in given_commands]
    assert [c.status for c in found[:-1]] == [c.status for c in given_commands[:-1]]


def test_record_of_several_lines() -> None:
    """A command of several lines stays one, and looks as in a shell."""
    command = Command("~/a b", "", 0, "for x in 1; do\n  echo $x\ndone")
    assert record(command, 130) == b"130 ~/a_b$ for x in 1; do\n>   echo $x\n> done\n"
    assert commands(record(command, 130).decode())[0].text == command.text


def test_commands_damaged() -> None:
    """What is no record is left out."""
    assert [c.text for c in commands("nonsense\n\n~/x$ ls\nhalf a rec")] == ["ls"]


def test_header_of_strange_names() -> None:
    """A folder or branch with newlines, escape sequences and blanks stays one word of one line."""
    data = record(Command("~/a\n$ b\x1b[31m", "x\ny", 0, "ls"), 1)
    assert data.count(b"\n") == 1
    assert b"\x1b" not in data
    assert len(header("~/" + "x" * 5000, "y" * 5000, 0)) < 500


def test_header_unknown() -> None:
    """Of an imported command nothing is known, and that is said as shortly."""
    assert header("", "", 0) + body("ls") == b"?$ ls"
    assert commands("?$ ls\n") == [Command("", "", 0, "ls")]


def test_odd_branch() -> None:
    """A branch whose name looks like a command's further line makes none of the command after it."""
    ran = [Command("~/a", ">", 0, "make"), Command("~/a", ">", 0, "make test")]
    text = b"".join(record(each, 0) for each in ran).decode()
    assert [each.text for each in commands(text)] == ["make", "make test"]
