"""What can go wrong between files on disk and a stored checkpoint.

Each message is one line: what was seen, what it means, what to do next. The command line prints it as it is.
"""


class TrainerError(Exception):
    """Anything the trainer refuses or cannot do."""


class CorpusError(TrainerError):
    """The folder or file given cannot be learned from."""


class LeftOut(CorpusError):  # noqa: N818 - nothing went wrong: it carries a reason
    """One path is not part of the corpus; the message is the reason, as `charwise workspace show` lists it."""


class ConfigError(TrainerError):
    """A setting of the model or of the training cannot be used, or does not fit what is stored."""


class CheckpointError(TrainerError):
    """A stored checkpoint cannot be read: truncated, foreign, or of a newer format."""


class StorageError(TrainerError):
    """A checkpoint could not be written; what was stored before is whole."""


class ModelBusyError(TrainerError):
    """Another process is training the same model."""


class DivergenceError(TrainerError):
    """The loss left the rails again and again, even at a lowered rate."""
