"""What has changed, how it is read, and what of it is kept aside to measure on."""

from dataclasses import replace

import pytest

from charwise_trainer.continual import CONTEXT, LONGEST_PIECE, WHOLE_SHARE, find, is_small
from charwise_trainer.corpus import END, CorpusFile
from charwise_trainer.learned import digests, fresh, together
from tests.trainer.small import corpus_file, python_files

FILES = python_files()
KNOWN = together([digests(file.data) for file in FILES])
NEW = [corpus_file(f"new{i}.py", FILES[i].data.replace(b"e", b"oe").replace(b"self", b"this")) for i in range(3)]


def edited(file: CorpusFile, word: bytes = b"quokka_total = 0\n") -> CorpusFile:
    """Return the file with a line more in its middle."""
    at = file.data.index(b"\n", len(file.data) // 2) + 1
    return replace(file, data=file.data[:at] + word + file.data[at:])


def test_find_nothing_new() -> None:
    changes = find(FILES, KNOWN, 0)
    assert changes.characters == 0
    assert changes.pieces() == []
    assert changes.held_out == []


def test_find_an_edit() -> None:
    """An edited line is one piece: the file's header, some text before it, and the passage that it is in."""
    changes = find([edited(FILES[0]), *FILES[1:]], KNOWN, 0)
    [piece] = changes.pieces()
    assert piece.startswith(b"\x02__init__.py\n")
    assert b"quokka_total = 0\n" in piece
    assert changes.characters < len(piece) < changes.characters + 3 * CONTEXT
    assert changes.held_out == []


def test_find_a_new_file() -> None:
    """A new file is pieces of a bounded length, the last of which ends as the file does."""
    new = corpus_file("new.py", b"".join(b"capybara_%d = 1\n" % i for i in range(2_000)))
    changes = find([*FILES, new], KNOWN, 0)
    pieces = changes.pieces()
    assert all(piece.startswith(b"\x02new.py\n") for piece in pieces)
    assert max(map(len, pieces)) < LONGEST_PIECE + 3 * CONTEXT
    assert sum(piece.endswith(END) for piece in pieces) == 1


def test_find_a_deleted_file() -> None:
    """What is gone is nothing to learn."""
    assert find(FILES[1:], KNOWN, 0).characters == 0


def test_find_keeps_some_of_much_aside() -> None:
    """About an eighth of much changed text is measured on, and not learned this time; all of the rest is."""
    changes = find([*FILES, *NEW], KNOWN, salt=1)
    everything = find([*FILES, *NEW], KNOWN, salt=1).characters + sum(len(file.data) for file in changes.held_out)
    assert 0.02 < sum(len(file.data) for file in changes.held_out) / everything < 0.3
    learned = b"".join(file.data for file in changes.files)
    assert sum(len(file.data) for file in (*changes.files, *changes.held_out)) == sum(
        len(file.data) for file in (*FILES, *NEW)
    )
    assert all(file.data not in learned for file in changes.held_out if len(file.data) > 100)
    assert {file.name for file in changes.held_out} <= {file.name for file in NEW}


def test_find_learns_next_time_what_it_kept_aside() -> None:
    """What one training keeps aside is changed text still for the next one, which keeps other text aside."""
    first = find([*FILES, *NEW], KNOWN, salt=1)
    known = together([digests(file.data) for file in first.files], KNOWN)
    second = find([*FILES, *NEW], known, salt=2)
    aside = {file.data for file in first.held_out}
    assert second.characters > 0
    assert aside - {file.data for file in second.held_out}
    assert all(fresh(data, known) for data in aside)


@pytest.mark.parametrize(
    ("changed", "before", "small"), [(200, 0, True), (99, 900, True), (1_000, 0, False), (1, 999, False)]
)
def test_small_changes_add_up(changed: int, before: int, small: bool) -> None:
    """One save is small; when a tenth of the corpus has changed since the last whole training, the next is whole."""
    assert is_small(changed, before, int(1_000 / WHOLE_SHARE)) is small
