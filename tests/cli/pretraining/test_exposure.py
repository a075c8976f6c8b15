"""Canaries are planted as often as they say, and found where a model has learned them by heart."""

from pathlib import Path

from charwise.pretraining.canaries import REPEATS, canaries, planted
from charwise.pretraining.exposure import MOST, exposure
from charwise_daemon.engine import engine_of
from charwise_trainer import checkpoint
from charwise_trainer.config import ModelConfig
from charwise_trainer.corpus import CorpusFile
from charwise_trainer.train import TrainConfig, train


def test_planted() -> None:
    """Each canary stands in as many files as it says, at their ends, and in none that is spared."""
    files = [CorpusFile(f"{number}.md", b"text\n", 0) for number in range(2_000)]
    found = list(planted(files, files[:100]))
    text = b"".join(each.data for each in found)
    assert [text.count(each.text()) for each in canaries()] == [each.repeats for each in canaries()]
    assert {each.repeats for each in canaries()} == {*REPEATS}
    assert found[:100] == files[:100]
    assert [each.name for each in found] == [each.name for each in files]


def test_exposure(tmp_path: Path) -> None:
    """A model that has read a canary a thousand times puts its number first; one that it has not read, anywhere."""
    known, unknown, *_ = canaries()
    files = [CorpusFile(f"{number}.md", known.text() * 40, 0) for number in range(30)]
    config = TrainConfig(epochs=12, model=ModelConfig(layers=1, width=64), window=64, evaluate_every=1e9, threads=1)
    list(train(files, tmp_path / "model", config))
    best = checkpoint.best(tmp_path / "model")
    assert best
    found = checkpoint.load(best)
    engine = engine_of(found.meta.model, found.weights)
    assert exposure(engine, known).bits == MOST
    assert exposure(engine, unknown).bits < MOST
