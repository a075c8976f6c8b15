"""The character model: an embedding, recurrent layers, a head. The whole of it, in one file.

Knows nothing of text, of training or of files. The names of the submodules are the stored format: the daemon's engine
reads `embedding.weight`, `rnn.weight_ih_l0`, ..., `head.bias` from a checkpoint and computes the same without torch.

>>> model = CharLSTM(ModelConfig(layers=1, width=8))
>>> logits, state = model(torch.zeros(5, 3, dtype=torch.long), model.initial_state(3))
>>> logits.shape
torch.Size([5, 3, 256])
"""

import torch
from torch import Tensor, nn

from charwise_trainer.config import VOCABULARY, ModelConfig, config_for

__all__ = ["VOCABULARY", "CharLSTM", "ModelConfig", "State", "config_for", "detach"]

State = tuple[Tensor, ...]
"""(h, c) of an LSTM, (h,) of the others; each (layers, B, width), float32."""

CELLS: dict[str, type[nn.LSTM | nn.GRU | nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class CharLSTM(nn.Module):
    """A character model of the given size; an LSTM unless its configuration says otherwise."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        # Dropout between layers is the recurrent module's own; with one layer there is no between, and torch warns.
        between = config.dropout if config.layers > 1 else 0.0
        self.embedding = nn.Embedding(VOCABULARY, config.embedding)
        self.rnn = CELLS[config.cell](config.embedding, config.width, config.layers, dropout=between)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.width, VOCABULARY)
        if config.cell == "lstm":
            self._open_forget_gates()

    def __repr__(self) -> str:
        return f"<CharLSTM {self.config.label}, {self.config.parameters:,} parameters>"

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read characters (T, B) from a state; return the logits of what follows each (T, B, 256) and the new state."""
        lstm = self.config.cell == "lstm"
        x = self.embedding(ids)  # (T, B, embedding)
        y, end = self.rnn(x, state if lstm else state[0])  # (T, B, width)
        logits = self.head(self.dropout(y))  # (T, B, 256)
        return logits, tuple(end) if lstm else (end,)

    def initial_state(self, batch: int) -> State:
        """Return the zero state of this many lanes: nothing read yet."""
        weight = self.head.weight
        shape = (self.config.layers, batch, self.config.width)
        return tuple(torch.zeros(shape, device=weight.device) for _ in range(2 if self.config.cell == "lstm" else 1))

    def drop_nothing(self) -> None:
        """Compute in training as in use: without dropout."""
        self.rnn.dropout = self.dropout.p = 0.0

    def cut(self, state: State, starts: Tensor) -> State:
        """Return the state with the lanes zeroed where a document begins; `starts` is (B,), bool."""
        keep = (~starts).to(state[0].dtype)[None, :, None]  # (1, B, 1)
        return tuple(part * keep for part in state)

    def _open_forget_gates(self) -> None:
        """Begin with forget gates that let the memory pass (Jozefowicz et al. 2015): their biases sum to one."""
        width = self.config.width
        with torch.no_grad():
            for layer in range(self.config.layers):
                getattr(self.rnn, f"bias_ih_l{layer}")[width : 2 * width] = 1.0  # rows are i, f, g, o
                getattr(self.rnn, f"bias_hh_l{layer}")[width : 2 * width] = 0.0


def detach(state: State) -> State:
    """Return the state without its history: the one place where backpropagation through time is truncated.

    In float32 again: under autocast a window leaves it in bfloat16.
    """
    return tuple(part.detach().float() for part in state)
