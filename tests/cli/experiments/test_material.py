"""The text of experiments: from files, archives and folders, split as the recipe says."""

import lzma
import tarfile
from pathlib import Path

import pytest

from charwise.experiments.material import material
from charwise.experiments.recipe import Published, Recipe
from charwise_daemon.errors import CharwiseError
from charwise_trainer.packed import Packed

_TEXT = b"".join(b"line %d of a text\n" % number for number in range(500))


def recipe(data: str, **changes: object) -> Recipe:
    return Recipe("T", data, 1.0, Published("nobody"), **changes)  # type: ignore[arg-type]


def _characters(files: object) -> bytes:
    return b"".join(file.data for file in files)  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["text.txt", "text.txt.xz", "text.tar.xz", "folder"])
def test_forms(tmp_path: Path, form: str) -> None:
    """A file, a packed one, an archive and a folder hold the same text."""
    file = tmp_path / "text.txt"
    file.write_bytes(_TEXT)
    if form == "text.txt.xz":
        (tmp_path / form).write_bytes(lzma.compress(_TEXT))
    elif form == "text.tar.xz":
        with tarfile.open(tmp_path / form, "w:xz") as archive:
            archive.add(file, "deep/text.txt")
    elif form == "folder":
        (tmp_path / form).mkdir()
        file.rename(tmp_path / form / "text.txt")
        (tmp_path / form / "binary.txt").write_bytes(bytes(range(256)) * 4)
    found = material(recipe(form, split=[0.8, 0.1, 0.1]), tmp_path)
    assert _TEXT.startswith(_characters(found.training))
    assert _TEXT.endswith(_characters(found.test))
    assert len(_characters(found.training)) == pytest.approx(0.8 * len(_TEXT), abs=1)
    assert len(_characters(found.test)) == pytest.approx(0.1 * len(_TEXT), abs=1)
    corpus = found.corpus
    assert isinstance(corpus, Packed)
    assert _characters(found.training) in corpus.documents.raw.tobytes()
    assert _characters(list(corpus.held_out)) == _TEXT[len(_characters(found.training)) : -len(_characters(found.test))]


def test_no_validation(tmp_path: Path) -> None:
    """Where nothing is set aside to choose by, the trainer is given files, of which it holds some out itself."""
    (tmp_path / "text.txt").write_bytes(_TEXT)
    found = material(recipe("text.txt", split=[0.9, 0.0, 0.1]), tmp_path)
    assert found.corpus == found.training


def test_part_of_a_tree(tmp_path: Path) -> None:
    """Of a tree only the files that are wanted are taken, in an order that is the same each time, up to the limit."""
    for number in range(20):
        (tmp_path / f"{number}.c").write_bytes(_TEXT[:1000])
        (tmp_path / f"{number}.md").write_bytes(_TEXT)
    wanted = recipe("", files=["*.c"], most_characters=5_500)
    found, again = (material(wanted, tmp_path, tmp_path) for _ in range(2))
    assert found == again
    names = [file.name for file in found.training]
    assert all(name.endswith(".c") for name in names)
    assert names != sorted(names)
    learned, chosen_by, measured = (_characters(each) for each in (found.training, found.validation, found.test))
    assert len(learned + chosen_by + measured) == pytest.approx(5_500, abs=2)


@pytest.mark.parametrize("is_archive", [False, True])
def test_folder_in_a_tree(tmp_path: Path, is_archive: bool) -> None:
    """A pattern with a folder means that folder at the top of the tree, whatever an archive's own top is called."""
    for name in ("kernel/a.c", "kernel/sched/b.c", "arch/kernel/c.c", "d.c"):
        (tmp_path / "tree-1" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree-1" / name).write_bytes(_TEXT)
    if is_archive:
        with tarfile.open(tmp_path / "tree.tar.xz", "w:xz") as archive:
            archive.add(tmp_path / "tree-1", "tree-1")
    found = material(recipe("", files=["kernel/*.c"]), tmp_path, tmp_path / ("tree.tar.xz" if is_archive else "tree-1"))
    names = {file.name.removeprefix("tree-1/") for file in (*found.training, *found.test)}
    assert names == {"kernel/a.c", "kernel/sched/b.c"}


def test_lines(tmp_path: Path) -> None:
    """In a file of lines each is a text of its own, none twice."""
    (tmp_path / "names.txt").write_bytes(b"Ann\nBob\n\nAnn\n" + _TEXT)
    found = material(recipe("names.txt", lines=True), tmp_path)
    texts = [file.data for file in found.training]
    assert len(texts) == len({*texts}) > 400
    assert all(text.count(b"\n") <= 1 for text in texts)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("none", None, "say with --data"),
        ("empty", b"", "too little to split"),
        ("broken.xz", b"no archive", "cannot be read"),
        ("binary", bytes(range(256)) * 9, "too little to split"),
    ],
)
def test_wrong(tmp_path: Path, name: str, data: bytes | None, said: str) -> None:
    """What is not there, not text or not whole is one clear error."""
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CharwiseError, match=said):
        material(recipe(name), tmp_path)
