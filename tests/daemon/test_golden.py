"""What is shown of a text, rule by rule: the cases of golden/*.txt.

A case is `=== title`, a document with the cursor as ‸, `--- proposed` and `--- shown`, each with the text below it.
There, → is a tab, ␍ a carriage return, · a blank that could not be seen. With `--- learned` in place of `--- proposed`
the text is not proposed, but what a memory holds that is asked at the cursor: so a search is steered.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from charwise_daemon.completer import complete, lines_at
from charwise_daemon.fitting import Surroundings, fit
from charwise_daemon.memory import Memory, OpenMemories
from charwise_daemon.predictor import Predictor
from charwise_daemon.search import Limits
from charwise_daemon.shard import MAX_ORDER

_SIGNS = str.maketrans({"→": "\t", "␍": "\r", "·": " "})
_PARTS = re.compile(
    r"(?P<title>.*)\n(?P<document>(?s:.*?))\n"
    r"--- (?P<how>proposed|learned)\n(?P<text>(?s:.*?))--- shown\n(?P<shown>(?s:.*))"
)
# Often enough that what was learned is what is expected.
_TIMES = 40
_FILES = sorted((Path(__file__).parent / "golden").glob("*.txt"))


def _steered(learned: bytes, around: Surroundings) -> bytes:
    """Return what is shown to one who asks at a cursor, by a memory of a text."""
    predictor = Predictor(corpus=Memory.of((learned + b"\n") * _TIMES))
    position = predictor.at(None, around.before[-MAX_ORDER:], OpenMemories.none())
    *_, drafts = complete(predictor, position, Limits(lines=lines_at(around, 2)), around, price=0.0)
    return drafts[0].text if drafts else b""


def _cases() -> list[object]:
    cases = list[object]()
    for file in _FILES:
        for case in file.read_text("utf-8").split("=== ")[1:]:
            parts = _PARTS.fullmatch(case)
            assert parts, f"{file}: a case without its parts: {case}"
            texts = (parts[name].translate(_SIGNS) for name in ("document", "text", "shown"))
            what = fit if parts["how"] == "proposed" else _steered
            cases.append(pytest.param(what, *texts, id=f"{file.stem}-{parts['title'].rstrip('␍')}"))
    return cases


@pytest.mark.parametrize(("what", "document", "text", "shown"), _cases())
def test_golden(what: Callable[[bytes, Surroundings], bytes], document: str, text: str, shown: str) -> None:
    """Of this text, at this cursor, this is shown."""
    before, after = document.split("‸")
    around = Surroundings.of((before + after).encode(), len(before.encode()))
    assert what(text.removesuffix("\n").encode(), around).decode() == shown.removesuffix("\n")


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_golden_files_are_enough(file: Path) -> None:
    """A rule has at least eight cases."""
    assert file.read_text("utf-8").count("=== ") >= 8


@pytest.mark.parametrize(("level", "shown"), [(b"\t", b"if x:\n\ty"), (b"    ", b"if x:"), (b"", b"if x:\n\ty")])
def test_level_of_the_editor(level: bytes, shown: bytes) -> None:
    """A document that shows no indentation yet is indented as its editor does."""
    assert fit(b"if x:\n\ty", Surroundings.of(b"x = 1\n", 6, level)) == shown
    assert fit(b"if x:\n\ty", Surroundings.of(b"if z:\n\tz\n", 9, b"    ")) == b"if x:\n\ty"
