"""What it saves to end a search when what is shown of it is settled, and how often something else is shown.

Real text is typed in a real document, over a project of a megabyte and a 2x512 LSTM. At each key that the suggestion
shown did not foresee it is searched both ways from the same place. One line of JSON last.
"""

import dataclasses
from pathlib import Path
from typing import Any

from common import install, measuring, options
from layers import InProcess
from material import draft, project
from report import Report, Row

from charwise_daemon.benefit import price_of
from charwise_daemon.completer import candidates, choose, complete, lines_at
from charwise_daemon.settings import CompletionSettings

_SIZE = 100_000
_EAGERNESS = (0.3, 0.5, 0.6, 0.8)
_SETTINGS = CompletionSettings()
_TYPED = 0.5  # the eagerness of whose suggestions is typed along


def main() -> None:
    """Measure, print the table and the JSON line."""
    parser = options((__doc__ or "").splitlines()[0], documents=(24, "of 100 kB"), keys=(60, "typed in each"))
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.documents = 6
    with measuring("settling", chosen) as (report, folder, model):
        _measure(report, folder, model, chosen)


def _measure(report: Report, folder: Path, model: Path, chosen: Any) -> None:
    small = project(folder / "small", 1_000_000)
    install(model, small)
    editor, whole = InProcess.of(small), list[int]()
    ended = {eagerness: list[int]() for eagerness in _EAGERNESS}
    others = dict.fromkeys(_EAGERNESS, 0)
    for number in range(chosen.documents):
        document, shown = draft(small, _SIZE, number), ""
        editor.open(document.path, document.before, document.after)
        for character in document.typed[: chosen.keys]:
            editor.insert(character)
            if len(shown) > 1 and shown[0] == character:
                shown = shown[1:]
                continue
            predictor, position, limits, around = editor.place()
            if around.inside_word:
                shown = ""
                continue
            limits = dataclasses.replace(limits, lines=lines_at(around, _SETTINGS.max_lines))
            found = list(candidates(predictor, position, limits, around))
            whole.append(len(found) - 1)  # a step for each character
            for eagerness, lengths in ended.items():
                price = price_of(eagerness)
                drafts = list(complete(predictor, position, limits, around, price))
                lengths.append(len(drafts) - 1)
                full = choose(found[-1], price, around)[:1]
                others[eagerness] += [each.text for each in full] != [each.text for each in drafts[-1][:1]]
                if eagerness == _TYPED:
                    shown = full[0].text.decode() if full else ""
    rows = [Row(f"eagerness {eagerness}, until settled", "characters", lengths) for eagerness, lengths in ended.items()]
    report.table("how far a search goes", [Row("as far as it is sure enough", "characters", whole), *rows])
    for eagerness, lengths in ended.items():
        report.say(
            f"eagerness {eagerness}: {sum(lengths):,} of {sum(whole):,} characters; "
            f"{others[eagerness]} of {len(lengths):,} searches show something else"
        )
    report.note(others=others, searched={each: sum(lengths) for each, lengths in ended.items()}, whole=sum(whole))


if __name__ == "__main__":
    main()
