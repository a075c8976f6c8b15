"""Texts in which the next words are plain to a memory, whatever the model has learned."""

import itertools

# After `return textw` comes `rap.dedent(...)`, which the text above has said.
DEDENT = "def first(text):\n    return textwrap.dedent(text)\n\n\ndef second(text):\n    return text"

# Two ways to go on after `text.`, each as likely.
_WAYS = "def a(text):\n    return text.removeprefix(first)\n\n\ndef b(text):\n    return text.splitlines(True)\n\n\n"
CHOICE = f"{_WAYS * 4}def c(text):\n    return text"

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
