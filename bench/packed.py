"""How much memory training takes on a packed corpus, beside the corpus's size: of its own, and mapped of the file.

What is mapped of a file is the system's to take back, and counts as resident until it does. The text is real, many
times over. Linux only.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import options
from material import text
from report import Report

from charwise_trainer.batches import Lanes
from charwise_trainer.config import NARROW, ModelConfig, TrainConfig
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.learner import Learner
from charwise_trainer.packed import Packed, open_packed, write

_WORKER = "CHARWISE_PACKED"  # what a worker is to do, and with which corpus
_FIELDS = {"VmHWM": "peak", "RssAnon": "own", "RssFile": "mapped"}  # of /proc/self/status
_WHOLE = TrainConfig(lanes=64, window=1024)  # quick to read all with, where nobody learns


def main() -> None:
    """Measure, print the table and the JSON line."""
    parser = options(__doc__.splitlines()[0], megabytes=(1000, "of text"), seconds=(60.0, "of training"))
    chosen = parser.parse_args()
    if _WORKER in os.environ:
        what, path, seconds = json.loads(os.environ[_WORKER])
        _work(what, open_packed(Path(path)), seconds)
        return
    report = Report("packed", vars(chosen))
    seconds = 5.0 if chosen.quick else chosen.seconds
    with tempfile.TemporaryDirectory(prefix="charwise-bench-") as folder:
        began = time.perf_counter()
        packed = write(_files(chosen.megabytes * 10**6), Path(folder) / "packed", lambda file: file.name == "0.py")
        report.say(f"{packed!r}, written in {time.perf_counter() - began:.0f} s")
        rows = []
        for what in ("opened", "trained", "read whole"):
            command, asked = [sys.executable, __file__], json.dumps([what, str(packed.path), seconds])
            done = subprocess.run(command, env=os.environ | {_WORKER: asked}, stdout=subprocess.PIPE, check=True)
            rows.append([what, *json.loads(done.stdout)])
    columns = ["MB resident", "of text", *_FIELDS.values(), "characters read", "seconds"]
    report.grid("a process on a packed corpus (1x128 where it learns)", columns, rows)
    report.end()


def _files(size: int) -> Iterator[CorpusFile]:
    parts = [text(100_000, number).encode() for number in range(200)]
    for number in itertools.count():
        if size <= 0:
            return
        yield CorpusFile(f"{number}.py", parts[number % len(parts)], 0)
        size -= len(parts[number % len(parts)])


def _work(what: str, packed: Packed, seconds: float) -> None:
    """Read as asked; print what is resident at the end, in MB, and what was read."""
    config = _WHOLE if what == "read whole" else TrainConfig()
    lanes = Lanes(packed.documents, *NARROW)
    learner = Learner(ModelConfig(layers=1, width=128), config, NARROW[0], "fp32")
    began, characters = time.perf_counter(), 0
    for window in lanes.epoch(np.random.default_rng(0)):
        if what == "opened":
            break
        if what == "trained":
            learner.step(window, config.rate)
            if time.perf_counter() > began + seconds:
                break
        characters += window.characters
    print(json.dumps([packed.characters / 1e6, *_resident(), characters, time.perf_counter() - began]))


def _resident() -> list[float]:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.endswith("kB")}
    return [int(sizes[field]) * 1024 / 1e6 for field in _FIELDS]


if __name__ == "__main__":
    main()
