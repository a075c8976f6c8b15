"""What of the sources is learned: languages, licences, no text twice, no more of one than the mixture wants."""

from collections import Counter
from pathlib import Path

from charwise.pretraining.duplicates import Duplicates
from charwise.pretraining.gathering import MOST_OF_ONE, Text, mixture, texts, without_duplicates
from charwise.pretraining.unpacking import TEXT
from charwise_trainer.corpus import CorpusFile
from tests.cli.pretraining import archives

_NPM = '[[sources]]\nkind = "npm"\nname = "{}"\nversion = "1"\nlicence = "MIT"\nleave_out = ["tests/*"]\n'


def _lines(count: int, what: str = "value") -> bytes:
    return b"".join(f"{what}_{number} = {number * number}\n".encode() for number in range(count))


def test_texts(tmp_path: Path) -> None:
    """Files in a language, under a licence of ours, that people wrote, with their lines but those with secrets."""
    root = tmp_path / TEXT
    (root / "tests").mkdir(parents=True)
    (root / "a.py").write_bytes(_lines(50) + b'password = "hunter2hunter2"\n')
    (root / "gpl.py").write_bytes(b"# under the GNU General Public License\n" + _lines(50))
    (root / "made.py").write_bytes(b"# @generated\n" + _lines(50))
    (root / "a.c").write_bytes(b"int a;\n")
    (root / "tests/b.py").write_bytes(_lines(50))
    left_out = Counter[str]()
    recipe = archives.recipe(_NPM.format("a"))
    found = list(texts(recipe, recipe.sources[0], tmp_path, left_out))
    assert [(each.file.name, each.language, each.licence) for each in found] == [("a.py", "python", "MIT")]
    assert b"hunter2" not in found[0].file.data
    assert left_out.total() == 2


def test_duplicates() -> None:
    """The same words in other lines, and a text of which a few lines differ, are there already; others are not."""
    duplicates = Duplicates()
    text = _lines(100)
    assert not duplicates.has(text)
    assert duplicates.has(text.replace(b"\n", b"\n\n").replace(b" ", b"  "))
    assert duplicates.has(text + b"one line more\n")
    assert not duplicates.has(_lines(100, "other"))


def test_mixture() -> None:
    """A language has its share, and no source more than its share of that; of what is there twice, one is left."""
    recipe = archives.recipe(_NPM.format("a"))
    found = [
        Text(CorpusFile(f"{number}.py", _lines(1_000, f"{source}{number}"), 0), source, "python", "MIT")
        for source in ("big", "small")
        for number in range(60 if source == "big" else 2)
    ]
    left_out = Counter[str]()
    chosen = mixture(recipe, without_duplicates([*found, found[0]], left_out))
    size = Counter[str]()
    for each in chosen:
        size[each.source] += len(each.file.data)
    most = MOST_OF_ONE * recipe.languages["python"].share * recipe.characters
    assert 0.9 * most < size["big"] <= most
    assert size["small"] == sum(len(each.file.data) for each in found if each.source == "small")
    assert left_out.total() == 1
    assert chosen == mixture(recipe, found)
