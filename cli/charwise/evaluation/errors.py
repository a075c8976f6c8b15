"""What can keep an evaluation from saying anything."""

from typing import ClassVar

from charwise_daemon.errors import CharwiseError


class EvaluationError(CharwiseError):
    """There is nothing to measure on, or it cannot be read."""

    code: ClassVar[str] = "evaluation"
