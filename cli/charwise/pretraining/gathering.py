"""Sources to texts: which files of what was unpacked are learned, and a count of what is not, by reason."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from charwise.pretraining.duplicates import Duplicates
from charwise.pretraining.licences import Licences
from charwise.pretraining.recipe import Recipe, Source
from charwise.pretraining.unpacking import COPYRIGHT, TEXT
from charwise_daemon.errors import CharwiseError
from charwise_trainer.corpus import Candidate, CorpusFile, Limits, Rules, survey
from charwise_trainer.errors import LeftOut

LIMITS = Limits(file_bytes=100_000)
"""A larger file is a table, an amalgamation or a translation: it would take the place of twenty others."""

MOST_OF_ONE = 0.35
"""Of a language's characters that one source may give: else Go is how its standard library is written."""


@dataclass(frozen=True)
class Text:
    """A file that may be learned."""

    file: CorpusFile = field(repr=False)
    source: str
    language: str
    licence: str

    @property
    def place(self) -> bytes:
        """Where it stands among all: by chance, always the same."""
        return hashlib.sha256(f"{self.source}/{self.file.name}".encode(errors="replace")).digest()


def texts(recipe: Recipe, source: Source, unpacked: Path, left_out: Counter[str]) -> Iterator[Text]:
    """Yield the texts of a source in a language of the recipe, and count what is left out.

    Raises CharwiseError where its folder is not there.
    """
    listing = survey(_root(source, unpacked / TEXT), LIMITS)
    licences = Licences(unpacked / COPYRIGHT, source.licence)
    for candidate in sorted(listing.candidates, key=lambda each: each.name):
        language = recipe.language(candidate.name)
        if language is None or any(fnmatch(candidate.name, str(pattern)) for pattern in source.leave_out):
            continue
        try:
            yield _text(listing.rules, candidate, licences, source.label, language)
        except LeftOut as reason:
            left_out[str(reason)] += 1


def _root(source: Source, unpacked: Path) -> Path:
    if source.folder == ".":
        return unpacked
    found = next((each for each in sorted(unpacked.glob(source.folder)) if each.is_dir()), None)
    if found is None:
        raise CharwiseError(f"{source.label} has no folder {source.folder}: look into {unpacked}")
    return found


def _text(rules: Rules, candidate: Candidate, licences: Licences, source: str, language: str) -> Text:
    file = rules.read(candidate.path)
    return Text(file, source, language, licences.of(file.name, file.data))


def without_duplicates(found: Iterable[Text], left_out: Counter[str]) -> Iterator[Text]:
    """Yield texts that are not there already, in these words or nearly, and count the others."""
    duplicates = Duplicates()
    for text in found:
        if duplicates.has(text.file.data):
            left_out["there already, in these words or nearly"] += 1
        else:
            yield text


def mixture(recipe: Recipe, found: Iterable[Text]) -> list[Text]:
    """Return as many texts of each language as the recipe wants, in an order by chance that is always the same."""
    wanted = {name: each.share * recipe.characters for name, each in recipe.languages.items()}
    by_language, by_source, chosen = Counter[str](), Counter[tuple[str, str]](), list[Text]()
    for text in sorted(found, key=lambda each: each.place):
        size, most = len(text.file.data), wanted[text.language]
        pair = text.language, text.source
        if by_language[text.language] + size <= most and by_source[pair] + size <= MOST_OF_ONE * most:
            by_language[text.language] += size
            by_source[pair] += size
            chosen.append(text)
    return chosen
