"""Passages and their digests: what an edit makes new, and what it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_trainer.learned import LONGEST, digests, fresh, passages, together
from tests.trainer.small import python_files

TEXT = b"".join(file.data for file in python_files())
LINES = TEXT.splitlines(keepends=True)


@given(st.binary(max_size=3_000))
def test_passages_are_all_of_a_text(text: bytes) -> None:
    """Whatever the text, its passages follow one another from its start to its end."""
    spans = list(passages(text))
    assert b"".join(text[begin:end] for begin, end in spans) == text
    assert all(begin < end for begin, end in spans)


def test_passages_are_some_lines() -> None:
    """Of real code, a passage is some hundred characters, and never much more than the limit."""
    sizes = [end - begin for begin, end in passages(TEXT)]
    assert 150 < len(TEXT) / len(sizes) < 600
    assert max(sizes) < LONGEST + 200


@given(st.integers(0, len(LINES) - 1), st.sampled_from(["insert", "replace", "delete"]))
def test_an_edit_is_a_passage_or_two(line: int, how: str) -> None:
    """Wherever a line is changed, what is new is the line's neighbourhood."""
    new = {"insert": [b"quokka = 1\n", LINES[line]], "replace": [b"quokka = 1\n"], "delete": []}[how]
    edited = b"".join([*LINES[:line], *new, *LINES[line + 1 :]])
    spans = fresh(edited, together([digests(TEXT)]))
    assert sum(end - begin for begin, end in spans) < 3 * LONGEST
    if how != "delete":
        at = edited.index(b"quokka")
        assert any(begin <= at < end for begin, end in spans)


def test_what_only_moved_is_not_new() -> None:
    """A renamed file, a copied one and one that is there twice hold nothing new."""
    known = together([digests(TEXT)])
    assert fresh(TEXT, known) == []
    assert len(together([digests(TEXT), digests(TEXT)])) == len(known)
    assert len(fresh(TEXT, together([]))) == len(list(passages(TEXT)))


def test_together_keeps_what_is_there_first() -> None:
    """Where there is no room for all, what is gone is forgotten first."""
    there, gone = np.array([9, 3], np.uint64), np.array([1, 3, 7], np.uint64)
    assert together([there], gone).tolist() == [1, 3, 7, 9]
    assert together([there], gone, most=3).tolist() == [1, 3, 9]
    assert together([there], gone, most=1).tolist() == [3]


@pytest.mark.parametrize("known", [[], [5], [1, 5, 9]])
def test_together_of_nothing(known: list[int]) -> None:
    assert together([], np.array(known, np.uint64)).tolist() == known
