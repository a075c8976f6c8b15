"""How often the rules of what a suggestion may say forbid what an author really wrote, and what they cost.

Files are cut at random places, and what really stood there is proposed: the rest of the line, with nothing after it;
the rest and three more lines, above what the author had written by then; a part of the line, before the rest of it. A
rule that cuts what was written is counted. Places are drawn from Python's standard library, so that any machine can do
it, or from the newest commit of git repositories.
"""

import argparse
import json
import random
import subprocess
import sysconfig
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from charwise_daemon.fitting import RULES, Surroundings, fit
from charwise_daemon.indentation import column, indentation

_MORE_LINES = 3
_SHORTEST, _LONGEST = 2, 256  # characters of a suggestion


@dataclass(frozen=True)
class Case:
    """A document in which something is missing, and where."""

    before: bytes
    written: bytes
    after: bytes

    @property
    def around(self) -> Surroundings:
        """What the rules look at."""
        return Surroundings.of(self.before + self.after, len(self.before))

    def show(self, name: str, length: int) -> str:
        """Return the place in its surroundings, with what a rule leaves and cuts."""
        parts = self.before[-300:], b"[[", self.written[:length], b"|", self.written[length:], b"]]", self.after[:200]
        return f"--- {name}\n" + b"".join(parts).decode(errors="replace")


def main() -> None:
    """Print the table, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--repository", type=Path, nargs="*", default=[], help="git repositories, instead of the library"
    )
    parser.add_argument("--suffix", nargs="*", default=[""], help="of the files' names; default: all")
    parser.add_argument("--places", type=int, default=10_000, help="of each kind; default: 10,000")
    parser.add_argument("--show", type=int, default=0, help="print so many cases of each rule")
    chosen = parser.parse_args()
    texts = [text for text in _texts(chosen.repository, tuple(chosen.suffix)) if _is_text(text)]
    found = {kind: _count(texts, draw, chosen.places, chosen.show) for kind, draw in _KINDS.items()}
    table = Table("rule", *_KINDS)
    for name in (*(rule.__name__ for rule in RULES), "all"):
        table.add_row(name, *(f"{cut[name] / chosen.places:.2%}" for cut, _ in found.values()))
    table.add_row("µs, all rules", *(f"{cost:.0f}" for _, cost in found.values()))
    Console().print(table)
    shares = {kind: {name: n / chosen.places for name, n in cut.items()} for kind, (cut, _) in found.items()}
    costs = {kind: cost for kind, (_, cost) in found.items()}
    print(json.dumps({"files": len(texts), "places": chosen.places, "cut": shares, "microseconds": costs}))


def _texts(repositories: list[Path], suffixes: tuple[str, ...]) -> Iterator[bytes]:
    if not repositories:
        library = Path(sysconfig.get_path("stdlib"))
        paths = sorted(path for path in library.rglob("*.py") if "site-packages" not in path.parts)
        yield from (path.read_bytes() for path in paths)
    for repository in repositories:
        git = ["git", "-C", str(repository)]
        names = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", "HEAD"], text=True).splitlines()
        for name in names:
            if name.endswith(suffixes):
                yield subprocess.check_output([*git, "show", f"HEAD:{name}"])


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\n" in content and b"\0" not in content


def _count(
    texts: list[bytes], draw: Callable[[bytes, random.Random], Case | None], places: int, show: int
) -> tuple[Counter[str], float]:
    """Return how often each rule, and all in turn, cut what was written, and the microseconds of all."""
    chance, cut, spent, done = random.Random(0), Counter[str](), 0.0, 0
    while done < places:
        case = draw(chance.choice(texts), chance)
        if case is None:
            continue
        done += 1
        began = time.process_time()
        shown = fit(case.written, case.around)
        spent += time.process_time() - began
        cut["all"] += shown != case.written
        around = case.around
        for rule in RULES:
            if (length := rule(case.written, around)) < len(case.written):
                cut[rule.__name__] += 1
                if cut[rule.__name__] <= show:
                    print(case.show(rule.__name__, length))
    return cut, 1e6 * spent / places


def _rest(text: bytes, chance: random.Random) -> Case | None:
    """Draw the rest of a line."""
    start, end = _line(text, chance)
    return _case(text, start, end, end)


def _lines(text: bytes, chance: random.Random) -> Case | None:
    """Draw the rest of a line and more lines, before the first line that is indented as the shallowest of them.

    The lines between are what the author wrote after those: the rest of blocks that they begin.
    """
    start, end = _line(text, chance)
    for _ in range(_MORE_LINES):
        end = (text + b"\n").find(b"\n", min(end + 1, len(text)))
    lines = [line for line in text[text.rfind(b"\n", 0, start) + 1 : end].split(b"\n") if line.strip()]
    least, after = min((column(indentation(line)) for line in lines), default=0), end
    while after < len(text):
        line = text[after + 1 : (text + b"\n").find(b"\n", after + 1)]
        if line.strip() and column(indentation(line)) <= least:
            break
        after += 1 + len(line)
    return _case(text, start, end, min(after, len(text)))


def _part(text: bytes, chance: random.Random) -> Case | None:
    """Draw a part of a line; it ends where a word or a row of one sign ends."""
    start, end = _line(text, chance)
    if end - start <= _SHORTEST:
        return None
    cut = chance.randrange(start + _SHORTEST, end)
    after = text[cut : cut + 1]
    if after.isalnum() or after == b"_" or after == text[cut - 1 : cut]:
        return None
    return _case(text, start, cut, cut)


def _line(text: bytes, chance: random.Random) -> tuple[int, int]:
    """Return a place, and where its line ends."""
    start = chance.randrange(len(text))
    return start, (text + b"\n").find(b"\n", start)


def _case(text: bytes, start: int, end: int, after: int) -> Case | None:
    """Return a case, without white space at its ends; none where too little is left."""
    written = text[start:end][:_LONGEST].rstrip()
    if len(written) < _SHORTEST or written[:1].isspace():
        return None
    return Case(text[:start], written, text[after:])


_KINDS = {"rest of the line": _rest, "and three more lines": _lines, "within a line": _part}


if __name__ == "__main__":
    main()
