"""Edits between two texts, against the textbook's table."""

from hypothesis import given
from hypothesis import strategies as st

from charwise.evaluation.similarity import distance, similarity

_TEXTS = st.binary(max_size=90).map(lambda text: bytes(97 + byte % 4 for byte in text))


@given(_TEXTS, _TEXTS)
def test_distance(one: bytes, other: bytes) -> None:
    """It is what dynamic programming over the whole table finds, for texts longer than a machine word too."""
    row = list(range(len(other) + 1))
    for above, mine in enumerate(one, 1):
        new = [above]
        for at, theirs in enumerate(other, 1):
            new.append(min(row[at] + 1, new[-1] + 1, row[at - 1] + (mine != theirs)))
        row = new
    assert distance(one, other) == row[-1]


def test_similarity() -> None:
    """It is 1 for the same, 0 for nothing in common, and a share between."""
    assert similarity(b"", b"") == similarity(b"abc", b"abc") == 1
    assert similarity(b"abc", b"xyz") == similarity(b"", b"xyz") == 0
    assert similarity(b"self.x", b"self.y") == 5 / 6
