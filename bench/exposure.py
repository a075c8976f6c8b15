"""What a base model gives away of what it has learned: pieces that it copies, canaries that it remembers.

$ python bench/exposure.py --model pretrain-base --corpus ~/.cache/charwise/pretrain/corpus-0123456789ab

Of the model is sampled at several temperatures, and each piece of that is looked up in the corpus. The canaries are
those that were planted in it; those of a group were each read as often. One line of JSON last.
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

import pydivsufsort
from report import Report

from charwise.pretraining.canaries import REPEATS, canaries
from charwise.pretraining.exposure import MOST, exposure
from charwise_daemon import paths
from charwise_daemon.engine import Engine
from charwise_daemon.sampler import sample
from charwise_daemon.store import Store
from charwise_trainer.corpus import encode_header
from charwise_trainer.packed import open_packed

_LENGTHS = (20, 30, 40, 50)
_NAMES = ("src/server.py", "src/parser.c", "lib/index.js", "pkg/main.go", "src/lib.rs", "paper.tex", "README.md")


def main() -> None:
    """Sample, look up, rank; print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="pretrain-base", help="a stored model")
    parser.add_argument("--corpus", type=Path, required=True, help="the packed corpus that it has learned")
    parser.add_argument("--length", type=int, default=4_000, help="characters of a sample, of each type of file")
    chosen = parser.parse_args()
    report = Report("exposure", vars(chosen))
    engine = Store(paths.models_dir()).load(chosen.model).engine
    learned = Learned(open_packed(chosen.corpus).documents.raw.tobytes())

    rows = []
    for temperature in (0.2, 0.5, 0.8, 1.0):
        drawn = [_drawn(engine, name, chosen.length, temperature) for name in _NAMES]
        rows.append([f"{temperature:g}", *(100 * learned.share(drawn, length) for length in _LENGTHS)])
    report.grid(
        "pieces of samples that stand in the text that was learned, in percent",
        ["temperature", *(f"{length} characters" for length in _LENGTHS)],
        rows,
    )

    found = [exposure(engine, each) for each in canaries()]
    rows = []
    for repeats in REPEATS:
        bits = [each.bits for each in found if each.canary.repeats == repeats]
        rows.append([repeats, len(bits), statistics.fmean(bits), max(bits), f"{MOST:.1f}"])
    report.grid(
        "exposure of canaries, in bits", ["planted in so many files", "canaries", "mean", "most", "of at most"], rows
    )
    report.end()


class Learned:
    """The text that was learned, in which pieces are found by a suffix array."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._suffixes = pydivsufsort.divsufsort(text)

    def share(self, samples: Sequence[bytes], length: int) -> float:
        """Return the share of the samples' pieces of a length that stand in it."""
        pieces = [each[at : at + length] for each in samples for at in range(0, len(each) - length + 1, length // 2)]
        return statistics.fmean(self._has(piece) for piece in pieces)

    def _has(self, piece: bytes) -> bool:
        count, _ = pydivsufsort.sa_search(self._text, self._suffixes, piece)
        return bool(count)


def _drawn(engine: Engine, name: str, length: int, temperature: float) -> bytes:
    header = encode_header(name)
    return bytes(sample(engine, header, length, temperature, seed=1, begin=header))


if __name__ == "__main__":
    main()
