"""A page of a model at work, from a really trained one; what it looks like is tested in a real browser."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

from charwise.inspection.reading import GUESSES, read
from charwise_daemon import paths
from charwise_daemon.store import Store, name_for
from charwise_trainer.corpus import encode_header
from tests.cli.conftest import Run

pytestmark = [pytest.mark.usefixtures("home"), pytest.mark.timeout(120)]

_TINY = ("--epochs", "2", "--layers", "2", "--width", "32", "--threads", "1")


def _data(page: Path) -> dict[str, object]:
    found = re.search(r"const data = (\{.*?\});\n", page.read_text("utf-8"))
    assert found
    return dict(json.loads(found[1]))


def test_inspect(run: Run, project: Path, tmp_path: Path) -> None:
    """The page holds what the model expected at each character, and every neuron's cell, as the engine has them."""
    assert run("train", project, *_TINY)[0] == 0
    file, page = project / "textwrap.py", tmp_path / "page.html"
    file.write_bytes("# \N{SNOWMAN} </script><b>\n".encode() + file.read_bytes())
    code, out, _ = run("inspect", file, "-o", page, "--characters", 1500)
    assert code == 0
    assert "1,500 characters at" in out
    data = _data(page)
    text = file.read_bytes()[:1500]
    pieces = data["pieces"]
    assert isinstance(pieces, list)
    assert "".join(piece for piece, _ in pieces) == text.decode("utf-8")
    assert pieces[2] == ["\N{SNOWMAN}", 4]
    engine = Store(paths.models_dir()).load(name_for(project)).engine
    assert (data["n"], data["neurons"], data["most"]) == (1500, 64, GUESSES)
    cells = np.frombuffer(base64.b64decode(str(data["cells"])), np.int8).reshape(64, 1500)
    state = engine.read(engine.read(engine.start(), encode_header("textwrap.py")), text[:700])
    assert np.abs(cells[:, 699] / 127 - np.tanh(state[:, 1]).reshape(-1)).max() < 0.01
    guesses = np.frombuffer(base64.b64decode(str(data["guesses"])), np.uint8).reshape(1500, GUESSES)
    assert guesses[700, 0] == engine.probabilities(state).argmax()
    html = page.read_text("utf-8")
    assert html.count("</script>") == 1
    assert "src=" not in html  # nothing is fetched
    assert "http" not in html.replace("https://", "").split("const data")[0]


def test_reading_costs(run: Run, project: Path) -> None:
    """What a text costs is what it is given."""
    assert run("train", project, *_TINY)[0] == 0
    engine = Store(paths.models_dir()).load(name_for(project)).engine
    reading = read(engine, "stat.py", b"import os\n")
    state = engine.read(engine.start(), encode_header("stat.py"))
    assert reading.bits[0] == pytest.approx(-np.log2(engine.probabilities(state)[ord("i")]), abs=1e-3)
    assert reading.shares.sum(1).max() <= 1.0 + 1e-6
    assert read(engine, "stat.py", b"").bpc == 0.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("/nowhere/x.c",), "cannot read /nowhere/x.c"),
        ((__file__, "--start", "9999999"), "there is nothing to show"),
        ((__file__, "--model", "nobody"), "there is no model nobody"),
        ((__file__,), "is in no workspace"),
    ],
)
def test_inspect_wrong(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be shown is one line that says why."""
    code, _, err = run("inspect", *arguments)
    assert (code, err.count("\n")) == (1, 1)
    assert said in err
