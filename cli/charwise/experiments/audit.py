"""What can be said of samples by machine: how much of them is copied, and whether they are well formed."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

from charwise.experiments import latex
from charwise.experiments.nesting import closing
from charwise.wording import share_of

LENGTHS = range(5, 51, 5)
# Places of a sample that are looked up for each length: more make it no truer, only slower.
_PLACES = 400
_FUNCTION = re.compile(r"^[a-zA-Z_][^;{}()]*\([^;{}]*\)\s*\n?\{.*?^\}", re.MULTILINE | re.DOTALL)
_C_TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()\[\]{}"']""", re.DOTALL)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_PAGE = re.compile(r"<page>.*?</page>", re.DOTALL)
_TAG = re.compile(r"<(/?)(\w+)(?:\s[^<>]*)?(?<!/)>")


def novelty(sample: bytes, learned: bytes, lengths: Sequence[int] = LENGTHS) -> dict[int, float]:
    """Return, by length, the share of a sample's substrings that are not in the text that was learned.

    As torch-rnn's scripts/novel_substrings.py.
    """
    shares = {}
    for length in lengths:
        places = range(0, len(sample) - length + 1, max(1, (len(sample) - length) // _PLACES))
        found = [sample[place : place + length] in learned for place in places]
        shares[length] = 1 - sum(found) / len(found) if found else 0.0
    return shares


def c_functions(text: str) -> str:
    """Say how many of the functions in a text of C are made of whole tokens with balanced brackets."""
    functions = _FUNCTION.findall(text)
    return share_of(sum(map(is_balanced_c, functions)), len(functions), "C functions tokenise and balance")


def is_balanced_c(text: str) -> bool:
    """Tell whether strings, characters and comments of a text of C end, and its brackets close what they should."""
    open_brackets = list[str]()
    for match in _C_TOKEN.finditer(text):
        token = match[0]
        if token in {'"', "'"}:  # one that does not end on its line
            return False
        if token in _CLOSES.values():
            open_brackets.append(token)
        elif token in _CLOSES and (not open_brackets or open_brackets.pop() != _CLOSES[token]):
            return False
    return not open_brackets and "/*" not in _C_TOKEN.sub("", text)


def xml_pages(text: str) -> str:
    """Say how many of the whole pages in a text of MediaWiki's XML are well formed."""
    pages = _PAGE.findall(text)
    return share_of(sum(map(_is_xml, pages)), len(pages), "XML pages are well formed")


def xml_elements(text: str) -> str:
    """Say how many of the elements that end in a text of XML are those that began last."""
    marks = ((not ends, name) for ends, name in _TAG.findall(text))
    return share_of(*closing(marks), "XML elements close correctly")


def _is_xml(page: str) -> bool:
    try:
        ET.fromstring(page)  # noqa: S314 - a page has no document type, so it can define no entities
    except ET.ParseError:
        return False
    return True


def new_lines(text: str, learned: bytes) -> str:
    """Say how many of the lines of a text are not among those that were learned."""
    known, lines = set(learned.splitlines()), [line.encode() for line in text.splitlines() if line.strip()]
    return share_of(sum(line not in known for line in lines), len(lines), "lines are new")


def checks(names: Sequence[str], text: str, learned: bytes) -> list[str]:
    """Return what is found of a sample by each of the checks that a recipe names."""
    known: dict[str, list[Callable[[], str]]] = {
        "c": [lambda: c_functions(text)],
        "latex": [lambda: latex.environments(text), lambda: latex.page(text)],
        "xml": [lambda: xml_elements(text), lambda: xml_pages(text)],
        "lines": [lambda: new_lines(text, learned)],
    }
    return [check() for name in names for check in known[name]]
