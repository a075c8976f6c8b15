"""What can be said of a sample of LaTeX: what closes, and whether a page of it compiles."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from charwise.experiments.nesting import closing
from charwise.wording import share_of

# A compiler that needs longer is stuck.
_DEADLINE = 60.0
# Of a sample: more of it are more pages.
_PAGE = 3_000
# Of its lines: with more gone it is another text.
_MOST_TAKEN_OUT = 30
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([A-Za-z*]+)\}")
_TOKEN = re.compile(r"\\(begin|end)\{([A-Za-z*]+)\}|\\.|\$\$|[${}]|\n[ \t]*\n\s*|[^\\${}\n]+|\\|\n", re.DOTALL)
_CLOSED_BY = {"{": "}", "$": "$", "$$": "$$"}
_PREAMBLE = r"""\documentclass{amsart}
\usepackage{amssymb}
\usepackage[all]{xy}
\newtheorem{theorem}{Theorem}\newtheorem{lemma}[theorem]{Lemma}\newtheorem{proposition}[theorem]{Proposition}
\newtheorem{definition}[theorem]{Definition}\newtheorem{remark}[theorem]{Remark}\newtheorem{remarks}[theorem]{Remarks}
\newtheorem{example}[theorem]{Example}\newtheorem{exercise}[theorem]{Exercise}
\newtheorem{situation}[theorem]{Situation}
\providecommand{\Spec}{\mathop{\rm Spec}}\providecommand{\Hom}{\mathop{\rm Hom}}
\providecommand{\colim}{\mathop{\rm colim}}\providecommand{\Sh}{\mathop{\rm Sh}}\providecommand{\Ker}{\mathop{\rm Ker}}
\begin{document}
"""


def environments(text: str) -> str:
    """Say how many of the environments that a text of LaTeX begins are closed by their own end, in order.

    Those open at the end do not count.
    """
    marks = ((kind == "begin", name) for kind, name in _ENVIRONMENT.findall(text))
    return share_of(*closing(marks), "LaTeX environments close correctly")


def page(text: str, kept: Path | None = None) -> str:
    """Say whether a page's text compiles, once what is not closed is closed and what was not begun is taken out.

    Then what the compiler stops at is taken out too, a line or a displayed formula at a time, and is counted. What is
    made of it is kept where that is said.
    """
    compiler = shutil.which("pdflatex")
    if compiler is None:
        return "not compiled: there is no pdflatex on the PATH (Debian: texlive-latex-base, texlive-pictures)"
    lines = text[:_PAGE].split("\n")
    count = len(lines)
    with tempfile.TemporaryDirectory() as folder:
        try:
            while (wrong := _error(compiler, Path(folder), "\n".join(lines))) is not None:
                if count - len(lines) >= _MOST_TAKEN_OUT or len(lines[slice(*wrong)]) == len(lines):
                    return f"a page does not compile, even with {count - len(lines)} of {count} lines taken out"
                del lines[slice(*wrong)]
        except subprocess.TimeoutExpired:
            return "not compiled: pdflatex did not end"
        if kept:
            shutil.copyfile(Path(folder) / "page.pdf", kept)
    return f"a page compiles with {count - len(lines)} of {count} lines taken out"


def _error(compiler: str, folder: Path, text: str) -> tuple[int, int] | None:
    """Compile a text in a folder; return the lines of it that stop the compiler, None where none do."""
    body = repaired(text)
    (folder / "page.tex").write_text(_PREAMBLE + body + "\n\\end{document}\n", "utf-8")
    options = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    done = subprocess.run(
        [compiler, *options, "page.tex"], cwd=folder, capture_output=True, timeout=_DEADLINE, check=False
    )
    if done.returncode == 0:
        return None
    found = re.search(rb"^\./page\.tex:(\d+):", done.stdout, re.MULTILINE)
    line = int(found[1]) - 1 - _PREAMBLE.count("\n") if found else 0
    return _lines_around(body.split("\n"), min(max(line, 0), text.count("\n")))


def _lines_around(lines: Sequence[str], at: int) -> tuple[int, int]:
    """Return from which line to before which the formula reaches that a line is in; that line alone if it is in none.

    What is wrong in a diagram is told at its end.
    """
    formulas = [number for number, line in enumerate(lines) for _ in range(line.count("$$"))]
    for start, end in zip(formulas[::2], formulas[1::2], strict=False):
        if start <= at <= end:
            return start, end + 1
    return at, at + 1


def repaired(text: str) -> str:
    """Return a text of LaTeX whose environments, braces and formulas match; formulas end with their paragraph."""
    repair = _Repair()
    for match in _TOKEN.finditer(text):
        repair.take(match[0], match[1], match[2])
    repair.close(0)
    return "".join(repair.out)


class _Repair:
    """What is written so far, and what is open in it: names of environments, `{`, `$`, `$$`."""

    def __init__(self) -> None:
        self.out, self._open = list[str](), list[str]()

    def take(self, piece: str, kind: str | None, name: str) -> None:
        """Write the next piece, or what has to stand there instead."""
        if kind == "begin":
            self.close(self._inner)
            self._begin(name, piece)
        elif kind == "end":
            self._end(name, 0)
        elif piece == "}":
            self._end("{", self._inner)
        elif piece in {"$", "$$"}:
            formula = next((each for each in reversed(self._open[self._inner :]) if each != "{"), "")
            if not self._end(formula, self._inner):  # in a formula either of them can only be meant to end it
                self._begin(piece, piece)
        elif piece == "{":
            self._begin(piece, piece)
        else:
            if piece.count("\n") > 1:  # a blank line
                self.close(self._inner)
            self.out.append(piece)

    def close(self, until: int) -> None:
        """Close what is open, the innermost first, until so much is left."""
        while len(self._open) > until:
            opened = self._open.pop()
            self.out.append(_CLOSED_BY.get(opened) or f"\\end{{{opened}}}")

    @property
    def _inner(self) -> int:
        """How many are open up to the last environment: only its own end closes those."""
        return next((at for at in range(len(self._open), 0, -1) if self._open[at - 1] not in _CLOSED_BY), 0)

    def _begin(self, opened: str, piece: str) -> None:
        self._open.append(opened)
        self.out.append(piece)

    def _end(self, opened: str, inner: int) -> bool:
        """Close the last of these that is open, with all in it; return whether one is."""
        if opened not in self._open[inner:]:
            return False
        self.close(len(self._open) - 1 - self._open[::-1].index(opened))
        return True
