"""How the server's process starts."""

import subprocess
import sys

LEAN = """
import attrs

usual = attrs.define
from charwise_lsp import __main__

__main__._import_types()
import lsprotocol.types

assert attrs.define is usual
print("__eq__" in vars(lsprotocol.types.Hover), hasattr(lsprotocol.types.Hover, "__slots__"))
"""


def test_lean_types() -> None:
    """The protocol's classes come without the methods whose making costs half of the start; attrs is left as it was."""
    done = subprocess.run([sys.executable, "-c", LEAN], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
