"""What a character of a search takes: by one call of the kernel for all of it, and by a call for each part.

A project of a megabyte, a 2x512 LSTM that was really trained, and a document; at places of this, after a pause as
between two keys, the likeliest characters are followed. Both take turns at the same places. One line of JSON last.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import measuring, options, weights
from material import project
from report import Report, Row

from charwise_daemon import predictor as predicting
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.engine import State, engine_of
from charwise_daemon.memory import CorpusMemory, Memory, OpenMemories
from charwise_daemon.predictor import Predictor
from charwise_daemon.shard import GAP, MAX_ORDER, Shard, Strip
from charwise_trainer.corpus import discover, encode

_LENGTH, _PAUSE_SECONDS, _READ, _NEARBY = 12, 0.03, 300, 2048
_SIZE, _SEED = 100_000, 1


def main() -> None:
    """Measure, print the table and the JSON line."""
    chosen = options((__doc__ or "").splitlines()[0], places=(150, "of the document")).parse_args()
    if chosen.quick:
        chosen.places = min(chosen.places, 40)
    with measuring("searching", chosen) as (report, folder, model):
        _measure(report, folder, model, chosen.places)


def _measure(report: Report, folder: Path, model: Path, places: int) -> None:
    stored, files = weights(model), discover(project(folder / "project", 1_000_000)).files
    text = b"\n".join(file.data for file in files)[:_SIZE]
    memory = CorpusMemory.build({file.name: encode(file) for file in files}).memory
    engine = engine_of(stored.meta.model, stored.weights)
    predictor = Predictor(engine, corpus=memory, adaptation=Adaptation(engine.width))
    ways = {"one call": predicting.course_of, "a call for each part": lambda *_: None}
    begun, steps = ({name: list[float]() for name in ways} for _ in range(2))
    for place in np.random.default_rng(_SEED).integers(_READ, len(text), places).tolist():
        state, context = engine.read(engine.start(), text[place - _READ : place]), text[place - MAX_ORDER : place]
        strip = Strip(text[max(0, place - _NEARBY) : place] + GAP, 0, is_end=True)
        near = OpenMemories(Memory([Shard(text)], source="documents"), Memory((), [strip], source="nearby"))
        for name, course_of in ways.items():
            predicting.course_of = course_of  # type: ignore[assignment]
            time.sleep(_PAUSE_SECONDS)
            first, *others = _search(predictor, state, context, near)
            begun[name].append(1000 * first)
            steps[name] += [1e6 * each for each in others]
        predictor.learn(predictor.at(state, context, near), text[place])
    rows = [Row(f"where a search begins, {name}", "ms", begun[name]) for name in ways]
    report.table(
        "a character of a search", [*rows, *(Row(f"each further one, {name}", "µs", steps[name]) for name in ways)]
    )


def _search(predictor: Predictor, state: State, context: bytes, near: OpenMemories) -> Iterator[float]:
    """Yield the seconds of the first position, and of each after it."""
    began = time.perf_counter()
    position = predictor.at(state, context, near)
    yield time.perf_counter() - began
    for _ in range(_LENGTH):
        character = int(position.probabilities.argmax())
        began = time.perf_counter()
        position = predictor.step(position, character)
        yield time.perf_counter() - began


if __name__ == "__main__":
    main()
