"""Texts that are there already, in the same words or nearly: what is copied between projects would be learned by heart.

Nearly: of their lines four of five are the same, as MinHash sees it (Broder 1997; Leskovec et al., Mining of Massive
Datasets, chapter 3). Knows no files.
"""

import hashlib

from datasketch import MinHash, MinHashLSH

SAME = 0.8
"""Share of lines in common, of all that two texts have."""

_PERMUTATIONS = 32
"""With more, what is near the threshold is judged better, and each text takes longer."""


class Duplicates:
    """What was seen."""

    def __init__(self) -> None:
        self._exact = set[bytes]()
        self._near = MinHashLSH(threshold=SAME, num_perm=_PERMUTATIONS)

    def __repr__(self) -> str:
        return f"Duplicates({len(self._exact)} texts)"

    def has(self, text: bytes) -> bool:
        """Tell whether a text, or nearly it, was seen before; it is from now on."""
        lines = {stripped for line in text.splitlines() if (stripped := line.strip())}
        digest = hashlib.sha256(b"\n".join(text.split())).digest()
        if digest in self._exact:
            return True
        sketch = MinHash(num_perm=_PERMUTATIONS)
        sketch.update_batch(lines)
        is_near = bool(self._near.query(sketch))
        self._exact.add(digest)
        if not is_near:
            self._near.insert(digest, sketch)
        return is_near
