"""What can be said of samples by machine: how much of them is copied, and whether they are well formed."""

import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path

LENGTHS = range(5, 51, 5)
# Places of a sample that are looked up for each length: more make it no truer, only slower.
_PLACES = 400
# A compiler that needs longer is stuck.
_DEADLINE = 60.0
_FUNCTION = re.compile(r"^[a-zA-Z_][^;{}()]*\([^;{}]*\)\s*\n?\{.*?^\}", re.MULTILINE | re.DOTALL)
_C_TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[()\[\]{}"']""", re.DOTALL)
_CLOSES = {")": "(", "]": "[", "}": "{"}
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z*]+)\}")
_PAGE = re.compile(r"<page>.*?</page>", re.DOTALL)
_PREAMBLE = r"""\documentclass{amsart}
\usepackage{amssymb}
\usepackage[all]{xy}
\newtheorem{theorem}{Theorem}\newtheorem{lemma}[theorem]{Lemma}\newtheorem{proposition}[theorem]{Proposition}
\newtheorem{definition}[theorem]{Definition}\newtheorem{remark}[theorem]{Remark}\newtheorem{remarks}[theorem]{Remarks}
\newtheorem{example}[theorem]{Example}\newtheorem{exercise}[theorem]{Exercise}
\newtheorem{situation}[theorem]{Situation}
\providecommand{\Spec}{\mathop{\rm Spec}}\providecommand{\Hom}{\mathop{\rm Hom}}
\providecommand{\colim}{\mathop{\rm colim}}
\begin{document}
"""


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
    return _of(sum(map(is_balanced_c, functions)), len(functions), "C functions tokenise and balance")


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


def latex_environments(text: str) -> str:
    """Say how many of the environments that a text of LaTeX begins are closed by their own end, in order."""
    matched, begun = _closed(text)
    return _of(matched, begun, "LaTeX environments close correctly")


def latex_page(text: str) -> str:
    """Say whether a text compiles as a page once what is not closed is closed, and what was not begun is taken out."""
    compiler = shutil.which("pdflatex")
    if compiler is None:
        return "not compiled: there is no pdflatex on the PATH (Debian: texlive-latex-base, texlive-science)"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.tex").write_text(_PREAMBLE + repaired(text) + "\n\\end{document}\n", "utf-8")
        command = [compiler, "-no-shell-escape", "-interaction=nonstopmode", "page.tex"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_DEADLINE, check=False)
        except subprocess.TimeoutExpired:
            return "not compiled: pdflatex did not end"
        errors = len(re.findall(rb"^! ", done.stdout, re.MULTILINE))
        made = (Path(folder) / "page.pdf").exists()
        return f"a page {'compiles' if made and not errors else 'is made' if made else 'is not made'}, {errors} errors"


def repaired(text: str) -> str:
    """Return a text of LaTeX whose environments match, and whose last formula ends."""
    open_, out, place = list[str](), list[str](), 0
    for match in _ENVIRONMENT.finditer(text):
        out.append(text[place : match.start()])
        place = match.end()
        kind, name = match.groups()
        if kind == "begin":
            open_.append(name)
            out.append(match[0])
        elif name in open_:
            while open_[-1] != name:
                out.append(f"\\end{{{open_.pop()}}}")
            open_.pop()
            out.append(match[0])
    rest = text[place:]
    return "".join([*out, rest, "$" if rest.count("$") % 2 else "", *(f"\\end{{{name}}}" for name in open_[::-1])])


def _closed(text: str) -> tuple[int, int]:
    """Return how many environments are closed by their own end, and of how many; those open at the end do not count."""
    open_, matched, wrong = list[str](), 0, 0
    for kind, name in _ENVIRONMENT.findall(text):
        if kind == "begin":
            open_.append(name)
        elif open_ and open_.pop() == name:
            matched += 1
        else:
            wrong += 1
    return matched, matched + wrong


def xml_pages(text: str) -> str:
    """Say how many of the whole pages in a text of MediaWiki's XML are well formed."""
    pages = _PAGE.findall(text)
    return _of(sum(map(_is_xml, pages)), len(pages), "XML pages are well formed")


def _is_xml(page: str) -> bool:
    try:
        ET.fromstring(page)  # noqa: S314 - a page has no document type, so it can define no entities
    except ET.ParseError:
        return False
    return True


def new_lines(text: str, learned: bytes) -> str:
    """Say how many of the lines of a text are not among those that were learned."""
    known, lines = set(learned.splitlines()), [line.encode() for line in text.splitlines() if line.strip()]
    return _of(sum(line not in known for line in lines), len(lines), "lines are new")


def _of(part: int, whole: int, what: str) -> str:
    return f"{part} of {whole} {what} ({part / whole:.0%})" if whole else f"0 of 0 {what}"


def checks(names: Sequence[str], text: str, learned: bytes) -> list[str]:
    """Return what is found of a sample by each of the checks that a recipe names."""
    known: dict[str, list[Callable[[], str]]] = {
        "c": [lambda: c_functions(text)],
        "latex": [lambda: latex_environments(text), lambda: latex_page(text)],
        "xml": [lambda: xml_pages(text)],
        "lines": [lambda: new_lines(text, learned)],
    }
    return [check() for name in names for check in known[name]]
