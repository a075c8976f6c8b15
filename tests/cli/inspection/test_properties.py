"""Simple properties of a text, and the neurons that follow them."""

import numpy as np
import pytest

from charwise.inspection.properties import PROPERTIES, findings, neurons_for

_CODE = b"""/* a comment, (with brackets) */
static int f(char *s)
{
    return g("a \\" string", s[0]);  // https://example.org/x
}
"""


def _marked(name: str, text: bytes) -> str:
    """Return a text with what does not have a property replaced by dots."""
    values = PROPERTIES[name](text)
    return "".join(chr(each) if value else "." for each, value in zip(text, values, strict=True))


@pytest.mark.parametrize(
    ("name", "text", "marked"),
    [
        ("inside quotes", b'f("a \\" b", x)', '...a \\" b"....'),
        ("inside a comment", b"x /* y */ z // w\nv", "...* y */..../ w.."),
        ("inside a URL", b"see https://a.b/c, and", "....." + "ttps://a.b/c,...."),
        ("inside $ … $", b"if $x$ then", "....x$....."),
        ("inside [[ … ]]", b"a [[b]] c", "...[b]].."),
    ],
)
def test_inside(name: str, text: bytes, marked: str) -> None:
    """A property holds from the second character to the last of what it means."""
    assert _marked(name, text) == marked


def test_depths_and_places() -> None:
    """Brackets, braces, environments, columns and indentation are counted."""
    assert PROPERTIES["depth of brackets ( ["](b"a(b[c])]").tolist() == [0, 1, 1, 2, 2, 1, 0, 0]
    assert PROPERTIES["depth of braces {"](b"{{}}").tolist() == [1, 2, 1, 0]
    assert PROPERTIES["position in the line"](b"ab\nc").tolist() == [1, 2, 0, 1]
    assert PROPERTIES["indentation of the line"](b"a\n  b\n").tolist() == [0, 0, 2, 2, 2, 2]
    depth = PROPERTIES[r"depth of \begin … \end"](b"\\begin{a}\\begin{b}x\\end{b}y\\end{a}z")
    assert (depth[0], depth[18], depth[-9], depth[-1]) == (1, 2, 1, 0)


def test_neurons_for() -> None:
    """The neuron that follows a property is found among others, with its sign; one that is still is none."""
    chance = np.random.default_rng(1)
    values = (np.arange(400) // 40 % 2).astype(np.float64)
    cells = chance.uniform(-1, 1, (6, 400)).astype(np.float32)
    cells[3] = -0.9 * values + 0.1 * cells[3]
    cells[5] = 0.0
    best, *others = neurons_for(values, cells)
    assert (best.neuron, best.sign) == (3, -1)
    assert best.score > 0.95
    assert all(other.score < 0.3 for other in others)


def test_findings_of_what_is_there() -> None:
    """Of a text without a property no neuron is named for it."""
    cells = np.random.default_rng(1).uniform(-1, 1, (4, len(_CODE) * 3)).astype(np.float32)
    found = findings(_CODE * 3, cells)
    assert "inside a comment" in found
    assert "inside [[ … ]]" not in found
    assert "inside $ … $" not in found
