"""Draw a terminal's screen as an SVG that loads nothing from the network.

tmux capture-pane -e -p -t PANE | python docs/images/screen.py TITLE OUT.svg
"""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

# The reader's own: a font from the network would tell its server who reads this.
FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace"
# Neovim's dark background and foreground, then the eight colours, plain and bright.
PLAIN = [(7, 8, 13), (255, 192, 185), (179, 246, 192), (252, 224, 148)]
PLAIN += [(166, 219, 255), (255, 202, 255), (140, 248, 247), (238, 241, 248)]
THEME = TerminalTheme((20, 22, 27), (224, 226, 234), PLAIN, [(79, 82, 88), *PLAIN[1:]])

title, out = sys.argv[1:]
screen = Text.from_ansi(sys.stdin.read().rstrip("\n"))
console = Console(record=True, width=max(map(len, screen.plain.split("\n"))), file=io.StringIO())
console.print(screen, no_wrap=True, overflow="ignore")
svg = re.sub(r"@font-face\s*{.*?}\s*", "", console.export_svg(title=title, theme=THEME), flags=re.DOTALL)
Path(out).write_text(re.sub("font-family: [^;]+;", f"font-family: {FONT};", svg), encoding="utf-8")
