"""One prompt: the text that stands before the cursor as LSTM and memories read it, and what a search finds after it.

The LSTM reads the commands that were run last in this shell, each with its header, then the header of this one and
what was typed of it. Knows no sockets and no disk.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from charwise_daemon.completer import Draft, complete
from charwise_daemon.documents import same_ends
from charwise_daemon.engine import Engine, State
from charwise_daemon.fitting import Surroundings
from charwise_daemon.memory import OpenMemories
from charwise_daemon.predictor import Position, Predictor
from charwise_daemon.search import HOPELESS, Limits
from charwise_daemon.shard import MAX_ORDER
from charwise_daemon.shell.text import Command, body, record, text_of
from charwise_daemon.snapshots import Snapshots
from charwise_daemon.steps import Steps, last
from charwise_trainer.corpus import encode_header

# As the files are named that the LSTM learns commands from.
_FILE = "ran-000000.sh"
# Characters of commands before this one that the LSTM may read: more, and it would not read more of them anyway.
_MOST_BEFORE, _LEAST_BEFORE = 2048, 1024
# Commands are longer than lines of code, and most are foreseen to their ends.
_MOST_CHARACTERS = 128
# Below this probability of the whole text a search ends where a wrong suggestion costs half a keystroke or more: of
# bench/shell_quality.py's typing as much is saved as with 0.2, in a third fewer steps; 0.5 saves a little less. Where a
# wrong one costs less (eagerness 0.8), longer texts pay.
_HOPELESS, _DEAR = 0.35, 0.5
# Commands that the nearby memory has; it cuts them to 2,048 characters.
_MOST_LATELY = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A request at the prompt.

    Args:
        header: what stands before the command.
        typed: the command so far.
        memories: what was run here, and lately.
    """

    header: bytes
    typed: bytes
    memories: OpenMemories


def limits(alternatives: int, price: float, milliseconds: float = math.inf) -> Limits:
    """Return how far a search goes where a wrong suggestion costs so many keystrokes."""
    hopeless = _HOPELESS if price >= _DEAR else HOPELESS
    return Limits(_MOST_CHARACTERS, 1, alternatives, milliseconds, hopeless=hopeless)


class Prompt:
    """The prompt of one shell, and what was run at it."""

    def __init__(self, before: Iterable[Command] = ()) -> None:
        self.lately = deque[bytes](maxlen=_MOST_LATELY)
        self._before, self._text = bytearray(), bytearray()
        self._snapshots = Snapshots(encode_header(_FILE))
        status = 0
        for command in before:
            self.ran(command, status)
            status = command.status

    def __repr__(self) -> str:
        return f"Prompt({len(self.lately)} commands lately, {self._snapshots})"

    def ran(self, command: Command, status_before: int) -> None:
        """Take in a command that was run at it."""
        self.lately.append(body(command.text))
        self._before += record(command, status_before)
        if len(self._before) > _MOST_BEFORE:
            line = self._before.find(b"\n", len(self._before) - _LEAST_BEFORE) + 1
            del self._before[: line or len(self._before)]

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """Forget commands that were run at it; of what was before them nothing is known any more."""
        kept = [each for each in self.lately if not is_meant(text_of(each))]
        if len(kept) < len(self.lately):
            self.lately = deque(kept, maxlen=_MOST_LATELY)
            self._before.clear()

    def position(self, predictor: Predictor, asked: Asked) -> Steps[Position]:
        """Return what is known after what was typed, a few characters a step."""
        text, state = bytes(self._before) + asked.header + asked.typed, None
        self._follow(text)
        if predictor.engine:
            state = yield from last(self._states(predictor.engine, text))
        after = (self.lately[-1] if self.lately else b"") + b"\n" + asked.typed
        own = after[-MAX_ORDER:]
        return predictor.at(state, (asked.header + asked.typed)[-MAX_ORDER:], asked.memories, own)

    def find(self, predictor: Predictor, asked: Asked, limits: Limits, price: float) -> Steps[list[Draft]]:
        """Return what is worth showing after what was typed, best first; each step is a character or a few."""
        position = yield from self.position(predictor, asked)
        around = Surroundings.of(asked.typed, len(asked.typed))
        return (yield from last(complete(predictor, position, limits, around, price)))

    @staticmethod
    def learn(predictor: Predictor, position: Position, command: bytes) -> Steps[None]:
        """Let the predictor learn from a command that was typed at a position, a character a step."""
        for character in command + b"\n":
            predictor.learn(position, character)
            yield None
            position = predictor.step(position, character)

    def _follow(self, text: bytes) -> None:
        """Forget the states along what is not so any more."""
        same, _ = same_ends(bytes(self._text), text)
        if same < len(self._text):
            self._snapshots.cut(same)
        self._text[:] = text

    def _states(self, engine: Engine, text: bytes) -> Iterator[State]:
        return self._snapshots.read(engine, text, len(text))
