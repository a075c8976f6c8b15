"""What is said of samples: copies, brackets, environments, pages."""

import pytest

from charwise.experiments import audit

_C = """static int add(int a, int b)
{
	/* it's "quoted" } */
	return f("}", '{') + a[b];
}
int broken(void)
{
	return (1;
}
"""


def test_novelty() -> None:
    """What was copied is known in pieces of any length, what was not is new from some length on."""
    learned = b"the quick brown fox jumps over the lazy dog, and that is all that there is to it"
    assert set(audit.novelty(learned, learned).values()) == {0.0}
    mixed = audit.novelty(b"the quick dog jumps over the brown fox" * 4, learned, [5, 30])
    assert 0 < mixed[5] < mixed[30] == 1.0


def test_c_functions() -> None:
    """A function counts where strings, comments and brackets end as they should."""
    assert audit.c_functions(_C) == "1 of 2 C functions tokenise and balance (50%)"
    assert audit.c_functions("no code") == "0 of 0 C functions tokenise and balance"


@pytest.mark.parametrize(
    ("text", "is_balanced"),
    [
        ("{ [ ( ) ] }", True),
        ("( ]", False),
        ("(", False),
        (")", False),
        ('"a', False),
        ("/* a", False),
        ("'\\''", True),
    ],
)
def test_is_balanced_c(text: str, is_balanced: bool) -> None:
    """Brackets close what was opened last, and what begins ends."""
    assert audit.is_balanced_c(text) == is_balanced


def test_xml_and_lines() -> None:
    """Whole pages are parsed, and lines are compared with those that were learned."""
    text = "<page><title>A</title><minor /></page> <page><b></page> <page>"
    elements = "2 of 3 XML elements close correctly (67%)"
    assert audit.checks(["xml"], text, b"") == [elements, "1 of 2 XML pages are well formed (50%)"]
    assert audit.checks(["lines"], "Ann\nZyx\n", b"Ann\nBob\n") == ["1 of 2 lines are new (50%)"]
