"""Who may be served: not worse than chance explains, and never far from the best there was."""

import math

import numpy as np
import pytest

from charwise_trainer.judge import LEAD, MOST_CHANGED, PIECE, PROBE_CHARACTERS, Judge, Piece, probe
from tests.trainer.small import corpus_file

PIECES = [Piece(corpus_file(f"{i}.py", b"x" * 1_000), 0) for i in range(32)]


def judge_of(best: np.ndarray) -> Judge:
    judge = Judge(PIECES, {})
    judge.measured(judge.unknown, best)
    return judge


def noise(seed: int, size: float) -> np.ndarray:
    found = np.random.default_rng(seed).normal(0, size, len(PIECES))
    return found - found.mean()


def test_better_is_allowed_and_worse_is_not() -> None:
    judge = judge_of(np.full(32, 2.0))
    assert judge.allows(np.full(32, 1.99))
    assert not judge.allows(np.full(32, 2.01))


def test_hardly_worse_is_allowed_leniently() -> None:
    """A hundredth of the best's bits may be lost where something new was learned, more may not."""
    judge = judge_of(np.full(32, 2.0))
    assert judge.allows(np.full(32, 2.019), is_lenient=True)
    assert not judge.allows(np.full(32, 2.021), is_lenient=True)


def test_chance_is_not_held_against_it() -> None:
    """A mean within a standard error of the paired differences is no worse, one of three is."""
    best = 2.0 + noise(0, 0.5)
    judge = judge_of(best)
    error = 0.3 / math.sqrt(32)
    differences = noise(1, 0.3)
    assert judge.allows(best + differences + 0.5 * error, is_lenient=True)
    assert not judge.allows(best + differences + 0.5 * error)
    assert not judge.allows(best + differences + 3 * error, is_lenient=True)


def test_small_steps_down_are_not_forgotten() -> None:
    """However many candidates are served that are each a little worse, they stay near the best there was."""
    best = 2.0 + noise(0, 0.5)
    judge, served = judge_of(best), best
    for seed in range(200):
        candidate = served + 0.002 + noise(seed, 0.01)
        if judge.allows(candidate, is_lenient=True):
            judge.served(candidate)
            served = candidate
    assert served.mean() < 2.0 + 0.05


def test_judge_goes_on_from_what_is_stored() -> None:
    """What the pieces cost the best is known by their content; only new pieces are to be measured."""
    judge = judge_of(np.arange(32.0))
    again = Judge(
        [*PIECES[:30], Piece(corpus_file("30.py", b"changed"), 0), Piece(corpus_file("other.py", b"x" * 1_000), 0)],
        judge.known(),
    )
    assert again.unknown == [30, 31]
    again.measured([30, 31], np.array([1.0, 2.0]))
    assert again.unknown == []
    assert judge.best == pytest.approx(15.5)


def test_judge_of_nothing() -> None:
    """Where nothing is held out, or nothing is known of the best, whoever comes is served."""
    assert Judge([], {}).allows(np.zeros(0))
    assert Judge(PIECES, {}).allows(np.full(32, 9.0))
    assert math.isnan(Judge([], {}).bpc(np.zeros(0)))


def test_judge_weighs_by_length() -> None:
    judge = Judge([Piece(corpus_file("a", b"x" * 1200), 300), Piece(corpus_file("b", b"x" * 100), 0)], {})
    assert judge.bpc(np.array([1.0, 2.0])) == pytest.approx(1.1)


def test_probe_is_spread_over_all_files() -> None:
    """Evaluations read pieces of every part of the held-out text, and no more than their share."""
    files = [corpus_file(f"{i}.py", bytes(range(250)) * 100) for i in range(4)]
    pieces = probe(files)
    assert sum(piece.characters for piece in pieces) == PROBE_CHARACTERS
    assert {piece.file.name for piece in pieces} == {file.name for file in files}
    short_one = corpus_file("b.md", b"short")
    assert probe([short_one]) == [Piece(short_one, 0)]


def test_probe_reads_what_stands_before() -> None:
    """A piece from within a file is read after what stands before it there, which is not counted."""
    text = bytes(range(250)) * 10
    first, second, third = probe([corpus_file("a.py", text)])
    assert (first.file.data, first.lead) == (text[:PIECE], 0)
    assert (second.file.data, second.lead) == (text[PIECE - LEAD : 2 * PIECE], LEAD)
    assert third.characters == len(text) - 2 * PIECE


def test_probe_holds_changed_text() -> None:
    """Changed text that was kept aside is measured on, beside the rest."""
    files = [piece.file for piece in PIECES]
    pieces = probe(files, [corpus_file(f"new{i}.py", b"y" * 300) for i in range(40)])
    assert sum(piece.file.name.startswith("new") for piece in pieces) == MOST_CHANGED
