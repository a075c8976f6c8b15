"""Experiments after *The Unreasonable Effectiveness of Recurrent Neural Networks*: a recipe each."""
