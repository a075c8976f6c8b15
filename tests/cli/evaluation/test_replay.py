"""A hunk typed through the daemon's parts: what is asked for, and that it is the same each time."""

from pathlib import Path

import pytest

from charwise.evaluation.experiment import Plan, prepared, replayed
from charwise.evaluation.history import Hunk, Wanted
from charwise.evaluation.models import Budget
from charwise.evaluation.replay import PRICES, replay
from charwise.evaluation.variants import ALL, LSTM, MEMORIES, Learned, Variant, ablated
from charwise_daemon.engine import engine_of
from charwise_daemon.features import SOURCES
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.store import Model
from charwise_trainer.checkpoint import best, load
from charwise_trainer.corpus import encode
from charwise_trainer.train import train
from tests.trainer.small import python_files, short


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """Some real modules, and a tiny model really trained on them."""
    folder, files = tmp_path_factory.mktemp("model"), python_files()
    for _ in train(files, folder, short(epochs=0.3)):
        pass
    found = load(best(folder) or folder)
    model = Model("tiny", engine_of(found.meta.model, found.weights), None, found.meta)
    return Learned(CorpusMemory.build({file.name: encode(file) for file in files}), model)


_HUNK = Hunk(
    "",
    "new.py",
    b"import json\n\n\ndef load(name):\n",
    b"    with open(name) as file:\n        return json.load(file)\n",
    b"",
)


def test_replay(learned: Learned) -> None:
    """Each variant has its bits, its sources', its typing at every price, and a time for every key."""
    found = replay(_HUNK, learned, [ALL, MEMORIES, LSTM])
    assert {name: set(score.source_bits) for name, score in found.items()} == {
        "all": set(SOURCES),
        "memories": set(SOURCES) - {"lstm"},
        "lstm": {"lstm"},
    }
    for score in found.values():
        assert (score.kind, score.characters, len(score.typings)) == (".py", len(_HUNK.typed), len(PRICES))
        assert {typing.characters for typing in score.typings} == {len(_HUNK.typed) - 12}  # without indentation
        assert len(score.milliseconds) == len(_HUNK.typed) - 12
        assert len(score.lines) == len(_HUNK.typed) - 14  # and without the ends of the lines
    assert found["lstm"].bits == pytest.approx(found["lstm"].source_bits["lstm"])
    assert found["all"].source_bits["corpus"] == found["memories"].source_bits["corpus"]
    assert found["all"].bits < min(found["all"].source_bits[each] for each in ("lstm", "documents", "nearby"))
    shown = [len(typing.seen) for typing in found["all"].typings]
    assert shown[0] > shown[-1]


def test_replay_within_a_line(learned: Learned) -> None:
    """What was changed within a line is typed with the rest of that after the cursor; blanks count there."""
    hunk = Hunk("", "new.py", b"with open(name)", b" as file", b":\n    pass\n", is_within=True)
    score = replay(hunk, learned, [MEMORIES])["memories"]
    assert {typing.characters for typing in score.typings} == {len(hunk.typed)}


def test_replay_is_deterministic(learned: Learned) -> None:
    """The same hunk gives the same figures, however often and beside whatever variants it is typed."""
    one, other = (Learned(learned.memory, learned.model) for _ in range(2))
    once, again = replay(_HUNK, one, [ALL, MEMORIES])["all"], replay(_HUNK, other, [LSTM, ALL])["all"]
    assert (once.bits, once.typings, once.lines) == (again.bits, again.typings, again.lines)


def test_ablated(learned: Learned) -> None:
    """What is left out says nothing any more."""
    [one, other] = ablated(["no-documents", "no-corpus"])
    assert one == Variant("no-documents", frozenset({"documents"}))
    found = replay(_HUNK, learned, [one, other])
    assert set(found["no-documents"].source_bits) == {"lstm", "corpus", "nearby", "habits"}
    assert set(found["no-corpus"].source_bits) == {"lstm", "documents", "nearby"}


def test_jobs(repository: Path) -> None:
    """Two processes find what one finds, in the same order, but that each learns from its own hunks alone."""
    with prepared(Plan(repository, wanted=Wanted(count=4))) as material:
        one, two = (replayed(material, Budget(0), [ALL, MEMORIES], jobs)["all"] for jobs in (1, 2))
    assert len(one) == 4
    assert [score.characters for score in one] == [score.characters for score in two]
    assert [score.bits for score in one] == pytest.approx([score.bits for score in two], rel=0.1)
    assert (one[0].bits, one[0].typings) == (two[0].bits, two[0].typings)  # which follow no others
