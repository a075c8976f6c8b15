"""Training after a save: what changed comes first, for as long as it is worth, and only what is not worse is served."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charwise_trainer import checkpoint, continual
from charwise_trainer.batches import IGNORE, Window
from charwise_trainer.config import TrainConfig
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.errors import CheckpointError
from charwise_trainer.evaluate import evaluate
from charwise_trainer.events import Evaluated, Event, Finished, Progress, Started, Warned
from charwise_trainer.holdout import split
from charwise_trainer.judge import Costs
from charwise_trainer.learned import digests, fresh, together
from charwise_trainer.learner import Learner
from charwise_trainer.run import Run
from charwise_trainer.train import train
from tests.trainer.small import of, python_files, short, stop_after
from tests.trainer.test_continual import edited
from tests.trainer.test_train import stored_model

FILES = python_files()
EDITED = [edited(file, b"quokka_total = 0\n") if file.name == "decoder.py" else file for file in FILES]


def after_a_save(**changes: object) -> TrainConfig:
    """Return settings as the daemon's trainer has them after a save."""
    return short(minutes=1.0, model=None, follows_change=True, **changes)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that has read all files twice."""
    directory = tmp_path_factory.mktemp("learned") / "model"
    list(train(FILES, directory, short(epochs=2)))
    return directory


@pytest.fixture
def model(learned: Path, tmp_path: Path) -> Path:
    """The same, to go on from."""
    return Path(shutil.copytree(learned, tmp_path / "model"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Window]]:
    """Every window that is learned."""
    windows: list[Window] = []
    real = Learner.step

    def step(self: Learner, window: Window, rate: float) -> float:
        windows.append(window)
        return real(self, window, rate)

    monkeypatch.setattr(Learner, "step", step)
    return iter([windows])


def save(directory: Path, files: list[CorpusFile], **changes: object) -> list[Event]:
    return list(train(files, directory, after_a_save(**changes)))


def known(directory: Path) -> np.ndarray:
    last = checkpoint.last(directory)
    assert last is not None
    found = checkpoint.load(last).learned()
    assert found is not None
    return found


def text_of(windows: list[Window], lane: int) -> bytes:
    return b"".join(bytes(w.x[w.y[:, lane] != IGNORE, lane].astype(np.uint8)) for w in windows)


# --- what is learned, and for how long --------------------------------------------------------------------------------
def test_first_training_knows_what_it_read(learned: Path) -> None:
    """Of the files that it read to their ends every passage is known; of what is held out none is."""
    training, held_out = split(FILES)
    assert all(not fresh(file.data, known(learned)) for file in training)
    assert any(fresh(file.data, known(learned)) for file in held_out)


def test_interrupted_training_knows_what_it_read(tmp_path: Path) -> None:
    """A file counts as learned when its last window was read, not before."""
    list(train(FILES, tmp_path, short(lanes=1), stop_after(700)))
    training, _ = split(FILES)
    read = [file for file in training if not fresh(file.data, known(tmp_path))]
    assert 0 < len(read) < len(training)


def test_changed_text_comes_first_beside_a_replay(model: Path, read: Iterator[list[Window]]) -> None:
    """After a save the changed passage is read three times, in one lane of its own; the others replay the corpus."""
    events = save(model, EDITED)
    [windows] = read
    started = of(Started, events)[0]
    assert started.changed is not None
    assert 0 < started.changed < 6_000
    assert started.is_short
    assert all(window.x.shape[1] == 8 for window in windows)
    changed = text_of(windows, 0)
    assert changed.count(b"quokka_total = 0\n") == continual.READINGS
    assert changed.count(b"\x02decoder.py\n") == continual.READINGS
    replay = b"".join(text_of(windows, lane) for lane in range(1, 8))
    assert len(replay) > 3 * len(changed)


def test_cost_follows_the_change(model: Path, tmp_path: Path) -> None:
    """A line takes a few steps, a new file many more, and neither the minute that there would be."""
    steps = []
    new = replace(FILES[0], name="new.py", data=FILES[0].data.replace(b"self", b"quokka").replace(b"e", b"oe"))
    for files in (EDITED, [*FILES, new]):
        directory = Path(shutil.copytree(model, tmp_path / f"{len(files)}"))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(continual, "WHOLE_SHARE", 1.0)
            events = save(directory, files)
        before, finished = of(Started, events)[0], of(Finished, events)[0]
        assert before.resumed_from is not None
        assert before.is_short
        assert not finished.interrupted
        assert of(Progress, events)[-1].done == 1
        steps.append(finished.step - before.resumed_from)
    assert 3 * steps[0] < steps[1]
    assert steps[0] < 300


def test_many_changes_are_worth_a_whole_training(model: Path) -> None:
    """When a tenth of the corpus has changed, one training has its whole budget, and begins with what changed."""
    new = replace(FILES[0], name="new.py", data=FILES[0].data.replace(b"self", b"quokka").replace(b"e", b"oe"))
    events = list(train([*FILES, new], model, short(epochs=0.6, model=None, follows_change=True)))
    started = of(Started, events)[0]
    assert not started.is_short
    assert started.changed is not None
    assert started.changed > 0.1 * sum(len(file.data) for file in FILES)
    assert checkpoint.load(of(Finished, events)[0].path).meta.changed == 0


def test_small_changes_are_counted(model: Path) -> None:
    """What short trainings have learned adds up in the checkpoint."""
    changed = [of(Started, save(model, files))[0].changed for files in (EDITED, FILES_WITH_TWO)]
    assert all(changed)
    last = checkpoint.last(model)
    assert last is not None
    assert checkpoint.load(last).meta.changed == sum(filter(None, changed))


FILES_WITH_TWO = [edited(file, b"narwhal_width = 1\n") if file.name == "encoder.py" else file for file in EDITED]


def test_nothing_changed_is_nothing_done(model: Path) -> None:
    """Without changes, after a change undone, and after a file's end, no step is taken and nothing is stored."""
    for files in (FILES, FILES[1:], [replace(FILES[0], name="renamed.py"), *FILES[1:]]):
        before = checkpoint.last(model)
        events = save(model, files)
        finished = of(Finished, events)[0]
        assert finished.step == of(Started, events)[0].resumed_from
        assert finished.path == before == checkpoint.last(model)
        assert finished.served


def test_a_training_asked_for_is_whole(model: Path) -> None:
    """Who asks for minutes gets them, whatever has changed."""
    events = list(train(FILES, model, short(epochs=0.2, model=None)))
    assert not of(Started, events)[0].is_short
    assert of(Finished, events)[0].step > (of(Started, events)[0].resumed_from or 0)


def test_interrupted_after_a_save(model: Path) -> None:
    """What was not read often enough is changed text still, and the next run goes on at the same low rate."""
    events = list(train(EDITED, model, after_a_save(), stop_after(5)))
    assert of(Finished, events)[0].interrupted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_measure", worse_by(0.0))
        again = save(model, EDITED)
    assert of(Started, again)[0].changed == of(Started, events)[0].changed
    assert of(Started, again)[0].rate == of(Started, events)[0].rate
    assert checkpoint.load(of(Finished, again)[0].path).meta.continued
    assert of(Started, save(model, EDITED))[0].changed == 0


def test_learning_a_change_helps_with_it(model: Path) -> None:
    """New text costs fewer bits after its training, old text not more than a trifle."""
    line = b"        quokka_total = self.quokka_total + quokka_step(quokka_total)\n"
    files = [edited(file, 12 * line) if file.name == "decoder.py" else file for file in FILES]
    _, held_out = split(FILES)
    new = [replace(FILES[0], name="decoder.py", data=12 * line)]
    before = stored_model(of(Finished, save(model, FILES))[0].path)
    after = stored_model(of(Finished, save(model, files))[0].path)
    assert evaluate(after, new).bpc < 0.9 * evaluate(before, new).bpc
    assert evaluate(after, held_out).bpc < evaluate(before, held_out).bpc + 0.05


# --- older checkpoints ------------------------------------------------------------------------------------------------
def test_a_checkpoint_of_the_first_format(model: Path) -> None:
    """One that does not say what it has learned has learned all that is older than it; the next one says so."""
    last = checkpoint.last(model)
    assert last is not None
    (last / "learned.safetensors").unlink()
    meta = (last / "meta.json").read_text().replace('"format": 2', '"format": 1')
    (last / "meta.json").write_text(meta)
    newer = [replace(file, mtime_ns=2**62) if file.name == "scanner.py" else file for file in FILES]
    events = save(model, newer)
    assert not of(Warned, events)[1:]  # but that it is little text
    started, (training, held_out) = of(Started, events)[0], split(newer)
    kept_aside = started.held_out - sum(len(file.data) for file in held_out)
    assert started.changed == sum(len(file.data) for file in training if file.mtime_ns) - kept_aside
    assert checkpoint.load(of(Finished, events)[0].path).meta.format == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_measure", worse_by(0.0))
        assert of(Started, save(model, newer))[0].resumed_from is not None
        assert of(Started, save(model, newer))[0].changed in {0, kept_aside}


def test_a_broken_list_of_what_was_learned(model: Path) -> None:
    """A checkpoint whose list is broken is gone on from as one without."""
    last = checkpoint.last(model)
    assert last is not None
    (last / "learned.safetensors").write_bytes(b"gone")
    events = save(model, EDITED)
    assert any("learned.safetensors" in warned.message for warned in of(Warned, events))
    assert of(Finished, events)


# --- promotion --------------------------------------------------------------------------------------------------------
def worse_by(bits: float) -> Callable[[Run], Costs]:
    """Return a measurement that finds every piece so much worse than the best."""
    return lambda self: self.judge._rival + bits


def test_a_worse_candidate_is_not_served(model: Path) -> None:
    """It is stored and not served; the next training goes on from what is, and learns the change again."""
    served = checkpoint.best(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_measure", worse_by(0.2))
        events = save(model, EDITED)
    finished = of(Finished, events)[0]
    assert not of(Evaluated, events)[-1].best
    assert not finished.served
    assert finished.path == served == checkpoint.best(model) != checkpoint.last(model)
    again = save(model, EDITED)
    assert of(Started, again)[0].resumed_from == of(Started, events)[0].resumed_from
    assert of(Started, again)[0].changed == of(Started, events)[0].changed
    assert not [warned for warned in of(Warned, again) if "optimizer" in warned.message]


def test_renamed_files_stay_held_out(model: Path) -> None:
    """A folder renamed changes neither what is learned nor what is measured on."""
    renamed = [replace(file, name=f"moved/{file.name}") for file in FILES]
    before = of(Started, save(model, FILES))[0]
    after = of(Started, save(model, renamed))[0]
    assert split(renamed)[1] != [file for file in renamed if file.data in {held.data for held in split(FILES)[1]}]
    assert (after.changed, after.held_out) == (0, before.held_out)


def test_what_was_learned_is_not_measured_on(model: Path) -> None:
    """Where the held-out files are gone, others take their place, and only what of those is new counts."""
    training, _ = split(FILES)
    taken = split(training)[1][0]
    line = b"quokka_total = 0\n" * 9
    newer = [replace(file, data=file.data + line) if file.name == taken.name else file for file in training]
    started = of(Started, save(model, newer))[0]
    assert 0 < started.held_out < sum(len(file.data) for file in split(newer)[1]) / 2


def test_a_ruinous_training_is_not_served(model: Path) -> None:
    """Really trained at a rate that spoils the model, it is found worse."""
    events = save(model, FILES_WITH_TWO, rate=3.0)
    assert not of(Finished, events)[0].served
    assert checkpoint.load(of(Finished, events)[0].path).meta.step == of(Started, events)[0].resumed_from


def save_often(model: Path, times: int) -> list[int]:
    """Save that many changes, each of which is learned and served; return the steps at their ends."""
    steps = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_measure", worse_by(-0.1))
        for number in range(times):
            word = b"quokka_%d = %d\n" % (number, number)
            files = [edited(file, word) if file.name == "decoder.py" else file for file in FILES]
            steps.append(of(Finished, save(model, files))[0].step)
    return steps


def test_go_back_to_the_one_before(model: Path) -> None:
    """The one served before a save can be served again; training goes on from there."""
    first = checkpoint.best(model)
    with pytest.raises(CheckpointError, match="no checkpoint to go back to"):
        checkpoint.roll_back(model)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_measure", worse_by(-0.1))
        save(model, EDITED)
    second = checkpoint.best(model)
    assert second != first
    assert checkpoint.good(model) == [first]
    back = checkpoint.roll_back(model)
    assert first == checkpoint.best(model) == checkpoint.last(model)
    assert back == checkpoint.read_meta(first)
    assert checkpoint.good(model) == []
    started = of(Started, save(model, EDITED))[0]
    assert (started.resumed_from, bool(started.changed)) == (back.step, True)


def test_the_last_good_ones_are_kept(model: Path) -> None:
    """Three of those that were served can be gone back to, one after the other."""
    steps = save_often(model, 5)
    back = [checkpoint.roll_back(model).step for _ in range(3)]
    assert back == steps[3:0:-1]
    with pytest.raises(CheckpointError):
        checkpoint.roll_back(model)


def test_going_back_passes_over_what_is_damaged(model: Path) -> None:
    """A checkpoint that cannot be read is never served: the one before it is, where there is one."""
    steps = save_often(model, 3)
    newest, *_ = checkpoint.good(model)
    (newest / checkpoint.WEIGHTS).write_bytes(b"damaged")
    assert checkpoint.roll_back(model).step == steps[0]
    [oldest] = checkpoint.good(model)
    (oldest / checkpoint.META).write_bytes(b"{}")
    with pytest.raises(CheckpointError, match="no checkpoint to go back to that can be read"):
        checkpoint.roll_back(model)
    assert checkpoint.best(model).name == f"c{steps[0]:08d}"  # type: ignore[union-attr]


def test_what_is_known_is_of_the_text_there_now(model: Path) -> None:
    """Text that is gone stays known as long as there is room, so that a branch switched back costs nothing."""
    save(model, EDITED)
    assert np.isin(together([digests(file.data) for file in split(FILES)[0]]), known(model)).all()
    assert of(Started, save(model, FILES))[0].changed == 0
