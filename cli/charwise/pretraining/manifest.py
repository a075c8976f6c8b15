"""What a base model was made of, as it is shipped beside it: each source with its checksum, licences and share."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from charwise.pretraining.gathering import Text
from charwise.pretraining.recipe import Recipe, Source

# Of the reasons why files were left out: the others are of a handful of files.
_MOST_REASONS = 30


def manifest(
    recipe: Recipe, sources: Iterable[Source], texts: Sequence[Text], left_out: Counter[str]
) -> dict[str, Any]:
    """Return it as JSON takes it; characters are of text as it is learned."""
    licences, characters = dict[str, Counter[str]](), Counter[str]()
    for text in texts:
        licences.setdefault(text.source, Counter())[text.licence] += len(text.file.data)
        characters[text.language] += len(text.file.data)
    return {
        "title": recipe.title,
        "characters": sum(characters.values()),
        "files": len(texts),
        "languages": dict(characters.most_common()),
        "sources": [
            {key: value for key, value in asdict(each).items() if key in {"kind", "name", "version", "sha256"}}
            | {"licences": dict(licences[each.label].most_common())}
            for each in sources
            if each.label in licences
        ],
        "left_out": dict(left_out.most_common(_MOST_REASONS)),
    }
