"""Karpathy's views of a model at work on a text: surprise, guesses, and what single neurons do."""
