"""What suggestions are compared with: words as in Vim, and PPMd."""

import pytest

from charwise.evaluation import ppmd
from charwise.evaluation.history import Hunk
from charwise.evaluation.keywords import Keywords
from charwise.evaluation.replay import PRICES
from tests.trainer.small import corpus_file


def _keys(before: bytes, typed: bytes, after: bytes, *files: bytes) -> int:
    words = Keywords([corpus_file(f"{number}.py", data) for number, data in enumerate(files)])
    score = words.score(Hunk("", "a.py", before, typed, after))
    assert len(score.typings) == len(PRICES)
    return score.typings[0].keys


@pytest.mark.parametrize(
    ("before", "typed", "after", "files", "keys"),
    [
        (b"alphabet\n", b"alphabet\n", b"", (), 3),  # a letter, the rest, the line's end
        (b"alphabet alpine\n", b"alphabet\n", b"", (), 6),  # the nearest word is another until "alph"
        (b"alpine\n", b"alphabet\n", b"alphabet\n", (), 6),  # one before comes before one after
        (b"", b"alphabet\n", b"alphabet\n", (b"alpine alpine",), 3),  # the document comes before other files
        (b"", b"alphabet\n", b"", (b"alpine alphabet alphabet",), 3),  # there the commonest comes first
        (b"", b"alphabet\n", b"", (b"alphabets",), 9),  # one that goes on differently is wrong
        (b"", b"one two\nalphabet one two\n", b"", (), 23),  # what was just typed is known: "ne", and "wo"
        (b"ab\n", b"ab\n", b"", (), 3),  # one letter saves nothing
    ],
)
def test_keywords(before: bytes, typed: bytes, after: bytes, files: tuple[bytes, ...], keys: int) -> None:
    """The rest of the nearest word that begins alike is offered, and accepted with one key."""
    assert _keys(before, typed, after, *files) == keys


def test_ppmd() -> None:
    """It needs next to nothing for what it has read in the project, or just before, and much for noise."""
    pytest.importorskip("pyppmd")
    text = b"The quick brown fox jumps over the lazy dog, and nobody knows why it ever would.\n"
    noise = bytes(range(33, 113))
    found = ppmd.bits_per_character(b"0123456789" * 20 + text, [(b"", text), (b"", text)], (6, 16))
    assert found[16] < 0.7
    assert ppmd.bits_per_character(b"0123456789" * 20, [(text, text)], (16,))[16] < 0.7
    assert ppmd.bits_per_character(text, [(b"", noise)], (6,))[6] > 5
