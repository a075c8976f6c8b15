"""What can be said of a sample of LaTeX: what closes, and whether a page of it compiles."""

import re
import shutil
import subprocess
import tempfile
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

    Then the lines that the compiler stops at are taken out too, one after the other, and counted. What is made of it is
    kept where that is said.
    """
    compiler = shutil.which("pdflatex")
    if compiler is None:
        return "not compiled: there is no pdflatex on the PATH (Debian: texlive-latex-base, texlive-pictures)"
    lines = text[:_PAGE].split("\n")
    count = len(lines)
    with tempfile.TemporaryDirectory() as folder:
        try:
            while (wrong := _error(compiler, Path(folder), "\n".join(lines))) is not None:
                if len(lines) == 1 or count - len(lines) == _MOST_TAKEN_OUT:
                    return f"a page does not compile, even with {count - len(lines)} of {count} lines taken out"
                del lines[min(wrong, len(lines) - 1)]
        except subprocess.TimeoutExpired:
            return "not compiled: pdflatex did not end"
        if kept:
            shutil.copyfile(Path(folder) / "page.pdf", kept)
    return f"a page compiles with {count - len(lines)} of {count} lines taken out"


def _error(compiler: str, folder: Path, text: str) -> int | None:
    """Compile a text in a folder; return the line of it that stops the compiler, None where none does."""
    (folder / "page.tex").write_text(_PREAMBLE + repaired(text) + "\n\\end{document}\n", "utf-8")
    command = [
        compiler,
        "-no-shell-escape",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-file-line-error",
        "page.tex",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=_DEADLINE, check=False)
    if done.returncode == 0:
        return None
    found = re.search(rb"^\./page\.tex:(\d+):", done.stdout, re.MULTILINE)
    return max(int(found[1]) - 1 - _PREAMBLE.count("\n"), 0) if found else 0


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
