"""What is held out of training, to see what a model has learned: whole files, or the ends of a few.

By a hash of the name, so that a file stays where it is when others come and go; of texts that share one (lines) by that
of the text. What was held out before stays so under another name too. Knows nothing of what is done with it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from charwise_trainer.rules import CorpusFile

FEWEST_FILES = 8
"""With fewer, one whole file is too much of what there is, or nothing like the rest."""

LEAST, MOST = 200, 200_000
"""Bytes: with fewer a measurement says nothing, and more make it no truer, only slower."""

_TOO_MUCH = 4
"""Times the share, or half: when chance holds out more, the ends of files are held out instead."""


SHARE = 0.05
"""Of the text, where that is not more than MOST."""


def split(
    files: Sequence[CorpusFile], share: float = SHARE, was_held_out: Callable[[CorpusFile], bool] = lambda _: False
) -> tuple[list[CorpusFile], list[CorpusFile]]:
    """Return (training, held out): about `share` of the bytes is held out, never all, none only of hardly any text.

    What was held out before is held out first, whatever its name is now.
    """
    named = Counter(file.name for file in files)
    places = [0.0 if was_held_out(file) else _place(_told(file, by_text=named[file.name] > 1)) for file in files]
    if chosen := _chosen([len(file.data) for file in files], places, share):
        held_out = [file for number, file in enumerate(files) if number in chosen]
        return [file for number, file in enumerate(files) if number not in chosen], held_out
    total = sum(len(file.data) for file in files)
    return _split_ends(files, min(max(share, min(LEAST / max(total, 1), 0.5)), MOST / max(total, 1)))


def choose(sizes: Mapping[str, int]) -> set[str]:
    """Return the names, of files of these sizes, of what `split` holds out: none where those are ends of files."""
    chosen = _chosen([*sizes.values()], [_place(name.encode(errors="replace")) for name in sizes], SHARE)
    return {name for number, name in enumerate(sizes) if number in chosen}


def _chosen(sizes: Sequence[int], places: Sequence[float], share: float) -> set[int]:
    """Return the numbers of the files, of these sizes, in the share: the lowest places first, as far as MOST allows.

    Where those are small files, the next ones too, until half of the share is there. None where there are few files, or
    where those are too little to measure on or far more than the share.
    """
    if len(sizes) < FEWEST_FILES:
        return set()
    chosen: set[int] = set()
    wanted, held = max(share * sum(sizes), LEAST), 0
    for number in sorted(range(len(sizes)), key=lambda number: places[number]):
        is_beyond = places[number] >= share
        if is_beyond and held >= max(min(wanted, MOST) / 2, LEAST):
            break
        if held + sizes[number] <= (min(2 * wanted, MOST) if is_beyond else MOST):
            chosen.add(number)
            held += sizes[number]
    return chosen if LEAST <= held <= min(_TOO_MUCH * share, 0.5) * sum(sizes) else set()


def _told(file: CorpusFile, *, by_text: bool) -> bytes:
    """Return what a file is told from others by."""
    return file.name.encode(errors="replace") + (file.data if by_text else b"")


def _place(told: bytes) -> float:
    """Return a number in [0, 1) that is the same for a file on every machine."""
    digest = hashlib.blake2b(told, digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _split_ends(files: Sequence[CorpusFile], share: float) -> tuple[list[CorpusFile], list[CorpusFile]]:
    training, held_out = [], []
    left = MOST
    for file in files:
        cut = _cut(file.data, min(int(len(file.data) * share) + 1, len(file.data) // 2, left), left)
        left -= len(file.data) - cut
        training.append(replace(file, data=file.data[:cut]))
        held_out.append(replace(file, data=file.data[cut:], hidden_lines=0))
    return [file for file in training if file.data], [file for file in held_out if file.data]


def _cut(text: bytes, wanted: int, most: int) -> int:
    """Return where about the last `wanted` bytes begin: at a line if one begins near, else at a character."""
    if not wanted:
        return len(text)
    at = len(text) - wanted
    before = text.rfind(b"\n", 0, at) + 1
    after = text.find(b"\n", at) + 1 or len(text)
    if before and len(text) - before <= min(2 * wanted, 3 * len(text) // 4, most):
        return before
    if len(text) - after >= max(wanted // 2, 1):
        return after
    if before and len(text) - before <= min(len(text) // 2, most):
        return before
    while at < len(text) and text[at] & 0xC0 == 0x80:  # inside a code point
        at += 1
    return at
