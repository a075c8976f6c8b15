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
        ("$$a $b", "$$a $$b"),
        ("$a $$b", "$a $b"),
        (r"\{ \$ \} \\", r"\{ \$ \} \\"),
        (r"\begin{a}{b\end{a}}", r"\begin{a}{b}\end{a}"),
        (r"\begin{a}$x\begin{b}y\end{a}$", r"\begin{a}$x$\begin{b}y\end{b}\end{a}$$"),
        ("a\\", "a\\"),
    ],
)
def test_repaired(text: str, wanted: str) -> None:
    """What is open at the end of its formula, paragraph or environment is closed, what closes nothing is taken out."""
    assert latex.repaired(text) == wanted


needs_compiler = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="there is no pdflatex here (Debian: texlive-latex-base, texlive-pictures)"
)


@needs_compiler
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (r"\begin{lemma}$x$\end{lemma}", "a page compiles with 0 of 1 lines taken out"),
        ("a\n\\nothing of ours\nb", "a page compiles with 1 of 3 lines taken out"),
        ("a\n$$\nx\n\\nothing of ours\n$$\nb", "a page compiles with 4 of 6 lines taken out"),
        (r"\nothing of ours", "a page does not compile, even with 0 of 1 lines taken out"),
    ],
)
def test_page(tmp_path: Path, text: str, said: str) -> None:
    """A page is compiled and kept, without the lines that stop the compiler."""
    assert latex.page(text, tmp_path / "page.pdf") == said
    assert (tmp_path / "page.pdf").exists() == ("compiles with" in said)


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is none, what is missing is said."""
    monkeypatch.setenv("PATH", "")
    assert "there is no pdflatex" in latex.page("a")
