"""Training: the loop, read from top to bottom. Progress leaves it as yielded events; there are no hooks.

Knows nothing of who runs it. Whatever ends it (its budget, `should_stop`, Ctrl-C, a closed generator, a kill, a full
disk), the last stored checkpoint is whole, and training continues from it.

    for event in train(discover(root).files, directory, TrainConfig(minutes=1)):
        print(event)
"""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from charwise_trainer import checkpoint
from charwise_trainer.checkpoint import Checkpoint, training_lock
from charwise_trainer.config import TrainConfig
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.distributed import any_of, first, held_by_first, is_first, part
from charwise_trainer.errors import CheckpointError, ConfigError, CorpusError, StorageError
from charwise_trainer.events import Event, Finished, Warned
from charwise_trainer.learned import NONE
from charwise_trainer.material import Material
from charwise_trainer.packed import Packed
from charwise_trainer.recorder import recorded
from charwise_trainer.run import Run

__all__ = ["TrainConfig", "train"]

FEWEST_CHARACTERS = 200
"""Less is no text to learn from: two lines are not held out of it without losing half."""
FEW_CHARACTERS = 100_000
"""Below that a character model recites what it read rather than learn from it (char-rnn calls 1 MB very small)."""


def train(
    files: Sequence[CorpusFile] | Packed,
    directory: Path,
    config: TrainConfig | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Generator[Event]:
    """Train the model stored in `directory`, or a new one, on these files; yield what happens.

    Raises CorpusError for too little text, ModelBusyError, ConfigError, CheckpointError where nothing stored can be
    read, StorageError where nothing can be stored, DivergenceError.
    """
    config = config or TrainConfig()
    if not isinstance(files, Packed):
        check_corpus(files)
    _check_lanes(config.batch(goes_on=False)[0], part().of)
    with held_by_first(training_lock(directory)):
        if config.threads:
            torch.set_num_threads(config.threads)
        run, warnings = _open(files, directory, config)
        events = _train(run, warnings, should_stop)
        yield from recorded(directory, events) if is_first() else events


def _train(run: Run, warnings: Sequence[str], should_stop: Callable[[], bool]) -> Generator[Event]:
    """Begin, learn, end."""
    yield run.started()
    for message in warnings:
        yield Warned(message)
    if run.is_over:
        yield _finished(run, interrupted=False)
        return

    try:
        yield from _loop(run, any_of(should_stop))
    except KeyboardInterrupt:
        pass  # as if should_stop had said so
    except GeneratorExit:  # closed: nobody listens any more, and evaluating takes time
        run.keep()
        raise
    yield from _finish(run)


def _loop(run: Run, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Learn window after window until the budget is spent or `should_stop` says so."""
    for window in run.windows():
        run.clock.skip()  # what the consumer did meanwhile is not our time

        # 1. learn
        loss = run.learn(window)

        # 2. back to the last good weights if that went off the rails
        if why := run.rails.verdict(loss):
            yield run.recover(why)
            continue

        # 3. tell
        if run.due("progress") or run.done >= 1:
            yield run.progress()
        if run.due("sample"):
            yield run.sample()

        # 4. enough?
        if run.done >= 1 or should_stop():
            return

        # 5. measure and keep
        if run.due("evaluate"):
            yield from _evaluate_and_keep(run)


def _evaluate_and_keep(run: Run) -> Iterator[Event]:
    """Evaluate and store, going on without where the disk does not let us: there may be room later."""
    before = run.clock.seconds
    result = run.evaluate()
    if why := run.off_the_rails(result):
        yield run.recover(why)
        return
    yield result
    try:
        yield run.keep(result)
    except StorageError as error:
        yield Warned(str(error))
    run.postpone(run.clock.seconds - before)


def _finish(run: Run) -> Iterator[Event]:
    """Evaluate, store, and say where the best checkpoint is; a second Ctrl-C leaves the evaluation out."""
    interrupted = run.done < 1
    if not (interrupted and run.kept_at == run.step):
        result = None
        try:
            result = run.evaluate(is_end=not interrupted)
            if why := run.off_the_rails(result):
                yield run.recover(why)
                result = run.evaluate(is_end=not interrupted)
        except KeyboardInterrupt:
            interrupted = True
        if result is not None:
            yield result
        yield run.keep(result, finished=not interrupted)
    yield _finished(run, interrupted=interrupted)


def _finished(run: Run, *, interrupted: bool) -> Finished:
    best, last = first(lambda: (checkpoint.best(run.directory), checkpoint.last(run.directory)))
    assert best is not None, "keep() stored one"
    bpc = run.best_bpc if math.isfinite(run.best_bpc) else None
    served = run.kept_at < 0 or best == last
    return Finished(best, run.step, bpc, interrupted=interrupted, served=served)


def _open(files: Sequence[CorpusFile] | Packed, directory: Path, config: TrainConfig) -> tuple[Run, list[str]]:
    """Return the run, at its first step, and what the user should know before it."""
    start, warnings = first(lambda: _find_start(directory))
    if isinstance(files, Packed):
        material = Material.packed(files, config, part())
    else:
        material = _lay_out(files, config, start, warnings)
    run = Run(material, directory, config, start)
    if start:
        try:
            run.go_on_from(start)
        except CheckpointError as error:
            warnings.append(f"{error}; training continues without what the optimizer knew")
    return run, warnings


def _lay_out(
    files: Sequence[CorpusFile], config: TrainConfig, start: Checkpoint | None, warnings: list[str]
) -> Material:
    """Return the files as a run uses them, and add what the user should know of them to the warnings."""
    warnings += _warn_small(sum(len(file.data) for file in files))
    learned, aside = None, NONE
    if start:
        try:
            learned, aside = first(start.learned), first(start.held_out)
        except CheckpointError as error:
            warnings.append(f"{error}; what is older than the checkpoint counts as learned")
    return Material.of(files, config, start, learned, aside, part())


def _find_start(directory: Path) -> tuple[Checkpoint | None, list[str]]:
    """Return the checkpoint to continue from, None where none is stored, and what was wrong with better ones.

    The last where its run was interrupted, else the best: a run that ended and is not served has led nowhere. Else
    whatever is there, the newest first; raises CheckpointError where none can be read.
    """
    last, best = checkpoint.last(directory), checkpoint.best(directory)
    is_over = last is not None and checkpoint.is_finished(last)
    candidates = [*([best, last] if is_over else [last, best]), *checkpoint.stored(directory)]
    errors: list[CheckpointError] = []
    for path in dict.fromkeys(path for path in candidates if path):
        try:
            found = checkpoint.load(path)
        except CheckpointError as error:
            errors.append(error)
            continue
        meta = replace(found.meta, finished=found.meta.finished or is_over)
        return replace(found, meta=meta), [f"{error}; continuing from {path.name}" for error in errors]
    if errors:
        raise errors[0]
    return None, []


def check_corpus(files: Sequence[CorpusFile]) -> None:
    """Raise CorpusError where there is too little text to learn from."""
    characters = sum(len(file.data) for file in files)
    if not files:
        raise CorpusError(
            "there are no files to learn from: every one was left out, or the folder is empty; "
            "`charwise workspace show` says which and why"
        )
    if characters < FEWEST_CHARACTERS:
        raise CorpusError(
            f"there are {characters} characters to learn from, too few for any model: "
            f"write more than {FEWEST_CHARACTERS}, or train a folder that holds more"
        )


def _check_lanes(lanes: int, processes: int) -> None:
    if lanes % processes:
        some = lanes // processes * processes
        near = f"{some} or {some + processes}" if some else str(processes)
        raise ConfigError(f"{lanes} lanes cannot be shared equally by {processes} processes: use {near} lanes")


def _warn_small(characters: int) -> list[str]:
    if characters >= FEW_CHARACTERS:
        return []
    message = (
        f"there are only {characters:,} characters to learn from, which is very little: the model will recite them "
        "more than learn from them; a larger folder makes a better model, from about 1,000,000 on a good one"
    )
    return [message]
