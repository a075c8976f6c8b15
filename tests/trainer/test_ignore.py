"""Our reading of ignore files against git's own."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from charwise_trainer.errors import StorageError
from charwise_trainer.ignore import leave_out
from charwise_trainer.rules import Exclusion, Rules

FOLDERS = ["", "a", "a/b", "a/b/c", "b", "b/a", "ab"]
FILES = ["c.c", "ba", "b.x", "#x", "!x", "a-", "two words", "é", "new\nline", "z "]

SEGMENT = st.one_of(
    st.sampled_from(
        ["a", "b", "c", "ab", "*", "**", "?", "a*", "*b", "*.c", "[ab]", "[!a]*", "[^b]", "[a-c]", "[[:alpha:]]"]
    ),
    st.text(alphabet="ab*?[]!-.^# é", min_size=1, max_size=4),
)
PATTERN = st.builds(
    lambda bang, lead, segments, tail, space: bang + lead + "/".join(segments) + tail + space,
    st.sampled_from(["", "", "", "!", "\\", "#"]),
    st.sampled_from(["", "", "/", "**/"]),
    st.lists(SEGMENT, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/*", "/**", "\\"]),
    st.sampled_from(["", "", " ", "\\ "]),
)
# What pathspec reads otherwise: a set with a slash or a backslash in it; ** after a literal, which git, having compared
# the literal, takes for the pattern's beginning.
ODD = re.compile(r"\[[!^]?\]?[^\]]*[/\\]|[^/!*]\*\*+/")
LINES = st.lists(PATTERN.filter(lambda line: not ODD.search(line)), max_size=5).map("\n".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A git repository whose ignore files each example writes anew; the user's own git settings play no part."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
            patch.setenv(name, "/dev/null")
        patch.setenv("XDG_CONFIG_HOME", "/nonexistent")
        root = tmp_path_factory.mktemp("repository")
        subprocess.run(["git", "init", "-q", root], check=True)
        for folder in FOLDERS:
            (root / folder).mkdir(exist_ok=True)
            for file in FILES:
                (root / folder / file).write_text("text\n")
        yield root


def ignored_by_git(root: Path) -> set[str]:
    paths = [f"{folder}/{file}".lstrip("/") for folder in FOLDERS for file in FILES]
    answer = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=root,
        input="\0".join(paths).encode(),
        capture_output=True,
        check=False,  # 1 means that none is ignored
    )
    assert answer.returncode in {0, 1}, answer.stderr
    return set(answer.stdout.decode().split("\0")) - {""}


def ignored_by_us(root: Path) -> set[str]:
    rules = Rules(root)
    paths = [f"{folder}/{file}".lstrip("/") for folder in FOLDERS for file in FILES]
    return {path for path in paths if (rules.reason(root / path) or "").startswith("ignored by")}


def reason(root: Path, path: str) -> str | None:
    return Rules(root).reason(root / path)


# The same examples each time: 20,000 others were tried, but git is not to fail somebody else's build with the next one.
@settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(top=LINES, inner=LINES, deep=LINES, exclude=LINES)
@example(top="a/**\n!a/b\n!a/b/**", inner="", deep="", exclude="")
@example(top="*\n!*/\n!*.c", inner="!ba", deep="*", exclude="")
@example(top="[]a]*\n[!]b]x\n[z-a]\n[[:nope:]]\n[a", inner="", deep="", exclude="")
@example(top="a//\n/\n//\n!\n!/\n**/\n!#x\n!!x\n\\#x", inner="", deep="", exclude="")
def test_ignores_what_git_ignores(repository: Path, top: str, inner: str, deep: str, exclude: str) -> None:
    """Whatever is in the four kinds of ignore files, the same paths are ignored as by `git check-ignore`."""
    (repository / ".gitignore").write_text(top)
    (repository / "a/.gitignore").write_text(inner)
    (repository / "a/b/.gitignore").write_text(deep)
    (repository / ".git/info/exclude").write_text(exclude)
    assert ignored_by_us(repository) == ignored_by_git(repository)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=LINES, inner=LINES)
def test_own_ignore_files_speak_the_same_language(tmp_path: Path, top: str, inner: str) -> None:
    """The same lines in .charwiseignore ignore what they ignore in .gitignore."""
    for folder in FOLDERS:
        (tmp_path / folder).mkdir(exist_ok=True)
        for file in FILES:
            (tmp_path / folder / file).write_text("text\n")
    found = []
    for name, other in ((".gitignore", ".charwiseignore"), (".charwiseignore", ".gitignore")):
        for folder, lines in (("", top), ("a", inner)):
            (tmp_path / folder / other).unlink(missing_ok=True)
            (tmp_path / folder / name).write_text(lines)
        found.append(ignored_by_us(tmp_path))
    assert found[0] == found[1]


def test_reason_names_file_line_and_pattern(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("# comment\n\nbuild2/\n")
    (tmp_path / "sub/build2").mkdir(parents=True)
    (tmp_path / "sub/.gitignore").write_text("x.c\r\n")
    (tmp_path / "sub/x.c").write_text("text")
    assert reason(tmp_path, "sub/build2/deep/file") == "ignored by .gitignore line 3: build2/"
    assert reason(tmp_path, "sub/x.c") == "ignored by sub/.gitignore line 1: x.c"
    assert Exclusion("sub/build2/", "ignored by .gitignore line 3: build2/") in set(Rules(tmp_path).walk())


def test_files_above_the_root_count_up_to_the_repository(repository: Path) -> None:
    """A root inside a repository obeys the ignore files above it, but those above the repository mean nothing."""
    (repository.parent / ".gitignore").write_text("ba\n")
    (repository / ".gitignore").write_text("/a/b/c.c\nb.x\n")
    (repository / "a/.gitignore").write_text("!b.x\n/b/#x\n/b/\\#x\n")
    (repository / "a/b/.gitignore").write_text("")
    (repository / ".git/info/exclude").write_text("two*\n")
    root = repository / "a/b"
    assert reason(root, "c.c") == "ignored by ../../.gitignore line 1: /a/b/c.c"
    assert reason(root, "#x") == "ignored by ../.gitignore line 3: /b/\\#x"
    assert reason(root, "two words") == "ignored by ../../.git/info/exclude line 1: two*"
    assert reason(root, "b.x") is None
    assert reason(root, "ba") is None


def test_folder_without_repository_obeys_its_own_files_only(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a").write_text("text")
    assert reason(tmp_path / "root", "a") is None


def test_worktree_finds_the_repositorys_exclude_file(repository: Path, tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(repository)]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", "--detach", tmp_path / "tree"], check=True, capture_output=True)
    (repository / ".git/info/exclude").write_text("kept-out\n")
    (tmp_path / "tree/kept-out").write_text("text")
    assert re.fullmatch(
        r"ignored by .*/\.git/info/exclude line 1: kept-out", reason(tmp_path / "tree", "kept-out") or ""
    )
    assert reason(tmp_path / "tree", ".git") == "version control (.git)"


def test_own_ignore_file_wins_over_git_and_the_default_list(tmp_path: Path) -> None:
    """.charwiseignore takes back what .gitignore and the default list leave out, but no secret and no history."""
    for folder in ("vendor", ".git", "docs"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".gitignore").write_text("*.txt\n!vendor/\n")
    (tmp_path / "a.txt").write_text("text")
    assert reason(tmp_path, "vendor/x.c") == "dependencies (vendor/)"
    (tmp_path / ".charwiseignore").write_text("!a.txt\n!vendor/\n!.env\n!.git/\n!*.lock\ndocs/\n")
    assert reason(tmp_path, "a.txt") is None
    assert reason(tmp_path, "vendor/x.c") is None
    assert reason(tmp_path, "x.lock") is None
    assert reason(tmp_path, "docs/x.c") == "ignored by .charwiseignore line 6: docs/"
    assert reason(tmp_path, ".env") == "a secret by its name (.env)"
    assert reason(tmp_path, ".git/config") == "version control (.git)"


def test_byte_order_mark_is_no_part_of_the_first_pattern(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbfnotes\n")
    assert reason(tmp_path, "notes") == "ignored by .gitignore line 1: notes"


def test_ignore_file_that_is_a_link_or_too_large_holds_nothing(tmp_path: Path) -> None:
    """As in git, whose rule it is that a checked-out link must not make it read elsewhere."""
    (tmp_path / "elsewhere").write_text("a\n")
    (tmp_path / ".gitignore").symlink_to("elsewhere")
    assert reason(tmp_path, "a") is None
    (tmp_path / ".gitignore").unlink()
    (tmp_path / ".gitignore").write_text("a\n" * 600_000)
    assert reason(tmp_path, "a") is None


@pytest.mark.parametrize(
    "name",
    [
        "a.py",
        "sub/b c.py",
        "we*rd[1]?.txt",
        "#x",
        "!y",
        "end ",
        "back\\slash",
        "caf\u00e9.md",
        "two\nlines",
        "caf\udce9.md",
    ],
)
def test_leave_out(tmp_path: Path, name: str) -> None:
    """One file is left out by a line of its own, whatever its name; others are not, and what stood there stays."""
    for each in (name, "kept.py", "werd1x.txt"):
        (tmp_path / each).parent.mkdir(exist_ok=True)
        (tmp_path / each).write_text("x = 1\n")
    (tmp_path / ".charwiseignore").write_text("*.log")
    leave_out(tmp_path, PurePath(name))
    leave_out(tmp_path, PurePath(name))
    rules = Rules(tmp_path)
    assert rules.reason(tmp_path / name) is not None
    assert rules.reason(tmp_path / "kept.py") is None
    assert rules.reason(tmp_path / "werd1x.txt") is None
    assert len((tmp_path / ".charwiseignore").read_bytes().splitlines()) == 2


def test_leave_out_by_a_link(tmp_path: Path) -> None:
    """A link, which is no ignore file, is not written through."""
    (tmp_path / "elsewhere").write_bytes(b"")
    (tmp_path / ".charwiseignore").symlink_to("elsewhere")
    with pytest.raises(StorageError, match="is a link, which is not read"):
        leave_out(tmp_path, PurePath("a.py"))
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_leave_out_beside_other_bytes(tmp_path: Path) -> None:
    """An ignore file in an old encoding keeps its bytes."""
    (tmp_path / ".charwiseignore").write_bytes(b"caf\xe9\n")
    leave_out(tmp_path, PurePath("a.py"))
    assert (tmp_path / ".charwiseignore").read_bytes() == b"caf\xe9\n/a.py\n"
