"""What is said of samples of LaTeX: what closes, and what compiles once it is repaired."""

import shutil
from pathlib import Path

import pytest

from charwise.experiments import latex


def test_environments() -> None:
    """An environment counts where its own end closes it; the repairs make all of them match."""
    text = r"\begin{lemma}\begin{enumerate}\end{lemma}\begin{proof}\end{proof}\end{x}\begin{proof}$a"
    assert latex.environments(text) == "1 of 3 LaTeX environments close correctly (33%)"
    repaired = latex.repaired(text)
    assert latex.environments(repaired) == "4 of 4 LaTeX environments close correctly (100%)"
    assert repaired.endswith("$a$\\end{proof}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$a$ $$b$$ {c}", "$a$ $$b$$ {c}"),
        ("$a {b$ c", "$a {b}$ c"),
        ("a} b", "a b"),
        ("$a\n\nb", "$a$\n\nb"),
        ("{a $b\n \nc}", "{a $b$}\n \nc"),
        (r"\{ \$ \} \\", r"\{ \$ \} \\"),
        (r"\begin{a}{b\end{a}}", r"\begin{a}{b}\end{a}"),
        (r"\begin{a}$x\begin{b}y\end{a}$", r"\begin{a}$x$\begin{b}y\end{b}\end{a}$$"),
        ("a\\", "a\\"),
    ],
)
def test_repaired(text: str, wanted: str) -> None:
    """What is open at the end of its formula, paragraph or environment is closed, what closes nothing is taken out."""
    assert latex.repaired(text) == wanted


def test_page(tmp_path: Path) -> None:
    """A page is compiled where there is a compiler, and what is missing is said where there is none."""
    said = latex.page(r"\begin{lemma}$x$\end{lemma}", tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").exists() == (shutil.which("pdflatex") is not None)
    assert said == ("a page compiles, 0 errors" if shutil.which("pdflatex") else said)
    assert shutil.which("pdflatex") or "there is no pdflatex" in said
