"""Suggestions at a real prompt: a real zsh in a real tmux, typed into and looked at. Run by `make test-terminal`."""
