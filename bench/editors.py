"""In a real editor: from a key to its ghost text on the screen, with training going on, and without a daemon's work.

Each editor has a module of its own here, with a coroutine `measure(report, folder, model, options)`.
"""

import asyncio
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the editors are installed and driven as the tests do it

from common import measuring, options

_PROBES = {"nvim": "nvim_probe", "vscode": "vscode_probe"}


def main() -> None:
    """Measure in one editor, print the tables and the JSON line."""
    parser = options(__doc__.splitlines()[0], documents=(5, "of 100 kB"), keys=(60, "typed in each"))
    parser.add_argument("--editor", choices=sorted(_PROBES), required=True, help="which one")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.documents, chosen.keys = 2, 40
    probe = importlib.import_module(_PROBES[chosen.editor])
    with measuring("editors", chosen) as (report, folder, model):
        asyncio.run(probe.measure(report, folder, model, chosen))


if __name__ == "__main__":
    main()
