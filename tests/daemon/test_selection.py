"""Which files the memory takes first when there is no room for all."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_daemon.selection import ordered
from charwise_trainer.corpus import Candidate


def _newest_first(*names: str) -> list[Candidate]:
    return [Candidate(name, Path("/w") / name, 100 - age, 10) for age, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "documents", "taken"),
    [
        ("c b a", "", "c b a"),  # nothing is open: the newest
        ("x/new x/newer y/old y/older", "y/open", "x/new y/old x/newer y/older"),  # in turn
        ("x/a y/b y/c", "x/open y/open", "x/a y/b y/c"),  # all as near: the newest
        ("z/1 z/2 z/3 a/4", "a/open", "z/1 a/4 z/2 z/3"),  # the nearest is taken once
        ("q/r/s/1 q/2 3 q/r/4", "q/r/open", "q/r/s/1 q/r/4 q/2 3"),  # a step up is as far as a step down
        ("other/1 src/a/2 src/b/c/3 src/b/4", "src/b/open", "other/1 src/b/4 src/a/2 src/b/c/3"),
        ("other/1 here", "open", "other/1 here"),  # the root is a folder too
        ("", "a/open", ""),
    ],
)
def test_ordered(names: str, documents: str, taken: str) -> None:
    """The newest and the nearest are taken in turn; among those as near, the newest first."""
    assert [file.name for file in ordered(_newest_first(*names.split()), documents.split())] == taken.split()


_names = st.lists(st.from_regex(r"([ab]/){0,3}[a-f]", fullmatch=True), unique=True)


@given(names=_names, documents=_names)
def test_ordered_takes_each_once(names: list[str], documents: list[str]) -> None:
    """No file is lost or taken twice, and the order does not depend on that of the documents."""
    files = _newest_first(*names)
    taken = ordered(files, documents)
    assert sorted(taken, key=files.index) == files
    assert taken == ordered(files, documents[::-1])
