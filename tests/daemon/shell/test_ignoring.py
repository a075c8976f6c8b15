"""Commands that the user keeps out of the history."""

import pytest

from charwise_daemon.shell.ignoring import is_kept_out, split


@pytest.mark.parametrize(
    ("pattern", "kept_out", "kept"),
    [
        ("(ls|cd *|pwd)", ["ls", "cd /tmp", "pwd"], ["ls -l", "cdx", "git"]),
        ("*secret*", ["a secret b", "secret"], ["sekret"]),
        ("[fb]g", ["fg", "bg"], ["mg", "f"]),
        ("[!f]g", ["bg"], ["fg"]),
        (r"echo \*", ["echo *"], ["echo x"]),
        ("h?", ["hi"], ["h", "hii"]),
        ("(unclosed", ["(unclosed"], ["unclosed"]),
        ("a.b", ["a.b"], ["axb"]),
    ],
)
def test_is_kept_out(pattern: str, kept_out: list[str], kept: list[str]) -> None:
    """Patterns mean what they mean in a shell."""
    assert all(is_kept_out(each, [pattern]) for each in kept_out)
    assert not any(is_kept_out(each, [pattern]) for each in kept)


def test_is_kept_out_blank() -> None:
    """What begins with a blank, or is nothing, is kept out always."""
    assert is_kept_out(" ls", [])
    assert is_kept_out("", [])
    assert not is_kept_out("ls", [])


def test_split() -> None:
    """HISTIGNORE has colons between its patterns."""
    assert split(r"ls:cd *:a\:b:") == ["ls", "cd *", "a:b"]
