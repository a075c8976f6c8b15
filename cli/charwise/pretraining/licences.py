"""May a file's text go into a model that is passed on? By Debian's word on the file, by its own, by the recipe's.

What says a licence that asks for more than to be named is left out, and so is what says none where the recipe wants
one said. Knows no archives.

>>> is_allowed("Expat or GPL-2+"), is_allowed("BSD-3-clause and GPL-2+")
(True, False)
"""

import re
from pathlib import Path
from typing import Any

from debian.copyright import Copyright, NotMachineReadableError

from charwise_trainer.errors import LeftOut

STATED = "stated"
"""The recipe's licence of a source in which only what names its own is taken."""

_ALLOWED = r"""
mit mit-.* expat x11 isc 0bsd (free)?bsd([-_]?c?[0-4](-?clause)?.*)? \d-clause.*bsd bsd-style new-bsd u-of-i-bsd-like
apache(-2(\.0)?)? zlib(/libpng)? libpng.* png boost(-1(\.0)?)? bsl-1(\.0)? psf.* python(-2.*)? cnri.* postgresql curl
public[-_]domain pd unlicense cc0(-1(\.0)?)? lppl.* unicode.* tcl tcl/tk hpnd.* openssl ssleay go rust wtfpl ncsa
permissive
"""
_ONE_OF_OURS = re.compile(rf"({'|'.join(_ALLOWED.split())})\+?")
_OR, _AND = re.compile(r",? or |\||/(?=apache|mit)"), re.compile(r",? and |, |,|&")

HEAD = 4_000
"""Bytes in which a file says under which licence it is; documents of LaTeX say it after their title."""

_SPDX = re.compile(rb"SPDX-License-Identifier:[ \t]*([^\n]+?)\s*(?:\*/|-->|$)", re.MULTILINE)
_ASKS_MORE = re.compile(
    rb"GNU\s+(?:Lesser\s+|Library\s+|Affero\s+)*(?:General\s+)?(?:Public|Free Documentation)\s+Licen[cs]e|"
    rb"\bA?L?GPL(?:v|-)?[123]|Mozilla Public|Creative Commons Attribution|CC[- ]BY|Eclipse Public|Artistic License|"
    rb"proprietary and confidential|GNU FDL",
    re.IGNORECASE,
)
_STATES = re.compile(
    rb"LaTeX\s+Project\s+Public\s+License|\bLPPL\b|public\s+domain|\bMIT License|Permission is hereby granted, free|"
    rb"Apache License|Redistribution and use in source and binary|\bCC0\b",
    re.IGNORECASE,
)


def is_allowed(licence: str) -> bool:
    """Tell whether a licence, or the choice or sum of several as Debian and SPDX write them, is one of ours."""
    text = re.sub(r"\s+", " ", re.sub(r"[()]", " ", licence.lower())).strip().replace("public domain", "public-domain")
    return any(
        all(_ONE_OF_OURS.fullmatch(re.sub(r" with .*", "", part).strip()) for part in _AND.split(choice))
        for choice in _OR.split(text)
    )


class Licences:
    """Of the files of one source.

    Args:
        copyright_: Debian's file on the licences of a package; it need not be there.
        otherwise: of files of which that says nothing.
    """

    def __init__(self, copyright_: Path, otherwise: str) -> None:
        self._otherwise, self._told = otherwise, _read(copyright_)

    def __repr__(self) -> str:
        return f"Licences({self._otherwise}, {'by file' if self._told else 'as a whole'})"

    def of(self, name: str, text: bytes) -> str:
        """Return the licence of a file; raises LeftOut where that is none of ours."""
        head = text[:HEAD]
        if own := _SPDX.search(head):
            return _checked(own[1].decode(errors="replace"))
        if _ASKS_MORE.search(head):
            raise LeftOut("its own text names a licence that asks for more")
        if self._otherwise == STATED:
            if not _STATES.search(head):
                raise LeftOut("it names no licence")
            return "stated in the file"
        return _checked(self._of_file(name) or self._otherwise)

    def _of_file(self, name: str) -> str:
        found = self._told.find_files_paragraph(name) if self._told else None
        licence: Any = found.license if found else None  # a field that its library gives no type
        return str(licence.synopsis) if licence else ""


def _checked(licence: str) -> str:
    if not is_allowed(licence):
        raise LeftOut(f"licence {licence[:60]}")
    return licence


def _read(file: Path) -> Copyright | None:
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return Copyright(lines, strict=False)
    except (FileNotFoundError, NotMachineReadableError, ValueError):
        return None
