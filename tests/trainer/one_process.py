"""One process of a training by several, as test_distributed starts it: notes which files it writes, and can go wrong.

Environment: NOTES is the file to note them in, one for each process; STOPS, DIES and MISLEADS are PROCESS:STEP, at
which that process gets SIGTERM, dies, and computes NaN.
"""

import math
import os
import signal
import sys
from pathlib import Path

from charwise_trainer.__main__ import main
from charwise_trainer.batches import Window
from charwise_trainer.learner import Learner

NUMBER = os.environ["RANK"]
FOLDER = str(Path(sys.argv[sys.argv.index("--model") + 1]).resolve())


def note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
        if path.startswith(FOLDER):
            written.append(path)


def is_now(what: str, step: int) -> bool:
    return os.environ.get(what) == f"{NUMBER}:{step}"


def step(self: Learner, window: Window, rate: float) -> float:
    steps.append(rate)
    if is_now("STOPS", len(steps)):
        os.kill(os.getpid(), signal.SIGTERM)
    if is_now("DIES", len(steps)):
        os._exit(9)
    read = self._read
    if is_now("MISLEADS", len(steps)):
        self._read = lambda *given: (read(*given)[0] * math.nan, given[1])
    loss = real_step(self, window, rate)
    self._read = read
    return loss


written: list[str] = []
steps: list[float] = []
real_step = Learner.step
Learner.step = step  # type: ignore[method-assign]
sys.addaudithook(note)
try:
    main()
finally:
    if "NOTES" in os.environ:
        Path(f"{os.environ['NOTES']}-{NUMBER}").write_text("\n".join(written))
