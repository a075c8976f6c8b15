"""The curves that stay beside a model: whole after whatever ends a training, never long, and never in its way."""

import itertools
import json
import zipfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from charwise_trainer import checkpoint, history, recorder, run
from charwise_trainer.errors import DivergenceError, StorageError
from charwise_trainer.events import Evaluated, Event, Finished, Progress, Sampled, Saved, Started, Warned
from charwise_trainer.history import HISTORY, MOST, Begun, History, Measured, Point, Sample, spans, thinned
from charwise_trainer.portable import export
from charwise_trainer.recorder import recorded
from charwise_trainer.train import train
from tests.trainer.small import TINY, of, python_files, short, stop_after
from tests.trainer.test_storage import files_limited_to

FILES = python_files()


# --- really trained ---------------------------------------------------------------------------------------------------
@pytest.mark.timeout(180)  # it trains twice, and measures all the time
def test_history_of_two_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loss, rate, held-out text, samples and starts of runs are there, by a clock that goes on from run to run."""
    monkeypatch.setattr(run, "COST_SHARE", 1e9)  # evaluate and sample when it is asked for
    for kind in history.MOST:
        monkeypatch.setitem(history.MOST, kind, 10**6)  # a slow machine has more of them in as many steps
    settings = {"evaluate_every": 0.3, "sample_every": 0.3}
    first = list(train(FILES, tmp_path, short(**settings)))
    between = history.read(tmp_path)
    second = list(train(FILES, tmp_path, short(**settings)))
    kept, [one, two] = history.read(tmp_path), of(Finished, first + second)

    assert kept.runs[:1] == between.runs == [Begun(0.0, 0, 0, resumed=False, short=False, changed=None)]
    assert kept.runs[1].resumed
    assert (kept.runs[1].step, kept.runs[1].changed) == (one.step, of(Started, second)[0].changed)
    assert kept.points[len(between.points)].seconds >= kept.runs[1].seconds >= between.seconds > 0
    assert kept.points[: len(between.points)] == between.points
    assert kept.points[0].bpc == pytest.approx(8, abs=0.3)  # guessing
    assert kept.points[0].step == 1
    assert kept.points[-1].bpc < 0.8 * kept.points[0].bpc
    told_rates = {each.step: each.rate for each in of(Progress, first)}
    assert all(point.rate == pytest.approx(told_rates[point.step], rel=1e-3) for point in between.points)
    assert kept.points[-1].step == two.step
    assert kept.points[-1].characters == checkpoint.read_meta(two.path).characters
    assert between.seconds < kept.seconds <= checkpoint.read_meta(two.path).seconds + 0.01

    events = first + second
    told = [(each.step, round(each.bpc, 4)) for each in of(Evaluated, events)]
    assert [(each.step, each.bpc) for each in kept.measured] == told
    assert {each.step for each in kept.measured if each.served} == {
        each.step for each in of(Saved, events) if each.best
    }
    assert [(each.step, each.name, each.text) for each in kept.samples] == [
        (each.step, each.name, each.text) for each in of(Sampled, events)
    ]
    assert kept.samples


def test_history_is_private(tmp_path: Path) -> None:
    """What a model wrote of its user's files is for that user alone, and stays on the machine."""
    directory = tmp_path / "model"
    list(train(FILES, directory, short(epochs=0.05)))
    assert (directory / HISTORY).stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    export(directory, tmp_path / "model.charwise")
    assert HISTORY not in zipfile.ZipFile(tmp_path / "model.charwise").namelist()


def test_history_where_nothing_is_learned(tmp_path: Path) -> None:
    """A save that changes nothing leaves no trace."""
    list(train(FILES, tmp_path, short(epochs=1)))  # all of it is learned
    before = (tmp_path / HISTORY).read_bytes()
    events = list(train(FILES, tmp_path, short(minutes=1.0, model=None, follows_change=True)))
    assert not of(Progress, events)
    assert (tmp_path / HISTORY).read_bytes() == before


@pytest.mark.parametrize("how", ["stopped", "closed", "diverged"])
def test_history_of_a_run_that_does_not_end(tmp_path: Path, how: str) -> None:
    """Whatever ends a training, what it told until then is kept."""
    match how:
        case "stopped":
            list(train(FILES, tmp_path, short(), stop_after(9)))
        case "closed":
            events = train(FILES, tmp_path, short())
            next(event for event in events if isinstance(event, Progress))
            events.close()
        case _:
            with pytest.raises(DivergenceError):
                list(train(FILES, tmp_path, short(rate=1e6, warm_up=1)))
    kept = history.read(tmp_path)
    assert len(kept.runs) == 1
    assert kept.points
    assert not checkpoint.is_training(tmp_path)


def test_history_is_written_with_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a kill there is what was known at a checkpoint; and it is not written at each, but seconds apart."""
    monkeypatch.setattr(run, "COST_SHARE", 1e9)  # evaluate and store at every step
    written = list[History]()
    monkeypatch.setattr(history, "write", _noting(written))
    events = train(FILES, tmp_path, short(epochs=0.05, evaluate_every=1e-9))
    saved = next(event for event in events if isinstance(event, Saved))
    [killed_here] = written
    assert history.read(tmp_path) == killed_here
    assert killed_here.measured == [Measured(killed_here.seconds, saved.step, killed_here.measured[0].bpc, served=True)]
    rest = list(events)
    assert len(of(Saved, rest)) > 5
    assert len(written) == 2  # the end; twenty seconds it did not take
    assert len(history.read(tmp_path).measured) == 1 + len(of(Saved, rest))


def _noting(written: list[History]) -> Callable[[Path, History], None]:
    real = history.write

    def write(directory: Path, kept: History) -> None:
        real(directory, kept)
        written.append(history.read(directory))

    return write


# --- full disk --------------------------------------------------------------------------------------------------------
def test_history_on_a_full_disk(tmp_path: Path) -> None:
    """Curves that cannot be kept are one warning; training goes on, what was kept is whole, and so is the next."""
    list(train(FILES, tmp_path, short(epochs=0.05)))
    kept = history.read(tmp_path)
    kept.samples.append(Sample(kept.seconds, 1, "a.py", "x" * 1_200_000, 0.7))  # larger than any checkpoint here
    history.write(tmp_path, kept)
    with files_limited_to(1_000_000):
        events = list(train(FILES, tmp_path, short(epochs=0.05)))
    [warned] = [each for each in of(Warned, events) if HISTORY in each.message]
    assert "File too large" in warned.message
    assert isinstance(events[-1], Finished)
    assert history.read(tmp_path) == kept
    list(train(FILES, tmp_path, short(epochs=0.05)))
    assert len(history.read(tmp_path).runs) == 2


def test_history_where_no_checkpoint_can_be_stored(tmp_path: Path) -> None:
    """The curve of a training that ends with an error is there to look at."""
    with files_limited_to(20_000), pytest.raises(StorageError, match="cannot write"):
        list(train(FILES, tmp_path, short(epochs=0.05)))
    assert history.read(tmp_path).points


def test_history_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    """Training goes on with a warning, and what is there stays."""
    (tmp_path / HISTORY).mkdir()
    events = list(train(FILES, tmp_path, short(epochs=0.05)))
    [warned] = [each for each in of(Warned, events) if HISTORY in each.message]
    assert "is a directory; mend its rights, or remove it" in warned.message
    assert isinstance(events[-1], Finished)
    assert list((tmp_path / HISTORY).iterdir()) == []


# --- its file ---------------------------------------------------------------------------------------------------------
def test_read_skips_what_is_not_whole(tmp_path: Path) -> None:
    """A half-written last line, and lines of other kinds or with impossible values, are as if they were not there."""
    list(train(FILES, tmp_path, short(epochs=0.05)))
    file, kept = tmp_path / HISTORY, history.read(tmp_path)
    lines = file.read_bytes().splitlines(keepends=True)
    point = json.loads(next(line for line in lines if b'"loss"' in line))
    strange = [
        *({**point, "bpc": wrong} for wrong in ("2", None, [], float("nan"), float("inf"), -1.0)),
        {**point, "step": 1.5},
        {**point, "kind": "of tomorrow"},
        {**point, "kind": ["loss"]},
        {name: value for name, value in point.items() if name != "rate"},
        ["loss"],
        1,
    ]
    half = lines[-1][: len(lines[-1]) // 2]
    file.write_bytes(
        b"".join([*(json.dumps(each).encode() + b"\n" for each in strange), b"\n\xff\x00\n", *lines, half])
    )
    assert history.read(tmp_path) == kept
    list(train(FILES, tmp_path, short(epochs=0.05)))
    again = history.read(tmp_path)
    assert len(again.runs) == 2
    assert again.points[: len(kept.points)] == kept.points
    assert all(json.loads(line)["kind"] in history.KINDS for line in file.read_bytes().splitlines())


def test_read_takes_lines_of_a_newer_charwise(tmp_path: Path) -> None:
    """What a line says beyond what is known here does no harm."""
    list(train(FILES, tmp_path, short(epochs=0.05)))
    file, kept = tmp_path / HISTORY, history.read(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"kind"', b'"more": {}, "kind"'))
    assert history.read(tmp_path) == kept


def test_read_without_a_history(tmp_path: Path) -> None:
    assert history.read(tmp_path) == History()
    assert history.read(tmp_path / "nothing").seconds == 0


# --- keeping it small -------------------------------------------------------------------------------------------------
def _point(seconds: float) -> Point:
    return Point(seconds, int(seconds), 0, seconds, 1e-3)


def test_thinned() -> None:
    """Up to the most they stay; beyond, half as many by equal spans of time, the first as it is."""
    points = [_point(float(number)) for number in range(101)]
    assert thinned(points[:100], 100, lambda group: group[-1]) == points[:100]
    few = thinned(points, 100, lambda group: group[-1])
    assert few[0] == points[0]
    assert few[-1] == points[-1]
    assert len(few) == 50
    gaps = [after.seconds - before.seconds for before, after in itertools.pairwise(few)]
    assert max(gaps) <= 4


@pytest.mark.parametrize("times", [[1.0] * 30, [0.0, *[5.0] * 29], [float(2**number) for number in range(30)]])
def test_spans_of_any_times(times: list[float]) -> None:
    """Whatever the times are, nothing is lost, the order stays, and there are never more groups than asked for."""
    points = [_point(time) for time in times]
    groups = spans(points, 10)
    assert [point for group in groups for point in group] == points
    assert len(groups) <= 10
    assert groups[0] == points[:1]


def test_history_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that learns each save for years has a curve over all of it, as long as that of a month."""
    monkeypatch.setattr(history, "MOST", {Begun: 10, Point: 60, Measured: 20, Sample: 6})
    runs, steps = 100, 8
    for number in range(runs):
        events = _run_of(number * steps, steps, seconds=1.0)
        assert not of(Warned, list(recorded(tmp_path, events)))
        kept = history.read(tmp_path)
        assert len(kept.runs) <= 10
        assert len(kept.points) <= 60
        assert len(kept.measured) <= 20
        assert len(kept.samples) <= 6
    assert kept.points[0] == Point(0.12, 1, 1, 8.0, 1e-3)
    assert kept.points[-1].step == runs * steps
    gaps = [after.seconds - before.seconds for before, after in itertools.pairwise(kept.points)]
    assert max(gaps) < 2.5 * runs / 30  # no hole in it
    assert all(each.bpc == 2.0 for each in kept.measured)
    assert any(each.served for each in kept.measured)


def test_history_has_a_largest_size() -> None:
    """As many entries as there may be take 200 kB, with samples as long as they are."""
    lines = {
        Begun: Begun(1234567.89, 12345678, 12345678901, resumed=False, short=False, changed=123456),
        Point: Point(1234567.89, 12345678, 12345678901, 1.2345, 0.001234),
        Measured: Measured(1234567.89, 12345678, 1.2345, served=False),
        Sample: Sample(1234567.89, 12345678, "a/long/path/to/a_file.py", "\u00e9" * 160, 0.7),
    }
    assert sum(MOST[kind] * len(history._line(entry)) for kind, entry in lines.items()) < 260_000


def _run_of(step: int, steps: int, seconds: float, begin: float | None = None) -> Generator[Event]:
    """Yield what a run tells that begins at this step of a model which took `seconds` for `steps`."""
    share = seconds / steps
    begin = step * share if begin is None else begin
    yield Started(
        TINY, 1, 1000, 100, "cpu", "fp32", 1e-3, step or None, None, is_short=step > 0, seconds=begin, read=step
    )
    for taken in range(1, steps + 1):
        bpc, now = 8.0 / (step + taken), begin + taken * share
        yield Progress(step + taken, taken / steps, 0.1, bpc, bpc, 1e-3, 100.0, 0.0, now, step + taken)
    yield Sampled(step + steps, "a.py", "text", 0.7)
    yield Evaluated(step + steps, 2.0, best=step % 3 == 0)
    yield Saved(Path(), step + steps, 2.0, best=step % 3 == 0)
    yield Finished(Path(), step + steps, 2.0, interrupted=False)


def test_history_goes_on_where_the_model_went_back(tmp_path: Path) -> None:
    """A run that begins at an older checkpoint, as after a roll-back, is work that comes after what was done."""
    list(recorded(tmp_path, _run_of(0, 10, seconds=10.0)))
    list(recorded(tmp_path, _run_of(5, 10, seconds=10.0, begin=5.0)))
    kept = history.read(tmp_path)
    assert [each.seconds for each in kept.runs] == [0.0, 10.0]
    assert [each.step for each in kept.runs] == [0, 5]
    assert kept.seconds == 20.0
    assert kept.points[-1].step == 15


def test_history_begins_where_the_model_is(tmp_path: Path) -> None:
    """A model that was trained before there were curves has them from the time on that it has worked."""
    list(recorded(tmp_path, _run_of(100, 10, seconds=10.0)))
    assert history.read(tmp_path).runs[0].seconds == 100.0


def test_points_are_as_far_apart_as_the_run_is_long(tmp_path: Path) -> None:
    """Of a long run there is a point for a fiftieth of its time, whatever is told between, with the mean loss."""
    list(recorded(tmp_path, _run_of(0, 5000, seconds=5000.0)))
    points = history.read(tmp_path).points
    assert 200 < len(points) < 300
    for before, after in itertools.pairwise(points[:-1]):
        assert after.seconds - before.seconds >= recorder.POINT_SHARE * after.seconds - 0.01
        assert 8.0 / after.step - 1e-4 <= after.bpc <= 8.0 / before.step + 1e-4
