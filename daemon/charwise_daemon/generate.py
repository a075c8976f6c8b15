"""Text drawn from the LSTM at a place of a document, in pieces of valid UTF-8. Knows no connections.

The rule is the sampler's (char-rnn's): scores divided by a temperature. What would be no UTF-8, a control character
that no text has, or the end of the file is not drawn: whoever asks for a length gets it.
"""

import asyncio
import math
from collections.abc import AsyncIterator

import numpy as np

from charwise_daemon import utf8
from charwise_daemon.engine import Engine, State
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.sampler import choose

# Characters that are drawn before others have their turn: as many as take about a millisecond.
_AT_ONCE = 8
_LINE_FEED = ord("\n")
_CONTROLS = [code for code in range(32) if code not in b"\t\n\r"]
# Which bytes may come in each state of UTF-8.
_ALLOWED = utf8.ALLOWED.copy()
_ALLOWED[:, [*_CONTROLS, 0x7F]] = False


async def generated(engine: Engine, state: State, length: int, temperature: float, seed: int) -> AsyncIterator[bytes]:
    """Yield text in pieces, up to the end of the code point that has character `length`; a seed gives the same again.

    Raises:
        InvalidRequestError: length or temperature lead nowhere.
    """
    if length < 1 or not (math.isfinite(temperature) and temperature >= 0):
        raise InvalidRequestError(
            f"length {length} at temperature {temperature}: take a length of 1 or more, and a temperature of 0 or more"
        )
    chance, piece, unicode, left = np.random.default_rng(seed), bytearray(), utf8.BOUNDARY, length
    while left > 0 or unicode != utf8.BOUNDARY:
        scores = np.where(_ALLOWED[unicode], engine.logits(state).astype(np.float64), -np.inf)
        character = choose(scores, temperature, None, chance)
        piece.append(character)
        unicode, state, left = int(utf8.FOLLOWS[unicode, character]), engine.step(state, character), left - 1
        if unicode == utf8.BOUNDARY and (len(piece) >= _AT_ONCE or character == _LINE_FEED or left <= 0):
            yield bytes(piece)
            piece.clear()
            await asyncio.sleep(0)
