"""What is held out of training."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_trainer.corpus import CorpusFile
from charwise_trainer.holdout import LEAST, MOST, _place, split

LINE = b"a line of twenty-one\n"


def corpus(count: int, lines: int) -> list[CorpusFile]:
    return [CorpusFile(f"src/file{i}.py", LINE * lines, 0, 3) for i in range(count)]


def size(files: list[CorpusFile]) -> int:
    return sum(len(file.data) for file in files)


FILES = st.dictionaries(
    st.text("abcdefg/.", min_size=1, max_size=8),
    st.one_of(st.binary(min_size=1, max_size=60), st.integers(0, 40).map(LINE.__mul__)).filter(len),
    max_size=30,
).map(lambda texts: [CorpusFile(name, data, 0) for name, data in texts.items()])


@given(FILES, st.floats(0.01, 0.3))
def test_nothing_is_lost_and_nothing_is_in_both(files: list[CorpusFile], share: float) -> None:
    """Each file is in one part, or its beginning is learned and its end held out."""
    training, held_out = split(files, share)
    for file in files:
        parts = [part.data for part in (*training, *held_out) if part.name == file.name]
        assert b"".join(parts) == file.data
        assert all(parts)


@given(FILES, st.floats(0.01, 0.3))
def test_never_all(files: list[CorpusFile], share: float) -> None:
    training, held_out = split(files, share)
    assert size(held_out) <= size(files) * 0.85
    assert size(training) > 0 or not files


def test_whole_files_are_held_out_where_there_are_many() -> None:
    files = corpus(400, 20)
    training, held_out = split(files)
    assert 0.02 < len(held_out) / len(files) < 0.1
    assert sorted(training + held_out, key=files.index) == files


def test_a_file_stays_on_its_side_when_others_come() -> None:
    files = corpus(400, 20)
    few, many = ({file.name for file in split(part)[1]} for part in (files[:200], files))
    assert few == many & {file.name for file in files[:200]}


def test_ends_are_held_out_where_there_are_few() -> None:
    """The cut is at a line's start; hidden lines are told of the file's beginning."""
    files = corpus(3, 1_000)
    training, held_out = split(files)
    assert [file.name for file in held_out] == [file.name for file in files]
    assert size(held_out) == pytest.approx(0.05 * size(files), rel=0.05)
    assert all(file.data.startswith(b"a line") and file.data.endswith(b"\n") for file in (*training, *held_out))
    assert {file.hidden_lines for file in training} == {3}
    assert {file.hidden_lines for file in held_out} == {0}


def test_ends_are_held_out_where_chance_took_too_much_or_too_little() -> None:
    files = corpus(400, 20)
    taken = split(files)[1][0].name
    for lines in (2_000, 0):
        uneven = [replace(file, data=LINE * lines) if file.name == taken else file for file in corpus(8, 20)]
        training, held_out = split([*uneven[:7], CorpusFile(taken, LINE * max(lines, 1), 0)])
        assert len(training) == 8
        assert len(held_out) > 1


@pytest.mark.parametrize("count", [1, 7, 50])
def test_least_is_held_out_of_small_corpora(count: int) -> None:
    _, held_out = split(corpus(count, 2_000 // count // len(LINE) + 1))
    assert size(held_out) >= LEAST


@pytest.mark.parametrize(("count", "lines"), [(1, 500_000), (3, 100_000), (500, 2_000)])
def test_no_more_than_most_is_held_out(count: int, lines: int) -> None:
    files = corpus(count, lines)
    training, held_out = split(files)
    assert 0.5 * MOST < size(held_out) <= MOST
    assert size(training) + size(held_out) == size(files)


def test_one_long_line_is_cut_between_characters() -> None:
    text = "größer als ¾ und 日本".encode() * 200
    training, held_out = split([CorpusFile("x", text, 0)])
    assert (training[0].data + held_out[0].data).decode() == text.decode()
    held_out[0].data.decode()


def test_nothing_comes_of_nothing() -> None:
    assert split([]) == ([], [])
    assert split([CorpusFile("x", b"x", 0)]) == ([CorpusFile("x", b"x", 0)], [])


def test_split_goes_on_where_the_first_files_are_small() -> None:
    """Where chance holds out only small files, the next ones are held out too, until there is enough to judge."""
    names = [f"file_{number}.py" for number in range(60)]
    small = {name for name in names if _place(name.encode()) < 0.05}
    files = [CorpusFile(name, b"x" * (300 if name in small else 10_000), 0) for name in names]
    total = sum(len(file.data) for file in files)
    _, held_out = split(files)
    assert 0.025 * total <= sum(len(file.data) for file in held_out) <= 0.1 * total
    assert small <= {file.name for file in held_out}


def test_of_lines_whole_ones_are_held_out() -> None:
    """Texts of one name are on the sides that their own text says, whole."""
    lines = [CorpusFile("names.txt", b"name %d\n" % number, 0) for number in range(2_000)]
    training, held_out = split(lines)
    assert 0.04 < len(held_out) / len(lines) < 0.06
    assert sorted(training + held_out, key=lines.index) == lines
    assert {file.data for file in split(lines[500:])[1]} == {file.data for file in held_out} & {
        file.data for file in lines[500:]
    }
