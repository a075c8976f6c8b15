"""A recipe to the text that is learned: brought, unpacked, judged, mixed and packed, each step once."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from charwise.pretraining.canaries import planted
from charwise.pretraining.clients import Clients
from charwise.pretraining.gathering import Text, mixture, texts, without_duplicates
from charwise.pretraining.manifest import manifest
from charwise.pretraining.recipe import Recipe, Source
from charwise.pretraining.unpacking import unpack
from charwise_daemon.errors import CharwiseError
from charwise_trainer.packed import Packed, open_packed, write
from charwise_trainer.storage import replace_file

Tell = Callable[[str], None]

_HELD_OUT = 400
"""One of so many files is held out, by chance: of 160 million characters as many as a measurement needs."""


def sources(recipe: Recipe, only: Sequence[str]) -> list[Source]:
    """Return the sources whose labels match one of these patterns, all where there are none; raises CharwiseError."""
    chosen = [each for each in recipe.sources if not only or any(fnmatch(each.label, pattern) for pattern in only)]
    if not chosen:
        labels = ", ".join(each.label for each in recipe.sources[:5])
        raise CharwiseError(f"no source matches {', '.join(only)}; there are {labels}, ...")
    return chosen


def corpus(recipe: Recipe, chosen: Sequence[Source], cache: Path, tell: Tell) -> Packed:
    """Return the packed corpus of a recipe's sources, made anew only where they or the recipe have changed.

    Raises:
        CharwiseError: a source cannot be had, or is not what the recipe says.
        TrainerError: there is too little text, or no room for it.
    """
    place = _place(recipe, chosen, cache)
    if place.exists():
        tell(f"the corpus is there: {place}")
        return open_packed(place)
    left_out = Counter[str]()
    found = list(without_duplicates(_gathered(recipe, chosen, cache, tell, left_out), left_out))
    mixed = mixture(recipe, found)
    by_chance = [each for each in mixed if int.from_bytes(each.place[-4:], "big") % _HELD_OUT == 0]
    held_out = {each.file for each in by_chance or mixed[:1]}
    described = manifest(recipe, chosen, mixed, left_out)
    packed = write(planted([each.file for each in mixed], held_out), place, held_out.__contains__)
    replace_file(manifest_of(packed), json.dumps(described, indent=1).encode())
    tell(f"{described['characters']:,} characters in {described['files']:,} files: {place}")
    return packed


def manifest_of(packed: Packed) -> Path:
    """Return the file that says what a packed corpus was made of."""
    return packed.path.with_suffix(".json")


def _gathered(
    recipe: Recipe, chosen: Sequence[Source], cache: Path, tell: Tell, left_out: Counter[str]
) -> Iterator[Text]:
    """Yield what may be learned of all sources, those named first in the recipe first."""
    clients = Clients(cache)
    for number, source in enumerate(chosen, 1):
        found = list(texts(recipe, source, unpack(clients.fetch(source), cache / "unpacked" / source.label), left_out))
        characters = sum(len(each.file.data) for each in found)
        tell(f"{number}/{len(chosen)} {source.label}: {len(found):,} files, {characters:,} characters")
        yield from found


def _place(recipe: Recipe, chosen: Sequence[Source], cache: Path) -> Path:
    told = repr((recipe.characters, recipe.languages, chosen)).encode()
    return cache / f"corpus-{hashlib.sha256(told).hexdigest()[:12]}"
