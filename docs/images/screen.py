"""Draw a terminal's screen as an SVG that loads nothing from the network.

tmux capture-pane -e -p -t PANE | python docs/images/screen.py TITLE OUT.svg
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace"  # the reader's own: a font from a CDN would tell it who reads

title, out = sys.argv[1:]
screen = Text("\n").join(Text.from_ansi(line) for line in sys.stdin.read().rstrip("\n").split("\n"))
console = Console(record=True, width=screen.plain and max(map(len, screen.plain.split("\n"))), file=io.StringIO())
console.print(screen, no_wrap=True, overflow="ignore")
svg = re.sub(r"@font-face\s*{.*?}\s*", "", console.export_svg(title=title), flags=re.DOTALL)
Path(out).write_text(re.sub(r"font-family: [^;]+;", f"font-family: {FONT};", svg), encoding="utf-8")
