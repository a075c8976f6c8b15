"""The index: what the process that makes it reads, chooses and writes."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from charwise_daemon.index import NOWHERE, Index, Order, make, suffixes_at
from charwise_daemon.memory import CorpusMemory
from charwise_trainer.corpus import discover, encode
from charwise_trainer.errors import CorpusError
from tests.conftest import MODULES
from tests.daemon.texts import write_in_turn

_PLENTY = 10_000_000


@pytest.fixture
def target() -> Iterator[IO[bytes]]:
    """The file that an index is written to."""
    with tempfile.TemporaryFile() as file:
        yield file


def _order(root: Path, target: IO[bytes], memory_bytes: int = _PLENTY) -> Order:
    return Order(os.fsencode(root), 1_000_000, _PLENTY, memory_bytes, [], {}, NOWHERE, target.fileno())


def _text(index: Index, file: IO[bytes]) -> bytes:
    return os.pread(file.fileno(), index.characters, 0)


def _held(index: Index) -> set[str]:
    return {name for name, entry in index.files.items() if entry.start != NOWHERE}


def test_make_is_the_memory_of_the_corpus(project: Path, target: IO[bytes]) -> None:
    """Text, suffix array and places are those that the daemon would make of the same files."""
    index = make(_order(project, target))
    memory = CorpusMemory.build({file.name: encode(file) for file in discover(project).files})
    suffixes = os.pread(target.fileno(), _PLENTY, suffixes_at(index.characters))
    assert _text(index, target) + b"\0" == bytes(memory.base.text)
    assert (np.frombuffer(suffixes, np.intc) == memory.base.suffixes).all()
    assert {name: (entry.start, entry.end) for name, entry in index.files.items()} == memory.places
    assert (len(index.files), index.left_out, index.held_back) == (len(MODULES), 0, 0)


def test_make_takes_over_what_is_known(tmp_path: Path, target: IO[bytes]) -> None:
    """A file whose time and size are as they were is not read again; one that was touched is."""
    write_in_turn(tmp_path, a="the old text", b="other text 1")
    before = make(_order(tmp_path, target))
    write_in_turn(tmp_path, a="the new text", b="other text 2", c="more")
    os.utime(tmp_path / "b")
    with tempfile.TemporaryFile() as new:
        order = replace(_order(tmp_path, new), known=dict(before.files), before=target.fileno())
        text = _text(make(order), new)
    assert b"a\nthe old text" in text
    assert b"b\nother text 2" in text
    assert b"c\nmore" in text


def test_make_leaves_out_what_is_no_text(tmp_path: Path, target: IO[bytes]) -> None:
    """What the rules leave out, and what turns out to be no text, is counted and not in the index."""
    write_in_turn(tmp_path, a="text", **{".env": "hippogriff=blue", "b": "nul\0nul"})
    index = make(_order(tmp_path, target))
    assert set(index.files) == {"a"}
    assert index.left_out == 2
    assert b"hippogriff" not in _text(index, target)


def test_make_holds_the_newest(tmp_path: Path, target: IO[bytes]) -> None:
    """When there is no room for all, older files are held back, known all the same, and counted."""
    write_in_turn(tmp_path, **{f"f{age}": "x" * 100 for age in range(10)})
    index = make(_order(tmp_path, target, 350))
    assert _held(index) == {"f9", "f8", "f7"}
    assert len(index.files) == 10
    assert index.held_back == 700


def test_make_holds_the_nearest(tmp_path: Path, target: IO[bytes]) -> None:
    """Of older files, those beside the documents that are worked on are taken first."""
    write_in_turn(tmp_path, near__a="x" * 100, **{f"far__f{age}": "x" * 100 for age in range(10)})
    index = make(replace(_order(tmp_path, target, 350), documents=["near/new.py"]))
    assert _held(index) == {"far/f9", "near/a", "far/f8"}


def test_make_of_one_file_that_is_too_long(tmp_path: Path, target: IO[bytes]) -> None:
    """Of a file larger than all the room the end is held, from the beginning of a line."""
    write_in_turn(tmp_path, notes="".join(f"line {n}\n" for n in range(100)))
    index = make(_order(tmp_path / "notes", target, 50))
    assert _text(index, target) == b"line 94\nline 95\nline 96\nline 97\nline 98\nline 99\n\x03"
    assert index.held_back > 700
    write_in_turn(tmp_path, endless="x" * 100)
    assert len(_text(make(_order(tmp_path / "endless", target, 50)), target)) == 50


def test_make_stays_within_the_corpus(tmp_path: Path, target: IO[bytes]) -> None:
    """What is over the limit of the corpus is in no memory either, be it ever so near."""
    write_in_turn(tmp_path, near__a="x" * 100, **{f"far__f{age}": "x" * 100 for age in range(3)})
    index = make(replace(_order(tmp_path, target), total_bytes=300, documents=["near/new.py"]))
    assert set(index.files) == {"far/f0", "far/f1", "far/f2"}
    assert index.left_out == 1


def test_make_of_nothing(tmp_path: Path, target: IO[bytes]) -> None:
    """An empty folder has an empty index; one that is not there is an error."""
    assert make(_order(tmp_path, target)) == Index({})
    with pytest.raises(CorpusError, match="does not exist"):
        make(_order(tmp_path / "gone", target))
