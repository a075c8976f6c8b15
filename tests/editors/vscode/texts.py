"""Texts in which the next words are plain to a memory, whatever the model has learned."""

import itertools

# After `return textw` comes `rap.dedent(...)`, which the text above has said.
DEDENT = "def first(text):\n    return textwrap.dedent(text)\n\n\ndef second(text):\n    return text"

# Two ways to go on after `text.`, one likelier: of two alike, what is typed in between may turn the order.
_ONE, _OTHER = (f"def a(text):\n    return text.{way}\n\n\n" for way in ("removeprefix(first)", "splitlines(True)"))
CHOICE = f"{(_ONE + _OTHER) * 4}{_OTHER * 2}def c(text):\n    return text"

# Blocks that repeat: the rest of one is several lines.
_BLOCK = """    try:
        connection.open()
        connection.send(message)
    finally:
        connection.close()

"""
BLOCKS = f"def send(connection, message):\n{_BLOCK * 6}    try:\n        connection.o"

_KINDS = ("scheme", "morphism of schemes", "sheaf of $\\mathcal{O}_X$-modules", "affine open", "ringed space")
LATEX = "".join(
    f"""\\begin{{lemma}}
\\label{{lemma-{number}}}
Let $X$ be a {kind}. Let $U \\subset X$ be open. Then $U_{{{number}}}$ is a {other}.
\\end{{lemma}}

\\begin{{proof}}
This follows from Lemma \\ref{{lemma-{number // 2}}} applied to the {kind} $f : U \\to X$.
\\end{{proof}}

"""
    for number, (kind, other) in enumerate(itertools.product(_KINDS, repeat=2))
)
