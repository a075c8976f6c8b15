"""Bits per character: exact, in reading order, whatever the files are packed into."""

import math
import warnings

import numpy as np
import pytest
import torch

from charwise_trainer.corpus import CorpusFile, encode, encode_header
from charwise_trainer.evaluate import evaluate
from charwise_trainer.model import CharLSTM, ModelConfig
from tests.trainer.small import corpus_file, python_files


def build(cell: str = "lstm") -> CharLSTM:
    torch.manual_seed(0)
    return CharLSTM(ModelConfig(layers=2, width=12, embedding=6, cell=cell, dropout=0.5))  # type: ignore[arg-type]


@torch.no_grad()
def bits_alone(model: CharLSTM, file: CorpusFile) -> float:
    """Read a single file in one go, the slow and obvious way; return its bits without the header's."""
    model.eval()
    text = encode(file)[:-1]
    logits, _ = model(torch.tensor(list(text[:-1]))[:, None], model.initial_state(1))
    chances = torch.log_softmax(logits[:, 0].double(), 1)[np.arange(len(text) - 1), list(text[1:])]
    return -float(chances[len(encode_header(file.name)) - 1 :].sum()) / math.log(2)


FILES = [
    corpus_file("a.py", b"import os\n" * 20),
    corpus_file("b.md", b"# x\n"),
    corpus_file("long/" * 30 + "c.py", b"def f():\n    return 1\n" * 9),  # a header of more than one window
    corpus_file("Makefile", b"all:\n\techo\n"),
    corpus_file("empty.txt", b""),
]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize(("lanes", "window"), [(1, 7), (2, 16), (32, 128)])
def test_evaluate_is_each_file_alone(cell: str, lanes: int, window: int) -> None:
    """However files are packed, the bits are those of reading each alone from the zero state."""
    model = build(cell)
    found = evaluate(model, FILES, lanes, window)
    bits = {file.name: bits_alone(model, file) for file in FILES}
    assert found.characters == sum(len(file.data) for file in FILES)
    assert found.bpc == pytest.approx(sum(bits.values()) / found.characters, rel=1e-5)
    assert set(found.by_type) == {".py", ".md", ""}
    assert found.by_type[".md"] == pytest.approx(bits["b.md"] / 4, rel=1e-5)


def test_evaluate_leaves_the_model_as_it_was() -> None:
    """Dropout is off while measuring and on again afterwards."""
    model = build()
    assert model.training
    assert evaluate(model, FILES) == evaluate(model, FILES)
    assert model.training


def test_evaluate_an_untrained_model_is_about_eight_bits() -> None:
    """A model that knows nothing needs the eight bits of a byte for real text."""
    assert 7.5 < evaluate(build(), python_files()[:1]).bpc < 8.5


@pytest.mark.parametrize("files", [[], [corpus_file("a", b"")]])
def test_evaluate_nothing(files: list[CorpusFile]) -> None:
    """Of no text there is no average, and no warning either."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = evaluate(build(), files)
    assert math.isnan(found.bpc)
    assert found.by_type == {}
