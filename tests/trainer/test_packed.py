"""A packed corpus: the same windows as from memory, few of them loaded, and the same model learned from it."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from charwise_trainer import checkpoint
from charwise_trainer.batches import Lanes
from charwise_trainer.corpus import discover, encode
from charwise_trainer.errors import CorpusError
from charwise_trainer.events import Finished, Sampled, Started
from charwise_trainer.holdout import _place, split
from charwise_trainer.packed import DOCUMENTS, LENGTHS, open_packed, pack, write
from charwise_trainer.train import train
from tests.trainer.small import corpus_file, folder_of, of, python_files, short


def test_packed_windows_are_those_of_memory(tmp_path: Path) -> None:
    """What is packed file by file is laid out as the same files in memory are, and held out as they are."""
    folder = folder_of(tmp_path / "corpus")
    packed = pack(folder, tmp_path / "packed")
    learned, held_out = split(discover(folder).files)
    assert [file.name for file in packed.held_out] == [file.name for file in held_out]
    assert [file.data for file in packed.held_out] == [file.data for file in held_out]
    texts = [encode(file) for file in learned]
    assert packed.characters == sum(map(len, texts))
    ours, theirs = Lanes(packed.documents, 8, 16), Lanes(texts, 8, 16)
    epochs = (lanes.epoch(np.random.default_rng(1)) for lanes in (ours, theirs))
    for window, wanted in zip(*epochs, strict=True):
        assert (window.x == wanted.x).all()
        assert (window.y == wanted.y).all()
        assert (window.starts == wanted.starts).all()
    assert ours.read.all()


def test_packed_text_is_not_loaded(tmp_path: Path) -> None:
    """Reading windows from all over 30 MB takes one byte for each of them, and some for each document: no text."""
    text = python_files()[0].data * 20
    files = [corpus_file(f"{number}.py", text) for number in range(1 + 30_000_000 // len(text))]
    packed = write(files, tmp_path / "packed", lambda file: file.name == "0.py")
    tracemalloc.start()
    again = open_packed(packed.path)
    lanes = Lanes(again.documents, 16, 32)
    for _ in zip(range(1000), lanes.epoch(np.random.default_rng(0)), strict=False):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lanes.all.raw) > 29_000_000
    assert peak < lanes.all.count + 1_000_000


def test_train_packed(tmp_path: Path) -> None:
    """A packed corpus trains a model that goes on from where it was, and says nothing of what it has learned."""
    packed = pack(folder_of(tmp_path / "corpus"), tmp_path / "packed")
    events = list(train(packed, tmp_path / "model", short(epochs=0.1, sample_every=1e-9)))
    assert of(Finished, events)[0].bpc is not None
    assert of(Sampled, events)[0].name in {file.name for file in packed.held_out}
    last = checkpoint.last(tmp_path / "model")
    assert last
    assert checkpoint.load(last).learned() is None
    events = list(train(packed, tmp_path / "model", short(epochs=0.1)))
    assert of(Started, events)[0].resumed_from == checkpoint.read_meta(last).step


def test_pack_refuses(tmp_path: Path) -> None:
    """Too little text, and a folder that is there, are said before anything is left behind."""
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "a.py").write_bytes(b"x = 1\n")
    with pytest.raises(CorpusError, match="too little text to pack"):
        pack(tmp_path / "small", tmp_path / "packed")
    with pytest.raises(CorpusError, match="is there already"):
        pack(tmp_path / "small", tmp_path / "small")
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_pack_refuses_where_whole_files_are_too_much_to_hold_out(tmp_path: Path) -> None:
    """A few files, or one that is most of the text and stays held out: no half of a corpus is kept from learning."""
    few, large = tmp_path / "few", tmp_path / "large"
    for folder, sizes in ((few, [20_000] * 3), (large, [100] * 30)):
        folder.mkdir()
        for number, size in enumerate(sizes):
            (folder / f"{number}.py").write_bytes(b"x = 1\n" * (size // 6))
    lowest = min((f"{number}.py" for number in range(30, 300)), key=lambda name: _place(name.encode()))
    (large / lowest).write_bytes(b"y = 2\n" * 20_000)
    for folder in (few, large):
        with pytest.raises(CorpusError, match="too little text to pack"):
            pack(folder, tmp_path / "packed")


def test_open_refuses_what_is_not_whole(tmp_path: Path) -> None:
    """A folder that is no packed corpus, or one cut short, is named with what to do."""
    with pytest.raises(CorpusError, match="is no packed corpus"):
        open_packed(tmp_path)
    packed = pack(folder_of(tmp_path / "corpus"), tmp_path / "packed")
    text = (packed.path / DOCUMENTS).read_bytes()
    (packed.path / DOCUMENTS).write_bytes(text[:-1])
    with pytest.raises(CorpusError, match="is not whole"):
        open_packed(packed.path)
    (packed.path / LENGTHS).write_bytes(b"")
    with pytest.raises(CorpusError, match="is no packed corpus"):
        open_packed(packed.path)


def test_packed_is_known_by_its_mark(tmp_path: Path) -> None:
    """Another corpus of the same name, on another machine, is found out."""
    packed = pack(folder_of(tmp_path / "corpus"), tmp_path / "packed")
    packed.check(packed.mark)
    with pytest.raises(CorpusError, match="not the same for all processes"):
        packed.check(packed.mark + 1)
