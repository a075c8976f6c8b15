"""`python -m charwise_trainer`, by one process: what it prints, stores and refuses."""

import signal
import sys
from pathlib import Path

import pytest

from charwise_trainer import checkpoint
from charwise_trainer.__main__ import Stop, Teller, line, main, stop_on_signals
from charwise_trainer.config import ModelConfig
from charwise_trainer.events import Evaluated, Progress, Started
from charwise_trainer.portable import restore
from tests.trainer.small import folder_of, python_files

OPTIONS = "--epochs 0.05 --layers 1 --width 16 --lanes 8 --window 32 --threads 1 --device cpu --precision fp32"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Run the program; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["charwise_trainer", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, file in enumerate(python_files() * 2):
        (corpus / f"{number}_{file.name}").write_bytes(file.data)
    return corpus


def test_main_trains_and_exports(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder becomes a model's folder, that a file, and that a model elsewhere."""
    assert run(monkeypatch, folder, "--model", tmp_path / "model", *OPTIONS.split()) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("started model=1x16-lstm parameters=")
    assert told[-1].startswith("finished path=")
    assert run(monkeypatch, "export", tmp_path / "model", tmp_path / "a.charwise") == 0
    best = checkpoint.best(tmp_path / "model")
    assert best
    assert restore(tmp_path / "a.charwise", tmp_path / "elsewhere").step == checkpoint.read_meta(best).step


def test_main_trains_on_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was packed trains as the folder does, which is not needed any more."""
    assert run(monkeypatch, "pack", folder_of(tmp_path / "corpus"), tmp_path / "packed") == 0
    assert capsys.readouterr().out.startswith("packed documents=")
    model = ["--model", tmp_path / "model"]
    assert run(monkeypatch, "--corpus", tmp_path / "packed", *model, *OPTIONS.split()) == 0
    assert checkpoint.last(tmp_path / "model")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere", "--model", "model"], 1, "charwise: nowhere does not exist"),
        (["--corpus", "nowhere", "--model", "model"], 1, "charwise: nowhere is no packed corpus"),
        (["--model", "model"], 2, "give either a FOLDER or a --corpus"),
        (["nowhere"], 2, "--model"),
        (["export", "nowhere", "file"], 1, "charwise: nowhere has no checkpoint"),
    ],
)
def test_main_refuses(
    arguments: list[str],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each error is one line that says what to do; wrong use exits with 2."""
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == code
    assert said in capsys.readouterr().err


def test_stop_hears_signals() -> None:
    """SIGTERM and Ctrl-C are a wish to stop; one process is interrupted by a second Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        with stop_on_signals() as stop:
            assert not stop.wished
            signal.raise_signal(number)
            assert stop.wished
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(number) == before


def test_teller_stops_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe ends the training, as a signal does; nothing is lost."""

    class Closed:
        def write(self, _text: str) -> int:
            raise BrokenPipeError

        def flush(self) -> None:
            pass

    stop = Stop()
    monkeypatch.setattr(sys, "stdout", Closed())
    Teller(stop)(Evaluated(1, 2.0, best=True))
    assert stop.wished


def test_teller_leaves_out_progress(capsys: pytest.CaptureFixture[str]) -> None:
    """Of what comes several times a second, the first is told, and the last."""
    tell = Teller(Stop())
    for done in (0.1, 0.2, 1.0):
        tell(Progress(1, done, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1))
    assert [each.split()[2] for each in capsys.readouterr().out.splitlines()] == ["done=0.1", "done=1"]


def test_line_is_made_of_fields() -> None:
    """A line has no blanks but between its fields, but for a message."""
    event = Started(ModelConfig(1, 8), 10, 100, 5, "cpu", "fp32", 1e-3, None)
    assert line(event).startswith("started model=1x8-lstm parameters=10 characters=100 held_out=5 device=cpu")
