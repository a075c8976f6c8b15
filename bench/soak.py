"""Type for ten minutes in eight documents, with training on: nothing may be lost, nothing may grow.

Keys come at 10 per second whether or not the last is answered, with a pause of some seconds now and then in which the
documents are saved and the trainer goes on. Every request must be answered: with a result, or with the error that it
is outdated because a newer one came for the same document. Exit status 1 when one was not, when the daemon logged an
error, or when its memory grew.
"""

import asyncio
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from common import Daemon, configure, daemon, install, measuring, options
from layers import OnSocket
from material import Draft, draft, project
from processes import Watch, rss
from report import TYPED_DAEMON, Report, Row

from charwise_daemon import paths
from charwise_daemon.errors import CharwiseError, OutdatedError

_SIZES = (1_000, 10_000, 10_000, 30_000, 30_000, 100_000, 100_000, 1_000_000)
_PACE = 0.1
# Keys in a document until the typist turns to another, and seconds of typing until they think.
_STRETCH, _UNTIL_PAUSE = 25, 30.0
# Of the time, the first part fills caches and loads what is needed once: growth is fitted to the rest.
_WARM_UP_SHARE = 0.25
_SAMPLE_SECONDS = 5.0
# An answer that took longer is as good as lost.
_DEADLINE = 10.0


@dataclass
class Tally:
    """What became of the requests, and how large the daemon was when."""

    milliseconds: list[float] = field(default_factory=list)
    switched: list[float] = field(default_factory=list)  # of these, the first key after turning to a document
    outdated: int = 0
    lost: list[str] = field(default_factory=list)
    sizes: list[tuple[float, float]] = field(default_factory=list)  # (seconds, megabytes)


class Writer:
    """A document that is typed: its missing lines, then the same again."""

    def __init__(self, served: Daemon, document: Draft) -> None:
        self.editor, self._document, self._typed = OnSocket(served.client), document, 0
        self.newest = 0  # request
        self.reopen()

    def reopen(self) -> None:
        """Open it as it was."""
        self._typed = 0
        self.editor.open(self._document.path, self._document.before, self._document.after)

    def key(self) -> None:
        """Type the next character."""
        if self._typed == len(self._document.typed):
            self.editor.erase(self._document.typed)
            self._typed = 0
        self.editor.insert(self._document.typed[self._typed])
        self._typed += 1

    def save(self) -> None:
        """Write the file as it is now."""
        document = self._document
        self._document.path.write_text(document.before + document.typed[: self._typed] + document.after, "utf-8")


def main() -> None:
    """Measure, print the tables and the JSON line; exit 1 when something is wrong."""
    chosen = options(
        __doc__.splitlines()[0],
        minutes=(10.0, "of typing"),
        pause=(6.0, "seconds of thinking after each 30 of typing"),
        growth=(5.0, "megabytes per 10 minutes that count as none"),
    ).parse_args()
    if chosen.quick:
        chosen.minutes = 0.6
    with measuring("soak", chosen) as (report, folder, model):
        configure(training=True)
        small = project(folder / "small", 1_000_000)
        install(model, small)
        tally, watch = asyncio.run(_soak(small, 60 * chosen.minutes, chosen.pause))
        wrong = _judge(report, tally, watch, _errors(paths.log_file()), chosen)
    sys.exit(1 if wrong else 0)


async def _soak(small: Path, seconds: float, pause: float) -> tuple[Tally, Watch]:
    tally, tasks, chance = Tally(), set[asyncio.Task[None]](), random.Random(0)
    async with daemon() as served:
        await served.use(small)
        await served.train(small)
        pid = await served.pid()
        writers = [Writer(served, draft(small, size, number)) for number, size in enumerate(_SIZES)]
        began = time.monotonic()
        async with Watch(pid) as watch:
            measuring = asyncio.create_task(_measure(tally, pid, began, min(_SAMPLE_SECONDS, seconds / 40)))
            while time.monotonic() - began < seconds:
                until = time.monotonic() + _UNTIL_PAUSE
                while time.monotonic() < min(until, began + seconds):
                    await _stretch(chance.choice(writers), tally, tasks)
                for writer in chance.sample(writers, 2):
                    writer.save()
                await asyncio.sleep(pause)
            if tasks:
                await asyncio.wait(tasks)
            measuring.cancel()
    return tally, watch


async def _stretch(writer: Writer, tally: Tally, tasks: set[asyncio.Task[None]]) -> None:
    """Type a while in one document; each key is due when it is due."""
    due = time.perf_counter()
    for number in range(_STRETCH):
        writer.key()
        writer.newest += 1
        task = asyncio.create_task(_ask(writer, writer.newest, tally, is_first=number == 0))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        due += _PACE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def _ask(writer: Writer, number: int, tally: Tally, *, is_first: bool) -> None:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_DEADLINE):
            await writer.editor.suggestion()
    except OutdatedError as error:
        if number == writer.newest:  # nothing newer came: then it must be answered
            tally.lost.append(f"{error}, and nothing newer was asked")
        tally.outdated += 1
    except (CharwiseError, TimeoutError) as error:
        tally.lost.append(f"{type(error).__name__}: {error}")
    else:
        tally.milliseconds.append(1000 * (time.perf_counter() - began))
        tally.switched += tally.milliseconds[-1:] if is_first else []


async def _measure(tally: Tally, pid: int, began: float, every: float) -> None:
    while True:
        tally.sizes.append((time.monotonic() - began, rss(pid)))
        await asyncio.sleep(every)


def _errors(log: Path) -> list[str]:
    """Return the lines of the daemon's log that tell of a defect."""
    lines = log.read_text("utf-8").splitlines()
    return [line for line in lines if " ERROR " in line or line.startswith("Traceback")]


def _judge(report: Report, tally: Tally, watch: Watch, errors: list[str], chosen: Any) -> list[str]:
    """Show what was seen; return what is wrong."""
    times, sizes = np.array([each[0] for each in tally.sizes]), np.array([each[1] for each in tally.sizes])
    warm = times > _WARM_UP_SHARE * times[-1]
    (slope, _), covariance = np.polyfit(times[warm], sizes[warm], 1, cov=True)
    growth, doubt = 600 * float(slope), 600 * 2 * float(covariance[0, 0]) ** 0.5  # MB per 10 minutes, ± two errors
    rows = [
        Row("a key to its answer", "ms", tally.milliseconds, TYPED_DAEMON),
        Row("of these, the first after turning to a document", "ms", tally.switched),
    ]
    report.table(f"typing in {len(_SIZES)} documents, training on", rows)
    report.say(f"slowest answer {max(tally.milliseconds):.1f} ms; {tally.outdated} outdated by a newer request")
    report.say(f"{len(tally.lost)} requests lost; {len(errors)} errors in the daemon's log")
    report.say(f"resident, MB: {sizes[warm][0]:.1f} when warm, {sizes[-1]:.1f} at the end, {sizes.max():.1f} at most")
    judged = "too short a run to judge" if chosen.quick else f"up to {chosen.growth:g} counts as none"
    report.say(f"growth by linear fit {growth:+.2f} ± {doubt:.2f} MB per 10 minutes; {judged}")
    report.say(str(watch))
    report.note(
        trainer=str(watch),
        slowest=max(tally.milliseconds),
        outdated=tally.outdated,
        lost=tally.lost[:20],
        errors=errors[:20],
        resident=tally.sizes,
        growth_per_10_minutes=growth,
        growth_doubt=doubt,
    )
    wrong = [f"{len(tally.lost)} requests were lost: {tally.lost[0]}"] if tally.lost else []
    wrong += [f"the daemon logged {len(errors)} errors: {errors[0]}"] if errors else []
    if growth - doubt > chosen.growth and not chosen.quick:
        wrong.append(f"resident memory grew by {growth:.1f} MB per 10 minutes, which is over {chosen.growth:g}")
    for each in wrong:
        report.say(f"WRONG: {each}")
    report.note(wrong=wrong)
    return wrong


if __name__ == "__main__":
    main()
