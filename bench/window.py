"""How much the LSTM must read before a jump's target: bits per character after windows of different length.

At places of files that the model has not seen, it reads the header and a window, and the bits of the next characters
are counted: beside the steps that it took, that is what daemon/charwise_daemon/snapshots.py's GRID was chosen by.
"""

import argparse
import json
import random
import sysconfig
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from charwise_daemon import paths
from charwise_daemon.kernel import MOST_BATCH
from charwise_daemon.kernel_engine import KernelEngine
from charwise_daemon.store import Store
from charwise_trainer.corpus import encode_header

_WINDOWS = (0, 16, 32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)
_SCORED = 64  # characters after each place


def main() -> None:
    """Print the table, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a stored LSTM's name, see `charwise models list`")
    parser.add_argument("--files", type=Path, nargs="*", help="text that it was not trained on (default: asyncio)")
    parser.add_argument("--places", type=int, default=320)
    chosen = parser.parse_args()
    engine = Store(paths.models_dir()).load(chosen.model).engine
    assert isinstance(engine, KernelEngine), "this takes a kernel: on numpy it would take an hour"
    files = chosen.files or sorted((Path(sysconfig.get_path("stdlib")) / "asyncio").glob("*.py"))
    places = _places({file.name: file.read_bytes() for file in files}, chosen.places)
    rows = {window: _bits(engine, places, window) for window in _WINDOWS}
    table = Table("characters read", "bits per character", "more than the longest", "standard error")
    longest = rows[_WINDOWS[-1]]
    for window, bits in rows.items():
        error = (bits - longest).std() / len(bits) ** 0.5
        table.add_row(f"{window:,}", f"{bits.mean():.3f}", f"{(bits - longest).mean():+.4f}", f"{error:.4f}")
    Console().print(table)
    print(
        json.dumps({"model": repr(engine), "places": len(places), "bpc": {w: float(b.mean()) for w, b in rows.items()}})
    )


def _places(files: dict[str, bytes], number: int) -> list[tuple[bytes, bytes, int]]:
    """Return header, text and offset of places that have the longest window before them."""
    chance = random.Random(0)
    long = [(name, text) for name, text in files.items() if len(text) > _WINDOWS[-1] + 2 * _SCORED]
    drawn = [chance.choice(long) for _ in range(number)]
    return [(encode_header(name), text, chance.randrange(_WINDOWS[-1], len(text) - _SCORED)) for name, text in drawn]


def _bits(engine: KernelEngine, places: list[tuple[bytes, bytes, int]], window: int) -> np.ndarray:
    """Return the mean bits of the characters after each place, (places,)."""
    found = list[float]()
    for first in range(0, len(places), MOST_BATCH):
        group = places[first : first + MOST_BATCH]
        states = np.stack([engine.read(engine.read(engine.start(), h), t[o - window : o]) for h, t, o in group])
        bits, scores = np.zeros(len(group)), np.stack([engine.logits(state) for state in states])
        for step in range(_SCORED):
            characters = [text[offset + step] for _, text, offset in group]
            shares = np.exp(scores - scores.max(1, keepdims=True))
            bits -= np.log2(shares[np.arange(len(group)), characters] / shares.sum(1))
            states, scores = engine.step_batch(states, bytes(characters))
        found += (bits / _SCORED).tolist()
    return np.array(found)


if __name__ == "__main__":
    main()
