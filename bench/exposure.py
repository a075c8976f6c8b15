"""What a base model gives away of what it has learned: pieces that it copies, canaries that it remembers.

$ python bench/exposure.py --model pretrain-base --corpus ~/.cache/charwise/pretrain/corpus-0123456789ab

Of the model is sampled at several temperatures, and each piece of that is looked up in the corpus. The canaries are
those that were planted in it; those of a group were each read as often. One line of JSON last.
"""

import argparse
import statistics
from pathlib import Path

from report import Report

from charwise.experiments.audit import novelty
from charwise.pretraining.canaries import REPEATS, canaries
from charwise.pretraining.exposure import MOST, exposure
from charwise_daemon import paths
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
    learned = open_packed(chosen.corpus).documents.raw.tobytes()

    rows = []
    for temperature in (0.2, 0.5, 0.8, 1.0):
        shares = []
        for name in _NAMES:
            header = encode_header(name)
            drawn = bytes(sample(engine, header, chosen.length, temperature, seed=1, begin=header))
            shares.append(novelty(drawn, learned, _LENGTHS))
        rows.append([f"{temperature:g}", *(100 * (1 - statistics.fmean(each[n] for each in shares)) for n in _LENGTHS)])
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


if __name__ == "__main__":
    main()
