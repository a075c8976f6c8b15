"""One training of a workspace. The foreground and the daemon's child run the same one.

Knows no display: what happens is yielded. Here the trainer and the daemon's settings meet, which know nothing of each
other.
"""

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from charwise_daemon import paths, registry, settings
from charwise_daemon.errors import ModelError
from charwise_daemon.registry import Entry
from charwise_daemon.store import Store, name_for
from charwise_trainer import base, renewal
from charwise_trainer.config import ModelConfig, TrainConfig, config_for
from charwise_trainer.corpus import Corpus, Limits, by_line, discover
from charwise_trainer.errors import CorpusError
from charwise_trainer.events import Event, Finished
from charwise_trainer.lock import training_lock
from charwise_trainer.portable import begin_from, begin_from_base
from charwise_trainer.train import check_corpus, train


def learn(
    path: Path,
    model: str,
    options: dict[str, Any],
    size: dict[str, Any],
    should_stop: Callable[[], bool],
    start: str = "",
    *,
    lines: bool | None = None,
    anew: bool = False,
) -> Generator[Event]:
    """Train the model of the workspace at `path` and yield what happens.

    `model` is its name, "" the workspace's own; `options` are of TrainConfig; `size` is of ModelConfig, as far as the
    user chose one (the rest follows the corpus, or the stored model where nothing was chosen); `start` is the model to
    begin from, "none" to begin empty, "" the base model where that suits; `lines` says whether each line is a text of
    its own, None: as last time; `anew`: from the newer base model, and what is served stays until that has ended.

    Raises:
        WorkspaceError: nothing is there.
        ModelError: there is no model to begin from, there is one of its own already, or `model` cannot name one.
        TrainerError: as charwise_trainer.train does.
    """
    root = registry.resolve(str(path.absolute()))
    chosen = settings.load(paths.settings_file()).corpus
    corpus = discover(root, Limits(chosen.file_bytes, chosen.total_bytes))
    if not corpus.files:
        raise CorpusError(nothing_in(corpus))
    check_corpus(corpus.files)
    if model:
        Store(paths.models_dir()).directory(model)  # which refuses a name before it is the workspace's
    entry = enlist(root, model, lines, start)
    config = TrainConfig(**options, model=_asked(corpus.characters, size, entry))
    files = by_line(corpus.files) if entry.lines else corpus.files
    directory = _begun(entry.model, start, _usual_start(size, entry))
    with training_lock(directory) if anew else nullcontext():
        has_ended = False
        for event in train(files, renewal.begun(directory) if anew else directory, config, should_stop):
            yield event
            has_ended = isinstance(event, Finished) and not event.interrupted
        if anew and has_ended:
            renewal.adopt(directory)


def _asked(characters: int, size: dict[str, Any], entry: Entry) -> ModelConfig | None:
    """Return the model that is asked for; None for the stored one, or what suits the corpus."""
    if size:
        return replace(config_for(characters), **size)
    return config_for(0) if entry.quick and not Store(paths.models_dir()).has(entry.model) else None


def _usual_start(size: dict[str, Any], entry: Entry) -> str:
    """Return what a model begins from where nobody said so; a size of one's own, and lines, the base model has not."""
    suits = settings.load(paths.settings_file()).training.base and entry.base and not size and not entry.lines
    return base.NAME if suits and base.is_there() else base.NO_BASE


def _begun(name: str, start: str, usual: str) -> Path:
    """Return the folder of a model; one without a checkpoint begins with another's, if it is to begin from one."""
    store = Store(paths.models_dir())
    directory = store.directory(name)
    if store.has(name):
        if start:
            raise ModelError(f"{name} is trained already and goes on from there: remove it first to begin from {start}")
        return directory
    match start or usual:
        case base.NO_BASE:
            pass
        case base.NAME:
            begin_from_base(directory)
        case other:
            store.meta(other)  # which says what there is where there is no such model
            begin_from(store.directory(other), directory)
    return directory


def enlist(root: Path, model: str, lines: bool | None, start: str) -> Entry:
    """Put a workspace on the list, with this model or its own, by lines or not; what is not said is as it was.

    One that was begun empty once begins empty again, until somebody says otherwise.
    """
    file = paths.workspaces_file()
    listed = registry.read(file)
    known = listed.get(root)
    lines = lines if lines is not None else known is not None and known.lines
    has_base = start != base.NO_BASE and (bool(start) or known is None or known.base)
    named = model or (known.model if known else name_for(root))
    entry = Entry(str(root), named, lines, has_base, quick=known is not None and known.quick)
    if entry != known:
        registry.write(file, {**listed, root: entry})
    return entry


def nothing_in(corpus: Corpus) -> str:
    """Say why a corpus is empty, and what to do."""
    if not corpus.excluded:
        return f"{corpus.root} holds no files; name a folder with text in it"
    reasons = Counter(each.reason for each in corpus.excluded).most_common(3)
    seen = ", ".join(f"{count} {reason}" for reason, count in reasons)
    return f"nothing to learn from in {corpus.root} ({seen}); `charwise workspace show {corpus.root}` lists each"
