"""Training as a whole: small models, really trained, and interrupted in every way."""

import math
import signal
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from charwise_trainer import checkpoint, run
from charwise_trainer.batches import Window
from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.errors import CorpusError, ModelBusyError
from charwise_trainer.evaluate import evaluate
from charwise_trainer.events import Evaluated, Finished, Progress, Sampled, Saved, Started, Warned
from charwise_trainer.holdout import split
from charwise_trainer.learner import Learner
from charwise_trainer.model import CharLSTM
from charwise_trainer.schedule import FLOOR
from charwise_trainer.train import train
from tests.trainer.small import TINY, corpus_file, of, python_files, short, stop_after

FILES = python_files()


def stored_model(path: Path) -> CharLSTM:
    found = checkpoint.load(path)
    model = CharLSTM(found.meta.config)
    model.load_state_dict({name: torch.tensor(array) for name, array in found.weights.items()})
    return model


def unigram_entropy(text: bytes) -> float:
    counts = np.array(list(Counter(text).values())) / len(text)
    return float(-(counts * np.log2(counts)).sum())


# --- a whole run ------------------------------------------------------------------------------------------------------
def test_train_learns_real_text(tmp_path: Path) -> None:
    """A few seconds bring held-out text well below the entropy of single characters, and the model is stored."""
    config = short(model=ModelConfig(layers=1, width=96, embedding=32), epochs=4)
    events = list(train(FILES, tmp_path, config))
    [finished] = of(Finished, events)
    _, held_out = split(FILES)
    measured = evaluate(stored_model(finished.path), held_out).bpc
    assert measured < 0.75 * unigram_entropy(b"".join(file.data for file in held_out))
    assert finished.bpc == pytest.approx(measured, rel=0.1)  # measured on pieces, each from its beginning
    assert not finished.interrupted


def test_train_tells_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started comes first and Finished last; progress goes from nothing to all; what is measured is stored."""
    monkeypatch.setattr(run, "COST_SHARE", 1e9)  # evaluate and sample at every step
    events = list(train(FILES, tmp_path, short(epochs=0.05, evaluate_every=1e-9, sample_every=1e-9)))
    started, finished = events[0], events[-1]
    assert isinstance(started, Started)
    assert isinstance(finished, Finished)
    assert started.model == TINY
    assert started.parameters == TINY.parameters
    assert started.resumed_from is None
    assert started.held_out > 200
    progress = of(Progress, events)
    assert progress[0].step == 1
    assert progress[0].loss == pytest.approx(math.log(256), rel=0.1)
    assert progress[-1].done == 1
    assert progress[-1].epoch == pytest.approx(0.05, rel=0.1)
    assert progress[-1].seconds_left == 0
    assert progress[-1].bpc < progress[0].bpc
    assert [each.done for each in progress] == sorted(each.done for each in progress)
    evaluated, saved = of(Evaluated, events), of(Saved, events)
    assert len(evaluated) == finished.step == len(of(Sampled, events))
    assert [(each.step, each.bpc, each.best) for each in evaluated] == [(s.step, s.bpc, s.best) for s in saved]
    assert finished.path == checkpoint.best(tmp_path)
    assert finished.step == progress[-1].step
    assert finished.bpc == min(each.bpc for each in evaluated)
    for sampled in of(Sampled, events):
        assert sampled.name in {file.name for file in FILES}
        assert len(sampled.text) <= run.SAMPLE_CHARACTERS


def test_train_stores_what_it_was(tmp_path: Path) -> None:
    """The stored meta says how it came about."""
    events = list(train(FILES, tmp_path, short()))
    meta = checkpoint.load(of(Finished, events)[0].path).meta
    assert meta.finished
    assert meta.config == TINY
    assert meta.step == of(Finished, events)[0].step
    assert meta.characters == pytest.approx(0.5 * meta.corpus_characters, rel=0.05)
    assert meta.seconds > 0
    assert meta.epochs == 1


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_train_other_cells(tmp_path: Path, cell: str) -> None:
    """GRU and plain RNN learn too."""
    model = ModelConfig(layers=2, width=32, embedding=16, cell=cell)  # type: ignore[arg-type]
    events = list(train(FILES, tmp_path, short(model=model)))
    progress = of(Progress, events)
    assert progress[-1].loss < 0.75 * progress[0].loss
    assert checkpoint.load(of(Finished, events)[0].path).meta.config == model


def test_train_within_minutes(tmp_path: Path) -> None:
    """A budget of time ends by itself, with the rate gone down."""
    events = list(train(FILES, tmp_path, short(minutes=0.02)))
    progress = of(Progress, events)
    assert progress[-1].done == 1
    assert progress[-1].rate < 0.2 * max(each.rate for each in progress)
    assert of(Finished, events)


def test_train_counts_what_it_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who gives way has computed for as long as was asked for, however often it was stopped on the way."""
    real = Learner.step

    def step(self: Learner, window: Window, rate: float) -> float:
        time.sleep(0.005)  # as if stopped, in the middle of a step
        return real(self, window, rate)

    monkeypatch.setattr(Learner, "step", step)
    config = short(minutes=0.005, gives_way=True, device="cpu")
    computed = time.thread_time()
    events = list(train(FILES, tmp_path, config))
    assert time.thread_time() - computed >= 60 * 0.005
    progress = of(Progress, events)
    assert progress[-1].done == 1
    assert progress[-1].rate == pytest.approx(config.rate * FLOOR)  # the rate comes down by the same clock
    meta = checkpoint.load(of(Finished, events)[0].path).meta
    assert meta.finished
    assert meta.seconds <= time.thread_time() - computed


def test_train_is_the_seed_alone(tmp_path: Path) -> None:
    """The same seed learns the same model to the last bit, as far as the precision is the same."""
    weights = []
    for name in ("one", "two"):
        events = list(train(FILES, tmp_path / name, short(epochs=0.1)))
        assert isinstance(events[0], Started)
        weights.append((events[0].precision, checkpoint.load(of(Finished, events)[0].path).weights))
    if weights[0][0] == weights[1][0]:
        assert all(np.array_equal(weights[0][1][name], weights[1][1][name]) for name in weights[0][1])


# --- too little -------------------------------------------------------------------------------------------------------
def test_train_refuses_no_files(tmp_path: Path) -> None:
    """Nothing to learn from is said before anything is made."""
    with pytest.raises(CorpusError, match="no files"):
        next(train([], tmp_path / "model"))
    assert not (tmp_path / "model").exists()


def test_train_refuses_hardly_any_text(tmp_path: Path) -> None:
    """A few words are no corpus."""
    with pytest.raises(CorpusError, match="there are 13 characters"):
        next(train([corpus_file("a.txt", b"hello, world\n")], tmp_path / "model"))


@pytest.mark.parametrize(
    "files",
    [
        [corpus_file("a.txt", b"one line\n" * 30)],
        [corpus_file(f"{i}.txt", b"x\n" * 20) for i in range(20)],
        [corpus_file("a.txt", b"x" * 300), corpus_file("empty.txt", b"")],
    ],
)
def test_train_warns_of_little_text(tmp_path: Path, files: list[CorpusFile]) -> None:
    """Very little text is learned all the same, with a warning that says what it means."""
    events = list(train(files, tmp_path, short(epochs=3)))
    assert "very little" in of(Warned, events)[0].message
    assert checkpoint.load(of(Finished, events)[0].path).meta.finished


def test_train_config_fills_in_the_model(tmp_path: Path) -> None:
    """Without a size asked for, the corpus decides."""
    started = next(train(FILES, tmp_path, TrainConfig(epochs=1, threads=1)))
    assert isinstance(started, Started)
    assert started.model == config_for(started.characters)


def test_train_twice_at_once(tmp_path: Path) -> None:
    """The second trainer of a model is told that it is busy."""
    first = train(FILES, tmp_path, short())
    next(first)
    with pytest.raises(ModelBusyError, match="trained by process"):
        next(train(FILES, tmp_path, short()))
    first.close()


# --- interrupted ------------------------------------------------------------------------------------------------------
def assert_goes_on(directory: Path, step: int) -> None:
    """Check that a whole checkpoint of this step is there, and that training goes on from it at full rate."""
    last, best = checkpoint.last(directory), checkpoint.best(directory)
    assert last is not None
    assert best is not None
    assert checkpoint.load(best).meta.step <= step
    assert checkpoint.load(last).meta.step == step
    assert not checkpoint.load(last).meta.finished
    events = list(train(FILES, directory, short(epochs=0.05)))
    assert isinstance(events[0], Started)
    assert (events[0].resumed_from, events[0].rate) == (step, 1e-2)
    assert of(Finished, events)[0].step > step


def test_train_stops_when_told(tmp_path: Path) -> None:
    """should_stop ends the run with a usable model, which the next run continues."""
    events = list(train(FILES, tmp_path, short(), stop_after(5)))
    [finished] = of(Finished, events)
    assert finished.interrupted
    assert finished.step == 5
    assert finished.bpc is not None
    assert_goes_on(tmp_path, 5)


def test_train_hears_ctrl_c(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the loop does the same."""

    def press_ctrl_c() -> bool:
        signal.raise_signal(signal.SIGINT)
        return False

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without one
    try:
        [finished] = of(Finished, list(train(FILES, tmp_path, short(), press_ctrl_c)))
    finally:
        signal.signal(signal.SIGINT, before)
    assert finished.interrupted
    assert_goes_on(tmp_path, 1)


def test_train_hears_a_second_ctrl_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C leaves the evaluation out, not the model."""

    def interrupted(_self: run.Run) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run.Run, "_measure", interrupted)
        events = list(train(FILES, tmp_path, short(), stop_after(3)))
    assert not of(Evaluated, events)
    assert of(Finished, events)[0].bpc is None
    assert_goes_on(tmp_path, 3)


def test_train_closed_by_its_consumer(tmp_path: Path) -> None:
    """A consumer that leaves, leaves a model behind, and the lock free."""
    events = train(FILES, tmp_path, short(evaluate_every=1e-9))
    step = next(event.step for event in events if isinstance(event, Saved))
    events.close()
    assert not checkpoint.is_training(tmp_path)
    assert_goes_on(tmp_path, step)


def test_train_closed_before_its_first_step(tmp_path: Path) -> None:
    """Nothing learned is nothing stored."""
    events = train(FILES, tmp_path, short())
    next(events)
    events.close()
    assert checkpoint.last(tmp_path) is None
