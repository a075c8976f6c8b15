"""A trained model made anew from a newer base model, beside the one that is served until that has come to its end.

    MODEL/anew/...    the new one, as checkpoint.py describes a model

Interrupted, it goes on from there, unless the base is another one again.
"""

import shutil
from pathlib import Path

from charwise_trainer import base, checkpoint
from charwise_trainer.portable import begin_from_base
from charwise_trainer.storage import writing

FOLDER = "anew"


def begun(directory: Path) -> Path:
    """Return the folder in which a model is made anew, with what was made so far; raises CheckpointError."""
    new = directory / FOLDER
    last = checkpoint.last(new)
    if last is None or checkpoint.read_meta(last).base != base.digest():
        shutil.rmtree(new, ignore_errors=True)
        begin_from_base(new)
    return new


def adopt(directory: Path) -> Path:
    """Make what was made anew the model's best checkpoint, and return that; raises CheckpointError, StorageError.

    What was served before is kept to go back to.
    """
    new = directory / FOLDER
    best = checkpoint.best(new)
    assert best, "it was begun with one"
    found = checkpoint.load(best)
    path = checkpoint.save(
        directory, found.weights, found.meta, found.optimizer(), True, found.learned(), found.held_out()
    )
    with writing(new):
        shutil.rmtree(new)
    return path
