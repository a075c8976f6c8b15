"""Suggestions at the shell's prompt: what was run, what may be suggested, and the lines that shells speak."""
