"""Clock, learning rate and guard rails, by tables."""

import math

import pytest

from charwise_trainer.schedule import Clock, Rails, rate_at


@pytest.mark.parametrize(
    ("step", "done", "rate"),
    [
        (0, 0.0, 0.02),  # the first of 50 steps of warm-up
        (24, 0.0, 0.5),
        (49, 0.0, 1.0),
        (1000, 0.0, 1.0),
        (1000, 0.5, 0.525),  # half way to a twentieth
        (1000, 1.0, 0.05),
        (1000, 1.5, 0.05),  # a step beyond the budget
        (2, 0.05, 0.5 * (1 - 0.95 * 0.05)),  # a short budget warms up over a tenth of it
        (4, 0.1, 1 - 0.95 * 0.1),
    ],
)
def test_rate_at(step: int, done: float, rate: float) -> None:
    """The rate ramps up, then goes down in a straight line to a twentieth."""
    assert rate_at(1.0, step, 50, done) == pytest.approx(rate)
    assert rate_at(3e-3, step, 50, done) == pytest.approx(3e-3 * rate)


class Time:
    """A clock set by hand."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def steps(clock: Clock, time: Time, seconds: list[float]) -> None:
    for taken in seconds:
        time.now += taken
        clock.step()


def test_clock_counts_work() -> None:
    """Steps and other work count as long as they took."""
    time = Time()
    clock = Clock(time, Time())
    steps(clock, time, [0.5, 0.25, 0.25])
    time.now += 2
    clock.other()
    assert clock.seconds == 3.0
    assert clock.typical == 0.25


def test_clock_does_not_count_a_pause() -> None:
    """A process stopped for an hour in the middle of a step has not worked an hour."""
    time = Time()
    clock = Clock(time, Time())
    steps(clock, time, [1.0] * 5 + [3600.0] + [1.0] * 5)
    assert clock.seconds == 10 + Clock.PAUSE
    time.now += 3600
    clock.other()
    assert clock.seconds == 10 + Clock.PAUSE + Clock.OTHER


def test_clock_counts_a_step_that_computed() -> None:
    """A step that took long because others were busy, and computed all the while, is no pause."""
    time = Time()
    clock = Clock(time, time)
    steps(clock, time, [1.0] * 5 + [60.0])
    assert clock.seconds == 65.0


def test_clock_counts_a_machine_that_became_slow() -> None:
    """Steps that take ten times as long from now on are counted in full after some of them."""
    time = Time()
    clock = Clock(time, Time())
    steps(clock, time, [1.0] * 30 + [10.0] * 30)
    assert clock.typical == 10.0


def test_clock_skips_what_is_not_work() -> None:
    """Sleep, and what the consumer did between two events, is left out."""
    time = Time()
    clock = Clock(time, Time())
    time.now += 50
    clock.skip()
    steps(clock, time, [1.0])
    assert clock.seconds == 1.0


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_rails_not_finite(loss: float) -> None:
    """A loss that is no number is off the rails at once."""
    assert Rails().verdict(loss)


def test_rails_by_the_running_average() -> None:
    """Three times the best average is off the rails; a single odd window is not."""
    rails = Rails()
    assert all(rails.verdict(loss) is None for loss in [5.5, 4.0, 3.0] + [2.0] * 50)
    assert rails.verdict(9.0) is None
    assert rails.verdict(2.0) is None
    verdicts = [rails.verdict(9.0) for _ in range(30)]
    assert verdicts[0] is None
    assert "rose from 2.0" in str(verdicts[-1])


def test_rails_leave_a_small_loss_alone() -> None:
    """Ten times a hundredth of a nat is still a good loss: a small corpus is learned by heart."""
    rails = Rails()
    assert all(rails.verdict(loss) is None for loss in [0.01] * 50 + [0.5] * 50)


def test_rails_average_is_unbiased_from_the_first_step() -> None:
    """The average begins at the first loss, not at zero."""
    rails = Rails()
    rails.verdict(5.0)
    assert rails.average == pytest.approx(5.0)
    rails.verdict(5.0)
    assert rails.average == pytest.approx(5.0)
