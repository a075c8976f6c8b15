"""`charwise models show --plot`: a model's curves as a picture."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

from charwise.curves import drawn, legible
from charwise_daemon import paths
from charwise_daemon.store import Store, name_for
from charwise_trainer import history
from charwise_trainer.history import HISTORY, Begun, History, Measured, Point, Sample
from tests.cli.conftest import Run

_TINY = ("--layers", "1", "--width", "32", "--threads", "1")
_SIGNATURES = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF-"}


def _curves(runs: int = 3, text: str = "def f():\n    return 1\n") -> History:
    """Return what some runs of a minute could have left."""
    found = History()
    for number in range(runs):
        begin, steps = 60.0 * number, range(100 * number, 100 * number + 100)
        found.runs.append(Begun(begin, steps[0], 0, resumed=number > 0, short=False, changed=None))
        found.points += [Point(begin + 0.6 * (s - steps[0]), s, 512 * s, 2 + 6 / (1 + s), 5e-3) for s in steps]
        found.measured.append(Measured(begin + 60, steps[-1], 2.5, served=number % 2 == 0))
        found.samples.append(Sample(begin + 50, steps[-1], "a.py", text, 0.7))
    return found


@pytest.fixture
def trained(run: Run, home: Path, project: Path) -> str:
    """The name of a model that was really trained, twice."""
    assert home.is_dir()
    for _ in range(2):
        assert run("train", project, "--minutes", "0.02", *_TINY)[0] == 0
    return name_for(project)


@pytest.mark.timeout(120)
def test_show_plot(run: Run, trained: str, tmp_path: Path) -> None:
    """The picture is there, for its owner alone, of a size that one can read, and not blank; once more replaces it."""
    kept = history.read(Store(paths.models_dir()).directory(trained))
    assert len(kept.runs) == 2
    assert kept.samples
    file = tmp_path / "out.png"
    for _ in range(2):
        assert run("models", "show", trained, "--plot", file) == (0, f"the curves of {trained} are in {file}\n", "")
    assert file.read_bytes().startswith(_SIGNATURES["png"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out.png", "project"]
    pixels = image.imread(file)[..., :3]  # (height, width, 3), 0 to 1
    height, width, _ = pixels.shape
    assert width == 990
    assert 500 < height < 1000
    for wanted in ((0x8F, 0xB3, 0xD9), (0xC4, 0x4E, 0x1C), (0x3B, 0x7A, 0x57)):  # training, held-out text, rate
        assert (np.abs(255 * pixels - wanted).max(axis=-1) < 2).sum() > 50
    for kind in ("svg", "pdf"):
        assert run("models", "show", trained, "--plot", tmp_path / f"out.{kind.upper()}")[0] == 0
        assert (tmp_path / f"out.{kind.upper()}").read_bytes().startswith(_SIGNATURES[kind])


@pytest.mark.timeout(120)
def test_show_plot_refuses(run: Run, trained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be drawn, or not to there, is one line that says what to do; nothing is left behind."""

    def refused(file: Path) -> tuple[int, str]:
        code, out, err = run("models", "show", trained, "--plot", file)
        assert (out, err.count("\n"), file.exists()) == ("", 1, False)
        assert err.startswith("charwise: ")
        return code, err

    for name, seen in (("out.gif", ".gif"), ("out", "nothing")):
        code, err = refused(tmp_path / name)
        assert code == 2
        assert f"ends in {seen}, which cannot be drawn: let it end in .png, .svg, .pdf" in err
    code, err = refused(tmp_path / "nowhere" / "out.png")
    assert (code, "cannot write" in err, "No such file or directory" in err) == (1, True, True)

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)  # as if it were not installed
        patch.delitem(sys.modules, "charwise.curves")
        code, err = refused(tmp_path / "out.png")
    assert (code, "pip install 'charwise[plot]'" in err) == (1, True)

    file = Store(paths.models_dir()).directory(trained) / HISTORY
    for content in (b"", b"no history\n"):
        file.write_bytes(content)
        code, err = refused(tmp_path / "out.png")
        assert (code, f"{trained} has no curves" in err, "`charwise train PATH`" in err) == (1, True, True)
    file.unlink()
    assert refused(tmp_path / "out.png")[0] == 1


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
@pytest.mark.parametrize(
    "text",
    [
        "$x_{1$ \\frac{a}{b} $$ \\undefined",
        "日本語 \N{PILE OF POO} \N{ZERO WIDTH JOINER} e\N{COMBINING ACUTE ACCENT} \N{RIGHT-TO-LEFT OVERRIDE}שלום",
        "".join(map(chr, range(0x20))) + "\x7f\x9b\ufffe\ud800",
        "<b>&amp;</b>]]>",
        "",
        "\n \n",
        "x" * 100_000,
    ],
    ids=["mathtext", "scripts", "controls", "markup", "empty", "blank", "long"],
)
def test_drawn_with_any_sample(text: str, kind: str) -> None:
    """Whatever a model wrote is drawn, as text, without a warning."""
    assert drawn(_curves(text=text), "a name · 1x512 lstm", kind).startswith(_SIGNATURES[kind])


@pytest.mark.parametrize(
    "found",
    [
        History(points=[Point(0.5, 1, 512, 8.0, 1e-3)]),
        History(points=[Point(5.0, step, 512, 0.0, 0.0) for step in range(3)]),
        History(points=_curves().points),
        _curves(runs=1),
        _curves(runs=60),
        _curves(runs=60).thinned(0.1),
    ],
    ids=repr,
)
def test_drawn_with_any_history(found: History) -> None:
    """One point is a picture, and so are a thousand runs."""
    assert drawn(found, "name", "png").startswith(_SIGNATURES["png"])


def test_drawn_whatever_the_user_has_set_up() -> None:
    """Settings of matplotlib that its user made for other pictures neither spoil this one nor are touched by it."""
    import matplotlib as mpl  # noqa: PLC0415 - beside its use

    plain = drawn(_curves(), "name", "png")
    with mpl.rc_context({"text.usetex": True, "axes.facecolor": "red", "figure.dpi": 20}):
        before = dict(mpl.rcParams)
        assert drawn(_curves(), "name", "png") == plain
        assert dict(mpl.rcParams) == before


def test_drawn_in_a_unit_that_suits() -> None:
    """Time is told in seconds, minutes, hours or days."""

    def unit(seconds: float) -> str:
        found = History(points=[Point(10.0, 1, 1, 8.0, 1e-3), Point(10.0 + seconds, 2, 2, 4.0, 1e-3)])
        [unit] = re.findall(r"<!-- (\w+) of work -->", drawn(found, "name", "svg").decode())
        return str(unit)

    assert [unit(each) for each in (0, 30, 179, 181, 10_000, 11_000, 500_000)] == [
        "seconds", "seconds", "seconds", "minutes", "minutes", "hours", "days",
    ]  # fmt: skip


def test_legible() -> None:
    """A sample is a line or two that stand for its lines, and end with dots where there was more."""
    assert legible("\n\ndef f():\n\n\treturn  1\n") == ["def f(): ↵ return 1"]
    assert legible("a\x1b[31m\N{PILE OF POO}") == ["a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}"]
    long = legible("word " * 100)
    assert len(long) == 2
    assert all(len(line) <= 100 for line in long)
    assert long[-1].endswith("word …")
    assert legible("") == []
