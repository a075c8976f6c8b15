"""Bits per character of files, read in order by what serves them: the LSTM, the memories, and all of them mixed.

A file is read as if it were typed, line by line: what was read is in the document, what is still to come is in no
memory, for a file of the model's own corpus is taken out of that while it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from charwise.evaluation.errors import EvaluationError
from charwise.evaluation.replay import Score, bits
from charwise.evaluation.variants import ALL, Learned
from charwise_daemon.features import SOURCES
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.region import Region, type_region
from charwise_daemon.store import Store
from charwise_trainer.corpus import CorpusFile, discover, encode
from charwise_trainer.text import printable


@dataclass(frozen=True)
class Reader:
    """A model, and the folder or file that it learned; None where that is not known any more."""

    learned: Learned
    root: Path | None

    @classmethod
    def of(cls, store: Store, model: str, root: Path | None) -> "Reader":
        """Load a model, and read what it was taught.

        Raises:
            ModelError: there is none of that name.
        """
        loaded = store.load(model)
        files = discover(root).files if root else ()
        memory = CorpusMemory.build({file.name: encode(file) for file in files})
        return cls(Learned(memory, loaded), root)

    def read(self, path: Path, most: int) -> Iterator[Score]:
        """Yield what each file cost, until so many characters were read.

        Raises:
            EvaluationError: there is no text.
        """
        corpus = discover(path)
        if not corpus.files:
            raise EvaluationError(f"{path} holds no text that would be learned; `charwise workspace show` says why")
        for file in corpus.files:
            yield self._read(file, self._name(corpus.root, file), most)
            most -= len(file.data)
            if most <= 0:
                return

    def _name(self, folder: Path, file: CorpusFile) -> str:
        """Return a file's name in the corpus, or else in the folder that was named."""
        place = folder if folder.is_file() else folder / file.name
        if self.root and self.root.is_dir() and place.is_relative_to(self.root):
            return printable(place.relative_to(self.root).as_posix())
        return file.name

    def _read(self, file: CorpusFile, name: str, most: int) -> Score:
        learned = replace(self.learned, memory=self.learned.memory.changed({name: None}))
        predictor, text = learned.predictor(ALL, name), file.data[:most]
        score = Score(PurePosixPath(name).suffix or PurePosixPath(name).name, len(text))
        score.source_bits = dict.fromkeys(SOURCES, 0.0)
        for _, position, character in type_region(predictor, Region(name, b"", text, b"")):
            score.bits += bits(position.probabilities[character])
            for source, distribution in zip(SOURCES, position.distributions, strict=True):
                score.source_bits[source] += bits(distribution[character])
        return score
