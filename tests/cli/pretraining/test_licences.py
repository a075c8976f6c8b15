"""What may go into a model that is passed on, and what may not."""

from pathlib import Path

import pytest

from charwise.pretraining.licences import STATED, Licences, is_allowed
from charwise_trainer.errors import LeftOut

_DEBIAN = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: Expat

Files: extra/*
Copyright: somebody
License: GPL-2+
"""


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Expat", "BSD-3-clause", "BSD 3-Clause".replace(" ", "-"), "Apache-2.0", "MIT OR Apache-2.0", "PSF-2",
     "Expat or GPL-2+", "public domain", "LPPL-1.3c+", "BSD-2-clause and Zlib", "Apache-2.0 WITH LLVM-exception",
     "(MIT AND BSD-3-Clause)", "ISC"],
)  # fmt: skip
def test_allowed(licence: str) -> None:
    """Those that only ask to be named, and a choice with one of them."""
    assert is_allowed(licence)


@pytest.mark.parametrize(
    "licence",
    ["GPL-2+", "LGPL-2.1", "AGPL-3", "MPL-2.0", "BSD-3-clause and GPL-2+", "CC-BY-SA-4.0", "", "proprietary", "GFDL"],
)
def test_not_allowed(licence: str) -> None:
    """Those that ask for more, a sum with one of them, and none at all."""
    assert not is_allowed(licence)


def test_by_file(tmp_path: Path) -> None:
    """What Debian says of a file holds for that file, and the recipe's word for what it does not know."""
    (tmp_path / "copyright").write_text(_DEBIAN)
    licences = Licences(tmp_path / "copyright", "Zlib")
    assert licences.of("src/a.c", b"int a;\n") == "Expat"
    with pytest.raises(LeftOut, match="licence GPL-2"):
        licences.of("extra/b.c", b"int b;\n")
    assert Licences(tmp_path / "none", "Zlib").of("a.c", b"int a;\n") == "Zlib"


@pytest.mark.parametrize(
    "head",
    [b"/* This is under the GNU General Public License, version 2 */", b"# SPDX-License-Identifier: GPL-2.0-only",
     b"% under the GNU Free Documentation License", b"// Mozilla Public License"],
)  # fmt: skip
def test_own_word(head: bytes, tmp_path: Path) -> None:
    """A file's own word counts more than what is said of its package."""
    with pytest.raises(LeftOut):
        Licences(tmp_path / "none", "MIT").of("a.c", head + b"\nint a;\n")


def test_choice_of_its_own(tmp_path: Path) -> None:
    """A file that may be had under one of ours too is taken under that."""
    text = b"// SPDX-License-Identifier: MIT OR GPL-2.0 */\nint a;\n"
    assert Licences(tmp_path / "none", "Zlib").of("a.c", text) == "MIT OR GPL-2.0"


def test_stated(tmp_path: Path) -> None:
    """Where the recipe wants it stated, a file that names no licence is left out."""
    licences = Licences(tmp_path / "none", STATED)
    assert licences.of("a.sty", b"% under the LaTeX Project Public License\n") == "stated in the file"
    with pytest.raises(LeftOut, match="it names no licence"):
        licences.of("b.sty", b"% mine\n")
