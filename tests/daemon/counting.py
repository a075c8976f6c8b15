"""A predictor that counts what a search costs."""

from charwise_daemon.predictor import Position, Predictor


class Counting(Predictor):
    """A predictor; `steps` says how many it was asked for."""

    steps = 0

    def step(self, position: Position, character: int) -> Position:
        """Return the position after one more character."""
        self.steps += 1
        return super().step(position, character)
