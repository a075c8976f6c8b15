"""The model: its names and shapes, its state, and that documents side by side do not touch each other."""

import numpy as np
import pytest
import torch

from charwise_trainer.batches import Lanes
from charwise_trainer.model import CharLSTM, ModelConfig, detach
from tests.trainer.small import TINY

CELLS = ["lstm", "gru", "rnn"]


def build(cell: str = "lstm", layers: int = 2, dropout: float = 0.0) -> CharLSTM:
    torch.manual_seed(0)
    config = ModelConfig(layers=layers, width=12, embedding=6, cell=cell, dropout=dropout)  # type: ignore[arg-type]
    return CharLSTM(config)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2, 4])
def test_state_dict_has_the_configured_names_and_shapes(cell: str, layers: int) -> None:
    """What the engine will read is what the configuration promises."""
    model = build(cell, layers)
    assert {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()} == model.config.shapes
    assert sum(p.numel() for p in model.parameters()) == model.config.parameters


@pytest.mark.parametrize("cell", CELLS)
def test_forward_carries_the_state(cell: str) -> None:
    """Reading a text in pieces, the state carried on, gives the logits of reading it at once."""
    model = build(cell)
    ids = torch.randint(256, (10, 3))
    whole, end = model(ids, model.initial_state(3))
    first, state = model(ids[:4], model.initial_state(3))
    second, last = model(ids[4:], detach(state))
    assert whole.shape == (10, 3, 256)
    torch.testing.assert_close(torch.cat([first, second]), whole)
    assert len(last) == (2 if cell == "lstm" else 1)
    for one, other in zip(last, end, strict=True):
        assert one.shape == (2, 3, 12)
        torch.testing.assert_close(one, other)


def test_forget_gates_begin_open() -> None:
    """The biases of an LSTM's forget gates sum to one in every layer."""
    model = build(layers=3)
    for layer in range(3):
        total = getattr(model.rnn, f"bias_ih_l{layer}") + getattr(model.rnn, f"bias_hh_l{layer}")
        assert total[12:24].tolist() == [1.0] * 12
        assert abs(total[:12]).max() < 1


@pytest.mark.parametrize("cell", CELLS)
def test_cut_zeroes_the_lanes_where_a_document_begins(cell: str) -> None:
    """Only those lanes forget."""
    model = build(cell)
    _, state = model(torch.randint(256, (5, 3)), model.initial_state(3))
    for part, before in zip(model.cut(state, torch.tensor([False, True, False])), state, strict=True):
        assert part[:, 1].abs().max() == 0
        assert torch.equal(part[:, ::2], before[:, ::2])


@pytest.mark.parametrize("cell", CELLS)
def test_documents_in_lanes_read_as_if_alone(cell: str) -> None:
    """A document's logits do not depend on what its lane read before, nor on the other lanes."""
    model = build(cell)
    rng = np.random.default_rng(0)
    texts = [b"\x02" + bytes([i]) + rng.bytes(n) + b"\x03" for i, n in enumerate((30, 5, 17, 8, 60, 11, 3))]
    found: dict[int, list[torch.Tensor]] = {}
    state, current = model.initial_state(2), [0, 0]
    lanes = Lanes(texts, lanes=2, window=8)
    begun = [False, False]  # a lane's first document may have begun in the other lane
    with torch.no_grad():
        for window in lanes.epoch(np.random.default_rng(3)):
            x, y, starts = (torch.from_numpy(part) for part in (window.x, window.y, window.starts))
            logits, state = model(x, model.cut(state, starts))
            for lane in range(2):
                if x[0, lane] == 2 and starts[lane]:
                    begun[lane], current[lane] = True, int(x[1, lane])
                if begun[lane]:
                    found.setdefault(current[lane], []).append(logits[y[:, lane] >= 0, lane])
        for number, pieces in found.items():
            read = torch.cat(pieces)
            alone, _ = model(torch.tensor(list(texts[number][:-1]))[:, None], model.initial_state(1))
            torch.testing.assert_close(read, alone[: len(read), 0], rtol=1e-4, atol=1e-5)
    assert len(found) >= 6


def test_detach_is_float32_without_history() -> None:
    """Backpropagation ends at a window's start, and bfloat16 does not creep from window to window."""
    model = build()
    _, state = model(torch.randint(256, (5, 3)), model.initial_state(3))
    for part in detach((state[0].bfloat16(), state[1].bfloat16())):
        assert part.dtype == torch.float32
        assert part.grad_fn is None


@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_acts_in_training_alone(layers: int) -> None:
    """With dropout two readings differ while training, and agree otherwise; one layer does not make torch warn."""
    model = build(layers=layers, dropout=0.5)
    ids = torch.randint(256, (5, 3))
    state = model.initial_state(3)
    assert not torch.equal(model(ids, state)[0], model(ids, state)[0])
    model.eval()
    assert torch.equal(model(ids, state)[0], model(ids, state)[0])


def test_repr_says_its_size() -> None:
    """The repr is a line for a status display."""
    assert repr(CharLSTM(TINY)) == f"<CharLSTM 1x32 lstm, {TINY.parameters:,} parameters>"
