"""What can be said of a sample of LaTeX: what closes, and whether a page of it compiles."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from charwise.wording import share_of

# A compiler that needs longer is stuck.
_DEADLINE = 60.0
# Of a sample: more of it are more pages.
_PAGE = 3_000
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
    open_, matched, wrong = list[str](), 0, 0
    for kind, name in _ENVIRONMENT.findall(text):
        if kind == "begin":
            open_.append(name)
        elif open_ and open_.pop() == name:
            matched += 1
        else:
            wrong += 1
    return share_of(matched, matched + wrong, "LaTeX environments close correctly")


def page(text: str, kept: Path | None = None) -> str:
    """Say whether a page's text compiles, once what is not closed is closed and what was not begun is taken out.

    What is made of it is kept where that is said.
    """
    compiler = shutil.which("pdflatex")
    if compiler is None:
        return "not compiled: there is no pdflatex on the PATH (Debian: texlive-latex-base, texlive-pictures)"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.tex").write_text(_PREAMBLE + repaired(text[:_PAGE]) + "\n\\end{document}\n", "utf-8")
        command = [compiler, "-no-shell-escape", "-interaction=nonstopmode", "page.tex"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_DEADLINE, check=False)
        except subprocess.TimeoutExpired:
            return "not compiled: pdflatex did not end"
        errors = len(re.findall(rb"^! ", done.stdout, re.MULTILINE))
        made = (Path(folder) / "page.pdf").exists()
        if made and kept:
            shutil.copyfile(Path(folder) / "page.pdf", kept)
        return f"a page {'compiles' if made and not errors else 'is made' if made else 'is not made'}, {errors} errors"


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
        elif piece in _CLOSED_BY and not (piece != "{" and self._end(piece, self._inner)):
            self._begin(piece, piece)
        elif piece not in _CLOSED_BY:
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
