"""Draws a model's history: loss, held-out text and rate over time of work, and what it wrote on the way.

Needs matplotlib, which only `charwise models show --plot` does: nobody else imports this module. Draws without a
display, and as matplotlib comes, whatever its user has set up.
"""

import io
import re
import textwrap
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib import font_manager, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from charwise_trainer.history import Begun, History, Sample, spans

# Of what the file may hold, as much as one can see: the newest entries are denser in it than the older ones.
_SEEN = 0.5
# Inches: the width, the two panels, what is above, between and below them, and a sample.
_WIDTH, _LOSS, _RATE, _TOP, _BETWEEN, _AXIS, _ROW = 9.0, 3.2, 1.0, 0.65, 0.12, 0.6, 0.42
_LEFT, _RIGHT = 0.7, 0.25
_DPI = 110
# A sample is two lines of so many characters: what fits beside its step at this size.
_SAMPLES, _LINES, _COLUMNS, _POINTS, _STEPS_WIDTH = 5, 2, 100, 7.5, 1.3
# More starts of runs than that are no lines any more, but ticks on the time axis; and more marks are smaller.
_MOST_LINES, _MOST_MARKS = 12, 60
_TRAINING, _HELD_OUT, _RATE_COLOUR, _FAINT = "#8fb3d9", "#c44e1c", "#3b7a57", "#8a8a8a"
_MONOSPACE = "DejaVu Sans Mono"  # comes with matplotlib
_UNITS = (("seconds", "s", 1.0), ("minutes", "min", 60.0), ("hours", "h", 3600.0), ("days", "d", 86_400.0))
_FEW_UNITS = 3.0  # of a larger unit are rather told in the smaller one
# The first plunge is cut off at the top where it is a line upwards and no more: as a share of the time, and where the
# rest then gets so much of the height instead.
_PLUNGE, _REST = 0.01, 0.6


def drawn(history: History, title: str, kind: str) -> bytes:
    """Return the picture as a file's content; `kind` is png, svg or pdf. There are points in the history."""
    history = history.thinned(_SEEN)
    samples = [group[-1] for group in spans(history.samples, _SAMPLES)]
    unit, short_unit, seconds = _unit(history.seconds - history.entries()[0].seconds)
    with (
        style.context("default"),
        mpl.rc_context({"font.size": 8.5, "axes.spines.top": False, "axes.spines.right": False}),
    ):
        figure, loss, rate = _panels(len(samples))
        _draw_loss(loss, history, seconds)
        rate.plot([p.seconds / seconds for p in history.points], [p.rate for p in history.points], color=_RATE_COLOUR)
        rate.set(ylabel="rate", xlabel=f"{unit} of work", ylim=(0, None))
        for panel in (loss, rate):
            _mark_runs(panel, history.runs, seconds)
            panel.grid(alpha=0.25)
            panel.margins(x=0.01)
            panel.yaxis.set_label_coords(-0.055, 0.5)
        loss.legend(loc="best", framealpha=0.9)
        _write_samples(figure, loss, samples, short_unit, seconds)
        figure.text(_LEFT / _WIDTH, 1 - 0.3 / figure.get_figheight(), title, fontsize=10.5, parse_math=False)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=_DPI)
    return buffer.getvalue()


def legible(text: str) -> list[str]:
    """Return a sample as lines to draw: blanks together, ends of lines as a sign, nothing that the font lacks."""
    flat = re.sub(r"\s+", " ", re.sub(r"\s*\n\s*", " ↵ ", text.strip()))
    known = font_manager.get_font(font_manager.findfont(_MONOSPACE)).get_charmap()
    shown = "".join(character if ord(character) in known else "\N{REPLACEMENT CHARACTER}" for character in flat)
    return textwrap.wrap(shown, _COLUMNS, max_lines=_LINES, placeholder=" …", break_on_hyphens=False)


def _unit(seconds: float) -> tuple[str, str, float]:
    """Return the unit to tell so long a time in, in full and in short, and its seconds."""
    return next((each for each in reversed(_UNITS) if seconds >= _FEW_UNITS * each[2]), _UNITS[0])


def _panels(samples: int) -> tuple[Figure, Axes, Axes]:
    below = _AXIS + (samples * _ROW + 0.1 if samples else 0.0)
    height = _TOP + _LOSS + _BETWEEN + _RATE + below
    figure = Figure(figsize=(_WIDTH, height))
    left, width = _LEFT / _WIDTH, (_WIDTH - _LEFT - _RIGHT) / _WIDTH
    loss = figure.add_axes((left, (below + _RATE + _BETWEEN) / height, width, _LOSS / height))
    rate = figure.add_axes((left, below / height, width, _RATE / height), sharex=loss)
    loss.tick_params(labelbottom=False)
    return figure, loss, rate


def _draw_loss(axes: Axes, history: History, seconds: float) -> None:
    axes.plot(
        [point.seconds / seconds for point in history.points],
        [point.bpc for point in history.points],
        color=_TRAINING,
        label="training text",
    )
    times, bits = [each.seconds / seconds for each in history.measured], [each.bpc for each in history.measured]
    size = 4.5 if len(times) <= _MOST_MARKS else 2.5
    if history.measured:
        axes.plot(times, bits, "o-", color=_HELD_OUT, markerfacecolor="white", markersize=size, label="held-out text")
    served = [number for number, each in enumerate(history.measured) if each.served]
    if served:
        axes.plot(
            [times[number] for number in served],
            [bits[number] for number in served],
            "o",
            color=_HELD_OUT,
            markersize=size,
            label="served from there on",
        )
    axes.set(ylabel="bits per character", ylim=_limits(history))


def _limits(history: History) -> tuple[float, float] | None:
    """Return the lowest and the highest loss to show, None for all."""
    begin = history.points[0].seconds
    settled = begin + _PLUNGE * (history.seconds - begin)
    rest = [each.bpc for each in history.points if each.seconds > settled]
    rest += [each.bpc for each in history.measured if each.seconds > settled]
    if not rest or max(rest) > _REST * max(each.bpc for each in history.points):
        return None
    margin = 0.05 * (max(rest) - min(rest)) + 0.01
    return min(rest) - margin, max(rest) + margin


def _mark_runs(axes: Axes, runs: Sequence[Begun], seconds: float) -> None:
    top = 1.0 if len(runs) <= _MOST_LINES else 0.04
    for number, run in enumerate(runs):
        label = "" if number else "a run begins"
        axes.axvline(run.seconds / seconds, ymax=top, color=_FAINT, linewidth=0.8, linestyle=":", label=label)


def _write_samples(figure: Figure, loss: Axes, samples: Sequence[Sample], unit: str, seconds: float) -> None:
    """Write samples below the panels, each with its number above its time."""
    height = figure.get_figheight()
    for number, sample in enumerate(samples, start=1):
        time = sample.seconds / seconds
        loss.axvline(time, ymin=0.98, color=_FAINT, linewidth=0.8)
        loss.text(time, 1.01, str(number), transform=loss.get_xaxis_transform(), ha="center", color=_FAINT)
        where = f"{number}  step {sample.step:,}\n   {time:.3g} {unit}"
        top = (len(samples) + 1 - number) * _ROW / height
        for left, colour, text in ((0.0, _FAINT, where), (_STEPS_WIDTH, "black", "\n".join(legible(sample.text)))):
            at = (_LEFT + left) / _WIDTH
            figure.text(at, top, text, color=colour, family=_MONOSPACE, fontsize=_POINTS, va="top", parse_math=False)
