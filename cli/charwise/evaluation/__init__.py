"""How good suggestions are: text is typed again through the daemon's own parts, and what was saved is counted."""
