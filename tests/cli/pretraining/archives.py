"""Archives as clients bring them, put where they would be, and the recipe that names them: nothing is downloaded."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from charwise.pretraining import recipe as recipes
from charwise.pretraining.recipe import Recipe, Source

_HEAD = """
title = "a test"
characters = 1_000_000
minutes = 0.05

[model]
layers = 1
width = 32

[schedule]
lanes = 8
window = 32
rate = 6e-3

[languages.python]
files = ["*.py"]
share = 0.9

[languages.documentation]
files = ["*.md"]
share = 0.1
"""


def packed(files: Mapping[str, bytes]) -> bytes:
    """Return a .tgz of these files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return data.getvalue()


def brought(cache: Path, name: str, data: bytes, **more: str) -> str:
    """Put an archive where npm would have brought it; return its part of a recipe."""
    source = Source("npm", name, "1.0.0", "MIT")
    folder = cache / "archives" / source.label
    folder.mkdir(parents=True)
    (folder / f"{name}-1.0.0.tgz").write_bytes(data)
    values = {"kind": "npm", "name": name, "version": "1.0.0", "licence": "MIT"}
    values |= {"sha256": hashlib.sha256(data).hexdigest()} | more
    return "[[sources]]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items())


def text(*sources: str) -> str:
    """Return a recipe's text with these sources."""
    return _HEAD + "\n" + "\n".join(sources)


def recipe(*sources: str) -> Recipe:
    """Return a recipe with these sources."""
    return recipes.read("test", text(*sources))
