"""Nats per character of tinyshakespeare's last tenth, the public yardstick, beside what others have published of it.

$ python bench/shakespeare.py --minutes 10,60

The first nine tenths are learned as the product learns files, by one thread, for so many minutes of computing; the
trainer holds out a twentieth of that to judge by, so nothing is chosen by the validation text. That is then read in
order. One line of JSON last.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dynamic import Adapting, Dynamic
from numpy.typing import NDArray
from report import Report

from charwise.evaluation import models
from charwise.evaluation.models import Budget
from charwise.evaluation.variants import ALL, LSTM, MEMORIES, Learned, Variant, ablated
from charwise_daemon import paths
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.documents import Document, Documents
from charwise_daemon.engine import Engine, State
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.store import Store
from charwise_trainer import checkpoint
from charwise_trainer.corpus import Corpus, discover, encode, encode_header
from charwise_trainer.holdout import split
from charwise_trainer.model import CharLSTM

Floats = NDArray[np.float64]

_SIZE, _SHARE = 1_115_394, 0.9
# A corpus takes no file of more than a megabyte.
_FILES = ("1.txt", "2.txt")
_TYPED = "3.txt"
# Read before the validation text, and not counted: the end of the training text, where it follows.
_CONTEXT = 1_000
# On the 25,000 characters before the validation text, which the trainer holds out. See `--tune`.
_DYNAMIC = Adapting(rate=1e-3, decay=1e-3, segment=20)
_TUNED = [
    Adapting(rate, decay, segment) for segment in (20, 32) for rate in (5e-4, 1e-3, 2e-3) for decay in (1e-4, 1e-3)
]
_TUNED_LAST = [(rate, forget) for rate in (1e-3, 2e-3, 4e-3) for forget in (1e-4, 3e-4)]
_JUDGED = 6_000  # all layers take a second for a thousand
# Nats per character on the same validation text, as published.
_REFERENCES = {
    "nanoGPT, 10.6 M parameters, trained on a GPU": 1.4697,
    "nanoGPT, its setting for a CPU": 1.88,
    "minLSTM": 1.555,
    "PPMd, order 6, which learns as it reads": 1.406,
    "plain 2x512 LSTM, 9 minutes on 2 cores": 1.94,
}


def main() -> None:
    """Train, read, print the tables and the JSON line."""
    chosen = _options()
    training, validation = _parts(chosen.text)
    torch.set_num_threads(1)
    report = Report("shakespeare", vars(chosen))
    corpus, rows = _corpus(training), list[list[Any]]()
    size = {name: value for name in ("layers", "width", "dropout") if (value := getattr(chosen, name)) is not None}
    for minutes in map(float, chosen.minutes.split(",")):
        home = models.kept(corpus, Budget(minutes, 1, size=size))
        if chosen.tune:
            _tune(report, home, corpus)
        else:
            rows += _measured(report, f"{minutes:g} minutes", home, corpus, validation)
    if rows:
        rows += [[name, nats, nats / np.log(2)] for name, nats in _REFERENCES.items()]
        report.grid(f"{len(validation):,} characters of validation text", ["", "nats per character", "bits"], rows)
    report.end()


def _options() -> argparse.Namespace:
    about = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "tinyshakespeare.txt"
    parser.add_argument("--text", type=Path, default=beside, help="tinyshakespeare, 1,115,394 characters")
    parser.add_argument("--minutes", default="10,60", help="of training, by one thread, such as 10 or 10,60")
    parser.add_argument("--layers", type=int, help="of the model, if not what the trainer would choose")
    parser.add_argument("--width", type=int, help="of the model, likewise")
    parser.add_argument("--dropout", type=float, help="of the model, likewise")
    parser.add_argument("--tune", action="store_true", help="try rates and decays, on text held out of the training")
    return parser.parse_args()


def _parts(file: Path) -> tuple[bytes, bytes]:
    """Return the text to learn and the text to read."""
    if not file.is_file() or file.stat().st_size != _SIZE:
        sys.exit(f"{file} is not tinyshakespeare ({_SIZE:,} bytes): say with --text where it lies")
    text = file.read_bytes()
    cut = int(len(text) * _SHARE)
    return text[:cut], text[cut:]


def _corpus(training: bytes) -> Corpus:
    """Return the training text as files in a folder of its own, which is kept: the trained model is kept by it."""
    folder = paths.private_dir(paths.cache_dir() / "shakespeare")
    half = training.index(b"\n\n", len(training) // 2) + 2
    for name, part in zip(_FILES, (training[:half], training[half:]), strict=True):
        (folder / name).write_bytes(part)
    return discover(folder)


# --- measuring -------------------------------------------------------------------------------------------
def _measured(report: Report, title: str, home: Path, corpus: Corpus, text: bytes) -> Iterator[list[Any]]:
    """Yield rows: what was measured, nats, bits."""
    model, net = models.load(home), _torch(home)
    learned = Learned(CorpusMemory.build({file.name: encode(file) for file in corpus.files}), model)
    context = encode_header(_TYPED) + corpus.files[-1].data[-_CONTEXT:]
    dynamic = Dynamic(net, _learned_text(corpus), _DYNAMIC.segment)
    label = f"{title}, {model.meta.config.label}, dropout {model.meta.config.dropout:g}"

    def row(name: str, given: Floats) -> list[Any]:
        nats = float(-np.log(np.maximum(given, 1e-9)).mean())
        report.say(f"{label}: {name} {nats:.4f}")
        return [f"{label}: {name}", nats, nats / np.log(2)]

    yield row("static, torch in fp32", _given(dynamic.distributions(context, text, Adapting()), text))
    yield row("static, the engine", np.fromiter(_read(model.engine, context, text), np.float64))
    adapting = _AdaptingEngine(model.engine)
    yield row("last layer adapting, the engine", np.fromiter(_read(adapting, context, text), np.float64))
    [still] = ablated(["no-adaptation"])
    yield row("product", _product(learned, ALL, text))
    yield row("product, last layer not adapting", _product(learned, still, text))
    moving = dynamic.distributions(context, text, _DYNAMIC)
    yield row(f"dynamic evaluation, torch ({_DYNAMIC})", _given(moving, text))
    yield row("product, with dynamic evaluation", _product(_with(learned, _Recorded(moving)), still, text))
    yield row("memories without LSTM", _product(learned, MEMORIES, text))
    yield row("the product's LSTM alone", _product(learned, LSTM, text))


def _tune(report: Report, home: Path, corpus: Corpus) -> None:
    """Print what rates and decays give on the text before the validation text, which the trainer held out."""
    model, net = models.load(home), _torch(home)
    training, held_out = split(corpus.files)
    context = encode_header(_TYPED) + training[-1].data[-_CONTEXT:]
    text, rows = held_out[-1].data, list[list[Any]]()
    for rate, forget in _TUNED_LAST:
        adapting = _AdaptingEngine(model.engine, Adaptation(model.engine.width, rate, forget))
        given = np.fromiter(_read(adapting, context, text), np.float64)
        rows.append([f"last layer: rate {rate:g}, forgets {forget:g}", *_halves(given)])
    learned, dynamics = _learned_text(corpus), dict[int, Dynamic]()
    for how in [Adapting(), *_TUNED]:
        dynamic = dynamics.setdefault(how.segment, Dynamic(net, learned, how.segment))
        given = _given(dynamic.distributions(context, text[:_JUDGED], how), text[:_JUDGED])
        rows.append([f"all layers, {_JUDGED:,} characters: {how}", *_halves(given)])
    report.grid(f"nats per character of {len(text):,} held out", ["", "all", "second half"], rows)


def _halves(given: Floats) -> tuple[float, float]:
    nats = -np.log(np.maximum(given, 1e-9))
    return float(nats.mean()), float(nats[len(nats) // 2 :].mean())


def _given(distributions: NDArray[np.float32], text: bytes) -> Floats:
    """Return the probability that each character was given, (n, 256) -> (n,)."""
    return distributions[np.arange(len(text)), np.frombuffer(text, np.uint8)].astype(np.float64)


def _read(engine: Engine, context: bytes, text: bytes) -> Iterator[float]:
    """Yield the probability of each character, the state carried all the way."""
    state = engine.read(engine.start(), context)
    shares = engine.probabilities(state)
    for character in text:
        yield shares[character]
        if isinstance(engine, _AdaptingEngine):
            engine.adaptation.learn(state[-1, 0], shares, character)
        state, shares = engine.advance(state, character)


def _product(learned: Learned, variant: Variant, text: bytes) -> Floats:
    """Return the probability of each character as the daemon gives it while one types the text line by line."""
    documents, document, given = Documents(), Document((None, _TYPED), _TYPED, b"", 0), list[float]()
    document.name_it(_TYPED)
    documents.open(document)
    predictor = learned.predictor(variant, _TYPED)
    for offset, character in enumerate(text):
        position = predictor.at(
            _state(predictor.engine, document, offset),
            document.context(offset),
            documents.memory_for(document, offset),
        )
        given.append(position.probabilities[character])
        predictor.learn(position, character)
        document.splice(offset, offset, bytes((character,)))
    return np.array(given)


def _state(engine: Engine | None, document: Document, offset: int) -> State | None:
    if engine is None:
        return None
    if isinstance(engine, _Recorded):
        return np.array([offset], np.float32)
    *_, state = document.snapshots.read(engine, document.text, offset)
    return state


# --- engines ---------------------------------------------------------------------------------------------
class _AdaptingEngine(Engine):
    """An engine whose last layer is corrected."""

    def __init__(self, engine: Engine, adaptation: Adaptation | None = None) -> None:
        self._engine, self.adaptation = engine, adaptation or Adaptation(engine.width)
        self.layers, self.width, self.cell = engine.layers, engine.width, engine.cell
        self.start, self.read, self.step = engine.start, engine.read, engine.step  # type: ignore[method-assign]

    def probabilities(self, state: State) -> Floats:
        return self.adaptation.probabilities(state[-1, 0], self._engine.probabilities(state))

    def advance(self, state: State, character: int) -> tuple[State, Floats]:
        after, shares = self._engine.advance(state, character)
        return after, self.adaptation.probabilities(after[-1, 0], shares)


class _Recorded(Engine):
    """An engine that says what another model said at the same place; its state is the offset."""

    def __init__(self, distributions: NDArray[np.float32]) -> None:
        self._distributions = distributions

    def probabilities(self, state: State) -> Floats:
        """Return what was said."""
        said: Floats = self._distributions[int(state[0])].astype(np.float64)
        return said


def _with(learned: Learned, engine: Engine) -> Learned:
    assert learned.model
    return replace(learned, model=replace(learned.model, engine=engine))


def _torch(home: Path) -> CharLSTM:
    found = checkpoint.best(Store(home / "data" / "models").directory("project"))
    assert found
    stored = checkpoint.load(found)
    net = CharLSTM(stored.meta.config)
    net.load_state_dict({name: torch.tensor(array) for name, array in stored.weights.items()})
    return net


def _learned_text(corpus: Corpus) -> bytes:
    return b"".join(file.data for file in split(corpus.files)[0])


if __name__ == "__main__":
    main()
