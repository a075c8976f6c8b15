"""What suggestions at the prompt are worth: a made-up person's history, typed again in its order.

$ python bench/shell_quality.py --learn 4000 --type 1000 --minutes 3 --seeds 1,2

The first commands are learned as those that were run in connected shells are (with --imported, as those of a history
file: of them neither folder nor branch nor status is known); the others are typed, each in its folder, after the
command before it, with the files that are there then, and learned as they are run. Beside charwise's parts are
zsh-autosuggestions' two strategies. The history is made by shell_history.py: it is ours, and no real person's.

Two typists: one accepts a suggestion when all of it is right (one key); one accepts word by word too (one key a word).
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from report import Report
from shell_history import Event, simulate
from shell_rivals import ZshHistory

from charwise.evaluation.asking import Offer
from charwise.evaluation.models import Budget, kept, load
from charwise.evaluation.replay import bits
from charwise.evaluation.typist import Typing, type_out
from charwise_daemon import completer
from charwise_daemon.adaptation import Adaptation
from charwise_daemon.benefit import price_of
from charwise_daemon.fitting import Surroundings
from charwise_daemon.gate import Gate
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor, first_gate
from charwise_daemon.search import Limits
from charwise_daemon.shell.checks import Place, working
from charwise_daemon.shell.filling import filled
from charwise_daemon.shell.place import names_at
from charwise_daemon.shell.prompt import Asked, Prompt, limits
from charwise_daemon.shell.recollection import Names, Recollection
from charwise_daemon.shell.text import Command, body, header, record
from charwise_daemon.shell.words import last_word
from charwise_daemon.steps import at_once
from charwise_trainer.config import config_for
from charwise_trainer.corpus import discover

# From those who want to see everything to those who want only what is sure; 0.5 is the default.
_EAGERNESS = (0.8, 0.65, 0.5, 0.35, 0.2)
_DEFAULT = 0.5
_COLUMNS = ("", "saved %", "saved by words %", "shown per 100", "precision")
# Commands after which what was run joins the memory of all commands, as in the daemon.
_JOINING = 64
_WORD = re.compile(rb"\s*\S+\s?")
_PIECE = 128 * 1024


@dataclass
class Score:
    """What became of all commands under one method."""

    whole: Typing = field(default_factory=Typing)
    word_keys: int = 0

    def add(self, text: bytes, offers: Sequence[Offer | None]) -> None:
        """Type a command."""
        keyed = [character & 0xC0 != 0x80 for character in text]
        typed = type_out(text, keyed, offers)
        self.whole.characters += typed.characters
        self.whole.keys += typed.keys
        self.whole.seen += typed.seen
        self.word_keys += _word_keys(text, keyed, offers)

    def row(self, name: str) -> tuple[str, float, float, float, float]:
        """Return the figures, as _COLUMNS names them."""
        characters, shown = max(1, self.whole.characters), len(self.whole.seen)
        saved, by_words = (100 * (1 - keys / characters) for keys in (self.whole.keys, self.word_keys))
        return name, saved, by_words, 100 * shown / characters, self.whole.accepted / max(1, shown)


def _word_keys(text: bytes, keyed: Sequence[bool], offers: Sequence[Offer | None]) -> int:
    """Return the keys of who accepts all of a suggestion, or its next word, where that is right."""
    at = keys = 0
    rest = b""
    while at < len(text):
        offer = offers[at] if keyed[at] and not rest else None
        rest = offer.text if offer else rest
        length = 1
        if rest and text.startswith(rest, at):
            length = len(rest)
        elif rest and (word := _WORD.match(rest)) and text.startswith(word[0], at):
            length = len(word[0])
        typed = text[at : at + length]
        keys += length > 1 or keyed[at]
        rest = rest[length:] if rest.startswith(typed) else b""
        at += length
    return keys


class Charwise:
    """One variant of charwise at the prompt, as the daemon puts it together."""

    def __init__(self, learned: Sequence[Event], folder: Path, minutes: float, home: Path, programs: set[str]) -> None:
        self._home, self._programs = str(home), programs
        self._texts = dict[str, bytes]()
        self._recollection, self._prompt = Recollection(), Prompt()
        self._new, self._status = b"", 0
        self.bits = 0.0
        self.characters = 0
        for event in learned:
            self._remember(event)
        self._memory = CorpusMemory.build({"ran-000000.sh": b"".join(self._texts.values())})
        self._gate, self._engine, self._adaptation = first_gate(has_lstm=False), None, None
        if minutes:
            (folder / "ran-000000.sh").write_bytes(b"".join(self._texts.values()))
            smallest = config_for(0)  # as at the prompt
            size = {"layers": smallest.layers, "width": smallest.width}
            model = load(kept(discover(folder), Budget(minutes, 1, size=size)))
            self._engine, self._adaptation = model.engine, Adaptation(model.engine.width)
            self._gate = Gate(model.gate) if model.gate else first_gate(has_lstm=True)

    def offers(self, event: Event, eagerness: Sequence[float]) -> Iterator[dict[float, Offer | None]]:
        """Yield what is offered before each character of a command, and learn it."""
        text = body(event.command)
        predictor, typed = self._predictor(), ""
        place = Place(event.directory.replace("~", self._home, 1), self._resolves)
        for at in range(len(text)):
            typed = text[:at].decode("utf-8", "ignore")
            word, _ = last_word(typed)
            names = names_at(place.directory, word)
            asked = self._asked(event, text[:at], names)
            position = at_once(self._prompt.position(predictor, asked))
            self.bits += bits(position.probabilities[text[at]])
            self.characters += 1
            yield self._shown(predictor, position, typed, names, place, eagerness)
        asked = self._asked(event, b"", ())
        at_once(self._prompt.learn(predictor, at_once(self._prompt.position(predictor, asked)), text))
        self._remember(event)

    def _asked(self, event: Event, typed: bytes, names: Sequence[str]) -> Asked:
        memories = self._recollection.memories(event.directory, self._prompt.lately, Names(names))
        return Asked(header(event.directory, event.branch, self._status), typed, memories)

    def _shown(
        self,
        predictor: Predictor,
        position: Any,
        typed: str,
        names: Sequence[str],
        place: Place,
        eagerness: Sequence[float],
    ) -> dict[float, Offer | None]:
        around = Surroundings.of(typed.encode(), len(typed.encode()))
        found, known = dict[Limits, Any](), dict[str, str]()
        shown = dict[float, Offer | None]()
        for each in eagerness:
            shown[each] = None
            likeliest, others = (limits(alternatives, price_of(each)) for alternatives in (1, 4))
            for far in (likeliest, others):
                if far not in found:
                    *_, found[far] = completer.candidates(predictor, position, far, around)
                for draft in completer.choose(found[far], price_of(each), around):
                    text = draft.text.decode()
                    known[text] = known[text] if text in known else working(typed, text, place)
                    if known[text]:
                        shown[each] = Offer(known[text].encode(), 1.0)
                        break
                if shown[each] or not completer.choose(found[likeliest], price_of(each), around):
                    break
            if shown[each] is None and (text := working(typed, filled(typed, names), place)):
                shown[each] = Offer(text.encode(), 1.0)
        return shown

    def _predictor(self) -> Predictor:
        memory = self._memory.changed({"new.sh": self._new}) if self._new else self._memory
        return Predictor(self._engine, self._gate, memory.memory, self._adaptation)

    def _remember(self, event: Event) -> None:
        command = Command(event.directory, event.branch, event.status, event.command)
        data = record(command, self._status)
        self._prompt.ran(command, self._status)
        self._recollection.add(event.directory, event.command)
        self._status = event.status
        if hasattr(self, "_memory"):
            self._new += data
            if self._new.count(b"\n") % _JOINING == 0:
                self._memory = self._memory.changed({f"ran-{len(self._memory.fresh) + 1}.sh": self._new})
                self._new = b""
        else:
            self._texts[str(len(self._texts))] = data

    def _resolves(self, word: str, may_go_on: bool) -> bool:
        return word in self._programs or (may_go_on and any(each.startswith(word) for each in self._programs))


def main() -> None:
    """Type what each person of some seeds ran, print the table."""
    chosen = _options()
    report = Report("shell_quality", vars(chosen))
    scores, figures = dict[str, Score](), list[dict[str, Any]]()
    for seed in map(int, chosen.seeds.split(",")):
        with tempfile.TemporaryDirectory() as home:
            os.environ["HOME"] = home
            figures.append(_replay(seed, chosen, Path(home), scores))
    rows = [score.row(name) for name, score in scores.items()]
    title = f"{chosen.type} commands of each of {len(figures)} made-up people, typed again"
    report.grid(title, _COLUMNS, rows)
    report.note(figures=figures)
    report.end()


def _replay(seed: int, chosen: argparse.Namespace, home: Path, scores: dict[str, Score]) -> dict[str, Any]:
    events = list(simulate(seed, chosen.learn + chosen.type))
    learned, typed = events[: chosen.learn], events[chosen.learn :]
    programs = {event.command.split()[0] for event in events if event.status != 127} | {"sudo", "cd"}
    for event in learned:
        _on_disk(event, home)
    rival = ZshHistory()
    rival.commands += [event.command for event in learned]
    if chosen.imported:
        learned = [replace(event, directory="", branch="", status=0) for event in learned]
    folder = home / ".charwise"
    folder.mkdir()
    methods = {"memories": Charwise(learned, folder, 0, home, programs)}
    if chosen.minutes:
        methods["LSTM and memories"] = Charwise(learned, folder, chosen.minutes, home, programs)
    for event in typed:
        _on_disk(event, home)
        text = event.command.encode()
        for name, strategy in (("zsh: history", rival.history), ("zsh: match_prev_cmd", rival.match_prev_cmd)):
            shown = [strategy(event.command[:at]) for at in range(len(text))]
            scores.setdefault(name, Score()).add(text, [Offer(each.encode(), 1.0) if each else None for each in shown])
        for name, method in methods.items():
            offers = list(method.offers(event, _EAGERNESS))
            for each in _EAGERNESS:
                column = [offer[each] for offer in offers]
                scores.setdefault(f"charwise, {name}, eagerness {each:g}", Score()).add(text, column)
                if each == _DEFAULT:
                    later = [None, *column[1:]]
                    scores.setdefault(f"charwise, {name}, nothing at an empty prompt", Score()).add(text, later)
        rival.commands.append(event.command)
    known, new = {event.command for event in learned}, 0
    for event in typed:
        new += event.command not in known
        known.add(event.command)
    bpc = {name: method.bits / method.characters for name, method in methods.items()}
    return {"seed": seed, "new commands": new / len(typed), "bits per character": bpc}


def _on_disk(event: Event, home: Path) -> None:
    for path in event.makes:
        place = home / path
        if path.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    for path in event.removes:
        (home / path).unlink(missing_ok=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learn", type=int, default=4000, help="commands that are learned first")
    parser.add_argument("--type", type=int, default=500, help="commands that are typed then")
    parser.add_argument("--seeds", default="1", help="whose, such as 1,2,3")
    parser.add_argument("--minutes", type=float, default=0.0, help="of training; 0: the memories alone")
    parser.add_argument("--imported", action="store_true", help="learn the first commands as a history file has them")
    return parser.parse_args()


if __name__ == "__main__":
    main()
