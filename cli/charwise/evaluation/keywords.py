"""Keyword completion as in Vim: the rest of the nearest word that begins like the one being typed.

Words before the cursor come first, the nearest first, then those after it, then those of the project's other files, the
commonest first. It is offered from the first letter on, and accepted with one key as any other suggestion.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from charwise.evaluation.asking import Offer
from charwise.evaluation.history import Hunk
from charwise.evaluation.replay import PRICES, Score
from charwise.evaluation.typist import counted, type_out
from charwise_trainer.corpus import CorpusFile

_WORD = re.compile(rb"[0-9A-Za-z_\x80-\xff]+")
_BEGUN = re.compile(rb"[0-9A-Za-z_\x80-\xff]*\Z")
_SHORTEST = 2


class Keywords:
    """The words of a project, by their beginnings."""

    def __init__(self, files: Sequence[CorpusFile]) -> None:
        words = Counter(word for file in files for word in _WORD.findall(file.data))
        self._known = dict[bytes, bytes]()
        _note(self._known, [word for word, _ in reversed(words.most_common())])

    def __repr__(self) -> str:
        return f"Keywords({len(self._known):,} beginnings)"

    def score(self, hunk: Hunk) -> Score:
        """Return how a hunk is typed with them; there is no price to choose by."""
        near = dict[bytes, bytes]()
        _note(near, reversed(_WORD.findall(hunk.after)))
        _note(near, _WORD.findall(hunk.before))
        offers = [self._offer(near, hunk.typed, at) for at in range(len(hunk.typed))]
        typing = type_out(hunk.typed, counted(hunk.typed), offers)
        return Score(hunk.kind, len(hunk.typed), typings=[typing] * len(PRICES))

    def _offer(self, near: dict[bytes, bytes], typed: bytes, at: int) -> Offer | None:
        begun = _BEGUN.search(typed[:at])
        assert begun
        if not begun[0]:
            _note(near, _WORD.findall(typed[:at])[-1:])  # the last word is whole now
            return None
        word = near.get(begun[0]) or self._known.get(begun[0], b"")
        rest = word[len(begun[0]) :]
        return Offer(rest, 1.0) if len(rest) >= _SHORTEST and rest[0] & 0xC0 != 0x80 else None


def _note(known: dict[bytes, bytes], words: Iterable[bytes]) -> None:
    """Note words by all their beginnings; later ones take the place of earlier ones."""
    for word in words:
        for length in range(1, len(word)):
            known[word[:length]] = word
