"""Whether what is begun in a text is ended by its own end, the innermost first. Knows no language."""

from collections.abc import Iterable


def closing(marks: Iterable[tuple[bool, str]]) -> tuple[int, int]:
    """Return how many of the ends close what was begun last, and how many ends there are.

    Args:
        marks: in their order, whether something begins, and its name. What is open at the last does not count.
    """
    open_, matched, ends = list[str](), 0, 0
    for begins, name in marks:
        if begins:
            open_.append(name)
            continue
        ends += 1
        matched += bool(open_) and open_.pop() == name
    return matched, ends
