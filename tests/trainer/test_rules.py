"""The one predicate: what belongs to the corpus, and what is read of it."""

import os
import socket
from pathlib import Path

import pytest

from charwise_trainer.errors import LeftOut
from charwise_trainer.rules import Candidate, Exclusion, Limits, Rules
from charwise_trainer.secrets import secret_path


def write(root: Path, **texts: str) -> Path:
    """Write files; "__" in a keyword stands for "/", and the rest is as it is."""
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def left_out(rules: Rules, path: Path) -> str:
    with pytest.raises(LeftOut) as caught:
        rules.read(path)
    return str(caught.value)


def test_read_gives_name_text_time_and_hidden_lines(tmp_path: Path) -> None:
    path = tmp_path / "src/main.py"
    path.parent.mkdir()
    path.write_bytes(b'\xef\xbb\xbfx = 1\r\npassword = "hunter2"\r\n')
    os.utime(path, ns=(5, 7))
    file = Rules(tmp_path).read(path)
    assert (file.name, file.data, file.mtime_ns, file.hidden_lines) == ("src/main.py", b"x = 1\r\n", 7, 1)


def test_reason_answers_for_paths_that_are_gone(tmp_path: Path) -> None:
    """A deletion is judged as the file was: the watcher asks after the fact."""
    rules = Rules(write(tmp_path, **{".gitignore": "out/\n*.tmp2\n"}))
    assert rules.reason(tmp_path / "gone/deep/main.py") is None
    assert rules.reason(tmp_path / "out/main.py") == "ignored by .gitignore line 1: out/"
    assert rules.reason(tmp_path / "gone/x.tmp2") == "ignored by .gitignore line 2: *.tmp2"
    assert rules.reason(tmp_path / "node_modules/x/y.js") == "dependencies (node_modules/)"
    assert left_out(rules, tmp_path / "gone/main.py") == "it vanished while it was read"


def test_paths_may_be_written_in_any_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the root as it was given or as it really is, absolute or relative, with dots."""
    write(tmp_path / "real", a="text")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for root in (Path("link"), tmp_path / "real", Path("real/../link")):
        rules = Rules(root)
        assert rules.read(root / "a").name == "a"
        assert rules.read(tmp_path / "real/b/../a").name == "a"
        assert rules.reason(root) is None
        assert left_out(rules, root) == "a folder"
        assert left_out(rules, tmp_path / "elsewhere") == f"outside {tmp_path / 'real'}"


def test_secret_place_above_the_root_counts(tmp_path: Path) -> None:
    rules = Rules(write(tmp_path, **{".ssh__conf__a": "text"}) / ".ssh/conf")
    assert rules.reason(tmp_path / ".ssh/conf/a") == "a secret by its place (.ssh/)"
    assert list(rules.walk()) == [Exclusion("./", "a secret by its place (.ssh/)")]


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        (".config/gh", "a secret by its place (gh/)"),
        (".config/gcloud/logs/today", "a secret by its place (gcloud/)"),
        ("gh/project", None),
        ("secrets/project", None),
        (".config/project", None),
    ],
)
def test_root_is_judged_by_the_place_of_the_folders_above_it(tmp_path: Path, root: str, reason: str | None) -> None:
    """As a document there is; a folder that only sounds like secrets is as good as any."""
    path = write(tmp_path / root, notes="text") / "notes"
    assert [Rules(each).reason(path) for each in (tmp_path / root, path)] == [reason, reason]
    assert secret_path(str(path)) == reason


def test_links_are_never_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "root", real__a="text")
    write(tmp_path, outside__b="text")
    for name, target in {
        "in": "real/a",
        "folder": "real",
        "out": "../outside/b",
        "outdir": "../outside",
        "broken": "nothing",
        "loop": "loop",
        "up": ".",
    }.items():
        (root / name).symlink_to(target)
    found = {entry.name: getattr(entry, "reason", None) for entry in Rules(root).walk()}
    assert found == {
        "real/a": None,
        "in": "a link to real/a, which counts where it lies",
        "folder": "a link to real, which counts where it lies",
        "out": "a link to what lies outside",
        "outdir": "a link to what lies outside",
        "broken": "a link that leads nowhere",
        "loop": "a link that leads nowhere",
        "up": "a link to ., which counts where it lies",
    }
    assert Rules(root).reason(root / "outdir/b") == "a link to what lies outside"


def test_folder_that_becomes_a_link_after_it_was_judged_is_not_followed(tmp_path: Path) -> None:
    """The race: rules know the folder, then somebody puts a link in its place."""
    root = write(tmp_path / "root", sub__a="text")
    write(tmp_path, outside__a="not yours")
    rules = Rules(root)
    assert rules.read(root / "sub/a").data == b"text"
    (root / "sub").rename(root / "was")
    (root / "sub").symlink_to("../outside")
    assert left_out(rules, root / "sub/a") == "its folder has become a link"


def test_special_files_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        rules = Rules(tmp_path)
        assert left_out(rules, tmp_path / "pipe") == "a named pipe"
        assert left_out(rules, tmp_path / "socket") == "a socket"
    assert left_out(Rules(Path("/dev")), Path("/dev/null")) == "a device"


def test_size_limit_spares_a_sparse_gigabyte(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(1 << 30)
    rules = Rules(tmp_path)
    assert rules.reason(tmp_path / "huge.txt") == "larger than 1 MB"
    assert left_out(rules, tmp_path / "huge.txt") == "larger than 1 MB"


def test_contents_leave_a_file_out(tmp_path: Path) -> None:
    write(tmp_path, empty="", blank="\n \n", only='password = "hunter2"\n', made="# @generated\nx\n", long="x" * 2_310)
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    (tmp_path / "accents").write_bytes(b"Ren\xe9\n")
    rules = Rules(tmp_path)
    assert {path.name: left_out(rules, path) for path in tmp_path.iterdir()} == {
        "empty": "empty",
        "blank": "empty",
        "only": "nothing but secrets",
        "made": "generated (it says so at its top)",
        "long": "minified (average line of 2,310 characters)",
        "noise": "binary",
        "accents": "not UTF-8, and its encoding is not certain",
    }
    assert all(rules.reason(path) is None for path in tmp_path.iterdir())


def test_root_that_is_a_file_was_chosen(tmp_path: Path) -> None:
    """Neither ignore files nor the default list nor the size of files in folders speak against it; secrets do."""
    write(tmp_path, **{".gitignore": "*\n", "all.min.js": "x" * 1_100_000, ".env": "A=1\n"})
    rules = Rules(tmp_path / "all.min.js")
    assert rules.read(tmp_path / "all.min.js").name == "all.min.js"
    assert rules.reason(tmp_path / ".gitignore") == f"outside {tmp_path / 'all.min.js'}"
    assert [type(entry) for entry in rules.walk()] == [Candidate]
    assert left_out(Rules(tmp_path / ".env"), tmp_path / ".env") == "a secret by its name (.env)"
    assert left_out(Rules(tmp_path / "all.min.js", Limits(9, 99)), tmp_path / "all.min.js") == "larger than 99 bytes"


def test_linked_root_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path, **{".env": "A=1\n"})
    (tmp_path / "notes.txt").symlink_to(".env")
    assert left_out(Rules(tmp_path / "notes.txt"), tmp_path / "notes.txt") == "a secret by its name (.env)"


def test_names_are_printable(tmp_path: Path) -> None:
    """Newlines, and bytes that are no UTF-8, do not reach the model or the terminal."""
    for name in (b"new\nline.py", b"latin\xe9.py"):
        (tmp_path / os.fsdecode(name)).write_text("text")
    rules = Rules(tmp_path)
    candidates = [entry for entry in rules.walk() if isinstance(entry, Candidate)]
    assert {entry.name for entry in candidates} == {"new\ufffdline.py", "latin\ufffd.py"}
    assert {rules.read(entry.path).name for entry in candidates} == {entry.name for entry in candidates}


def test_file_that_vanishes_between_listing_and_reading(tmp_path: Path) -> None:
    rules = Rules(write(tmp_path, a="text", b="text"))
    found = [entry for entry in rules.walk() if isinstance(entry, Candidate)]
    (tmp_path / "a").unlink()
    assert left_out(rules, found[0].path if found[0].name == "a" else found[1].path) == "it vanished while it was read"


def test_folder_that_vanishes_while_walking_is_reported(tmp_path: Path) -> None:
    walk = Rules(write(tmp_path, a="text", sub__b="text")).walk()
    assert next(walk) == Candidate("a", tmp_path / "a", (tmp_path / "a").stat().st_mtime_ns, len("text"))
    (tmp_path / "sub/b").unlink()
    (tmp_path / "sub").rmdir()
    assert list(walk) == [Exclusion("sub/", "it vanished while it was read")]


def test_paths_deeper_than_the_system_takes_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, depth = "d" * 200, 30
    monkeypatch.chdir(tmp_path)
    for _ in range(depth):
        Path(name).mkdir()
        os.chdir(name)
    found = list(Rules(tmp_path).walk())
    for _ in range(depth):
        os.chdir("..")
        Path(name).rmdir()
    assert [entry.reason for entry in found if isinstance(entry, Exclusion)] == ["not readable (File name too long)"]


def test_paths_deeper_than_recursion_goes_are_judged(tmp_path: Path) -> None:
    assert Rules(tmp_path).reason(tmp_path / "/".join(["d"] * 1_900)) is None


def test_rules_files_are_those_that_change_what_is_left_out(tmp_path: Path) -> None:
    rules = Rules(tmp_path)
    for name in (".gitignore", "a/.charwiseignore", ".git/info/exclude", "venv2/pyvenv.cfg"):
        assert rules.is_rules_file(tmp_path / name)
    for name in ("gitignore", "exclude", "info/exclude", "a.py", "../.gitignore", "../pyvenv.cfg"):
        assert not rules.is_rules_file(tmp_path / name)


def test_rules_files_above_the_root_are_those_of_its_repository(tmp_path: Path) -> None:
    root = write(tmp_path / "repository/sub/root", a="text")
    assert Rules(root).outside == set()
    write(tmp_path, **{"repository/.git/info/exclude": ""})
    paths = (".gitignore", ".charwiseignore", ".git/info/exclude", "sub/.gitignore", "sub/.charwiseignore")
    rules = Rules(root)
    assert rules.outside == {tmp_path / "repository" / path for path in paths}
    assert all(map(rules.is_rules_file, rules.outside))
    assert Rules(root / "a").outside == set()


def test_new_rules_see_a_changed_ignore_file(tmp_path: Path) -> None:
    rules = Rules(write(tmp_path, a="text"))
    assert rules.reason(tmp_path / "a") is None
    write(tmp_path, **{".gitignore": "a\n"})
    assert rules.reason(tmp_path / "a") is None
    assert Rules(tmp_path).reason(tmp_path / "a") == "ignored by .gitignore line 1: a"
    assert repr(rules) == f"<Rules {tmp_path}, 1 folders>"
