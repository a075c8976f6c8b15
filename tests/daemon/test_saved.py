"""What was typed between two saves, and what nobody typed."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.saved import Saved, is_by_git, typed_regions

_TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"ab c\n", b"abc\n", b"\r\n", b"x"]), max_size=12).map(b"".join)


def _typed(before: bytes, after: bytes) -> list[tuple[bytes, bytes, bytes]]:
    return [(each.before, each.typed, each.after) for each in typed_regions(Saved("a.py", before, after))]


@pytest.mark.parametrize(
    ("before", "after", "typed"),
    [
        (b"", b"all\n", [(b"", b"all\n", b"")]),
        (b"a\nb\n", b"a\nnew\nb\n", [(b"a\n", b"new\n", b"b\n")]),
        (b"a\n", b"a\nb", [(b"a\n", b"b", b"")]),
        (b"x = foo(1)\n", b"x = foo(1, 2)\n", [(b"x = foo(1", b", 2", b")\n")]),
        (b"a\nb\nc\n", b"1\na\nb\n2\nc\n", [(b"", b"1\n", b"a\nb\nc\n"), (b"1\na\nb\n", b"2\n", b"c\n")]),
        (b"a\nb\nc\n", b"a\nc\n", []),
        (b"same\n", b"same\n", []),
        (b"a\na\n", b"a\na\na\n", [(b"a\na\n", b"a\n", b"")]),
    ],
    ids=["new file", "line", "end", "inside a line", "two places", "deletion", "nothing", "repetition"],
)
def test_typed_regions(before: bytes, after: bytes, typed: list[tuple[bytes, bytes, bytes]]) -> None:
    """What was added stands between what is above it now and what was below it before."""
    assert _typed(before, after) == typed


@given(_TEXTS, _TEXTS)
def test_typed_regions_lead_there(before: bytes, after: bytes) -> None:
    """Typing from top to bottom, each region finds everything before it as it is in the end."""
    for above, typed, below in _typed(before, after):
        assert typed
        assert after.startswith(above + typed)
        assert before.endswith(below) or after.endswith(below)


def test_typed_regions_too_much() -> None:
    """What nobody types between two saves is no region: a paste of a file, a text written anew."""
    assert _typed(b"", b"x" * 80 + b"\n") != []
    assert _typed(b"", (b"x" * 80 + b"\n") * 100) == []
    lines = [b"%d\n" % number for number in range(10_000)]
    assert _typed(b"".join(lines), b"".join(reversed(lines))) == []


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "gc.auto=0")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two branches, in which a file differs."""
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "-q", "-b", "one")
    for branch in ("one", "two"):
        (folder / "a.py").write_text(f"branch = {branch!r}\n")
        _git(folder, "add", ".")
        _git(folder, "commit", "-qm", branch)
        _git(folder, "checkout", "-q", "-B", "two")
    return folder


def test_by_git(repository: Path) -> None:
    """A file that git has just written was not typed; one that is saved later was."""
    _git(repository, "checkout", "-q", "one")
    (repository / "sub").mkdir()
    written = (repository / "a.py").stat().st_mtime_ns
    for root in (repository, repository / "sub", repository / "a.py"):
        assert is_by_git(root, [written])
        assert not is_by_git(root, [written + 10 * 10**9])
    (repository / ".git" / "index.lock").touch()
    assert is_by_git(repository, [written + 10 * 10**9])


def test_by_git_in_a_worktree(repository: Path) -> None:
    """A worktree has its own log, which is looked at."""
    _git(repository, "worktree", "add", "-q", "../other", "one")
    other = repository.parent / "other"
    written = (other / "a.py").stat().st_mtime_ns
    assert is_by_git(other, [written])
    assert not is_by_git(other, [written + 10 * 10**9])


def test_by_git_without_any(tmp_path: Path) -> None:
    """Where there is no repository, or one without a commit, git has written nothing."""
    assert not is_by_git(tmp_path, [0])
    _git(tmp_path, "init", "-q")
    assert not is_by_git(tmp_path, [0])
    assert os.listdir(tmp_path) == [".git"]  # noqa: PTH208 - and nothing was made
