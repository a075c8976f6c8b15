"""What is shown of a text, rule by rule: the cases of golden/*.txt.

A case is `=== title`, a document with the cursor as ‸, `--- proposed` and `--- shown`, each with the text below it.
There, → is a tab, ␍ a carriage return, · a blank that could not be seen.
"""

import re
from pathlib import Path

import pytest

from charwise_daemon.fitting import Surroundings, fit

_SIGNS = str.maketrans({"→": "\t", "␍": "\r", "·": " "})
_PARTS = re.compile(
    r"(?P<title>.*)\n(?P<document>(?s:.*?))\n--- proposed\n(?P<text>(?s:.*?))--- shown\n(?P<shown>(?s:.*))"
)
_FILES = sorted((Path(__file__).parent / "golden").glob("*.txt"))


def _cases() -> list[object]:
    cases = list[object]()
    for file in _FILES:
        for case in file.read_text("utf-8").split("=== ")[1:]:
            parts = _PARTS.fullmatch(case)
            assert parts, f"{file}: a case without its parts: {case}"
            texts = (parts[name].translate(_SIGNS) for name in ("document", "text", "shown"))
            cases.append(pytest.param(*texts, id=f"{file.stem}-{parts['title'].rstrip('␍')}"))
    return cases


@pytest.mark.parametrize(("document", "text", "shown"), _cases())
def test_fit(document: str, text: str, shown: str) -> None:
    """Of this text, at this cursor, this is shown."""
    before, after = document.split("‸")
    around = Surroundings.of((before + after).encode(), len(before.encode()))
    assert fit(text.removesuffix("\n").encode(), around).decode() == shown.removesuffix("\n")


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_golden_files_are_enough(file: Path) -> None:
    """A rule has at least eight cases."""
    assert file.read_text("utf-8").count("=== ") >= 8
