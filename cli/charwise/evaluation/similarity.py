"""How alike two texts are, by the edits that lead from one to the other."""


def similarity(one: bytes, other: bytes) -> float:
    """Return 1 for the same text, 0 for nothing in common: 1 less the edits, as a share of the longer text."""
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest if longest else 1.0


def distance(one: bytes, other: bytes) -> int:
    """Return how many characters are to be added, taken away or replaced (Levenshtein).

    A column of the table is two bit vectors, of the steps up and down in it (Myers 1999).
    """
    if not one:
        return len(other)
    mask, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    where = dict[int, int]()
    for at, character in enumerate(one):
        where[character] = where.get(character, 0) | 1 << at
    up, down, edits = mask, 0, len(one)
    for character in other:
        same = where.get(character, 0)
        vertical = same | down
        across = (((same & up) + up) ^ up) | same
        rising, falling = down | ~(across | up) & mask, up & across
        edits += bool(rising & last) - bool(falling & last)
        rising, falling = (rising << 1 | 1) & mask, falling << 1 & mask
        up, down = falling | ~(vertical | rising) & mask, rising & vertical
    return edits
