"""What the text after the cursor says of candidates, over a memory of real lines."""

import itertools
import math

import pytest

from charwise_daemon.completer import candidates, complete
from charwise_daemon.fitting import Surroundings
from charwise_daemon.memory import Memory, OpenMemories
from charwise_daemon.predictor import Predictor
from charwise_daemon.search import Candidate, Limits
from charwise_daemon.shard import MAX_ORDER
from tests.daemon.counting import Counting

_LEARNED = b"first = numbers.pop()\n" * 3 + b"other = numbers.index[key]\n" * 2 + b"third = numbers.size\n"
_BEFORE, _LIMITS = b"value = numbers.", Limits()


def _asked(after: bytes, limits: Limits = _LIMITS, *, reads_on: bool = True) -> list[Candidate]:
    predictor, around = Counting(corpus=Memory.of(_LEARNED)), Surroundings(_BEFORE, after)
    position = predictor.at(None, _BEFORE[-MAX_ORDER:], OpenMemories.none())
    *_, found = candidates(predictor, position, limits, around, reads_on=reads_on)
    return found


@pytest.mark.parametrize(
    ("after", "begins"),
    [(b"()\n", b"pop"), (b"[key]\n", b"index"), (b"[\xc3\xa9]\n", b"index"), (b" # \xc2\xa7", b"pop")],
)
def test_the_one_that_the_text_follows(after: bytes, begins: bytes) -> None:
    """Of several candidates that is the first which the text after the cursor goes on with."""
    [found] = _asked(after)
    assert found.text.startswith(begins)
    assert all(0 < chance <= 1 for chance in found.probabilities)
    assert len(found.probabilities) == len(found.text)


def test_what_is_shown_of_it() -> None:
    """What is shown fits before that text, which is not said again."""
    predictor, around = Predictor(corpus=Memory.of(_LEARNED)), Surroundings(_BEFORE, b"[key]\n")
    position = predictor.at(None, _BEFORE[-MAX_ORDER:], OpenMemories.none())
    *_, [draft] = complete(predictor, position, _LIMITS, around, 0.0)
    assert draft.text == b"index"


def test_more_probable_where_it_is_followed() -> None:
    """What the text follows is more probable for that, and another less."""
    [plain] = _asked(b"()\n", reads_on=False)
    [fits] = _asked(b"()\n")
    [first] = _asked(b"[key]\n", reads_on=False)
    chosen, *found = _asked(b"[key]\n", Limits(alternatives=3))
    assert plain == first
    assert fits.text == plain.text
    assert math.prod(fits.probabilities) > math.prod(plain.probabilities)
    assert chosen.text.startswith(b"index")
    again = next(each for each in found if each.text == first.text)
    assert again.probabilities[0] < first.probabilities[0]


@pytest.mark.parametrize("after", [b"", b"\n", b"  \n[key]\n"])
def test_at_a_lines_end(after: bytes) -> None:
    """Where nothing follows on the cursor's line, nothing is read on."""
    assert _asked(after) == _asked(after, reads_on=False)


@pytest.mark.parametrize("after", [b"()\n", b"[key]\n"])
def test_alternatives_stay_distinct(after: bytes) -> None:
    """As many are left as were asked for, none twice, each with what it has in common with those before it."""
    assert len(_asked(after)) == 1
    found = _asked(after, Limits(alternatives=3))
    assert len({each.text for each in found}) == len(found) == 3
    for before, each in itertools.pairwise(found):
        assert each.text[: each.branch + 1] != before.text[: each.branch + 1]
    assert found[0].branch == 0
    assert found[0].text == _asked(after)[0].text


def test_it_stops_after_any_character() -> None:
    """Each step is one of the predictor's or two, and whoever drives it can stop there."""
    predictor, around = Counting(corpus=Memory.of(_LEARNED)), Surroundings(_BEFORE, b"[key]\n")
    position, steps = predictor.at(None, _BEFORE[-MAX_ORDER:], OpenMemories.none()), 0
    for _ in candidates(predictor, position, _LIMITS, around):
        assert predictor.steps - steps <= 2
        steps = predictor.steps


def test_time_limit() -> None:
    """When the time is over, what the search had found first is the answer."""
    predictor, around = Predictor(corpus=Memory.of(_LEARNED)), Surroundings(_BEFORE, b"[key]\n")
    position = predictor.at(None, _BEFORE[-MAX_ORDER:], OpenMemories.none())
    ticks = itertools.chain([0.0, 0.0, 0.0, 0.0], itertools.repeat(1.0))
    limits = Limits(milliseconds=1000)
    *_, [found] = candidates(predictor, position, limits, around, clock=lambda: next(ticks))
    assert found.text == b"pop"[: len(found.text)]
