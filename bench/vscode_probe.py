"""VS Code's part of bench/editors.py: from a key to its ghost text on the screen, as the browser that draws it sees it.

Real text is typed at a fast typist's pace, with the daemon's own training going on; then the same with an inline
completion provider that answers at once, which is what VS Code itself costs. VS Code is its web server with a browser
on the same machine, so both share the processor with the daemon.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import configure, daemon, install
from material import Draft, draft, project
from processes import Watch, until_computing
from report import KEY_TO_GHOST_VSCODE, Report, Row
from tests.editors.vscode.serving import browsing, serving
from tests.editors.vscode.workbench import Workbench

from charwise_daemon.protocol import WorkspacePath

_SCRIPT = Path(__file__).with_name("vscode_probe.js")
_SIZE = 100_000
# Seconds between two keys of a fast typist; until what follows a key is drawn, or never is; before the first key,
# for the daemon to have read the document; until a paused trainer goes on, at most; and between two looks.
_PACE, _DRAWN, _OPENED, _RESUMED, _LOOK = 0.1, 0.5, 1.0, 30.0, 0.02
_KINDS = {"along": "typed along the suggestion", "searched": "typed, new suggestion"}
# What would put in more than was typed, the other extensions' suggestions, and a toolbar that tests click.
_SETTINGS = {
    "editor.inlineSuggest.showToolbar": "onHover",
    "editor.autoIndent": "none",
    "editor.autoClosingBrackets": "never",
    "editor.autoClosingQuotes": "never",
    "editor.trimAutoWhitespace": False,
    "editor.suggestOnTriggerCharacters": False,
}


async def measure(report: Report, folder: Path, model: Path, chosen: Any) -> None:
    """Measure, and print the table."""
    small = project(folder / "small", 1_000_000)
    install(model, small)
    documents = [draft(small, _SIZE, number) for number in range(2 * chosen.documents)]
    configure(training=True)
    async with daemon() as served:
        await served.use(small)
        await served.client.request("train", WorkspacePath(str(small)))
        pid, loop = await served.pid(), asyncio.get_running_loop()

        def until_training() -> None:
            asyncio.run_coroutine_threadsafe(until_computing(pid, _RESUMED), loop).result()

        async with Watch(pid) as watch:
            work = asyncio.to_thread(_in_browser, folder, small, documents, chosen.keys, until_training)
            rows = await work  # in a thread of its own: playwright's calls block
        report.say(str(watch))
        report.note(trainer=str(watch))
    report.table("VS Code, 10 keys/s at most", rows)


def _in_browser(
    folder: Path, small: Path, documents: list[Draft], keys: int, until_training: Callable[[], None]
) -> list[Row]:
    (folder / "code").mkdir()
    with serving(folder / "code") as served, browsing() as browser:
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        window = Workbench(page, served.url, small, served.ports).start().trust()
        for key, value in _SETTINGS.items():
            window.js("await vscode.workspace.getConfiguration().update(key, value, true)", key=key, value=value)
        page.evaluate(_SCRIPT.read_text("utf-8"))
        fresh = iter(documents)  # what was opened before is drawn faster
        for document in itertools.islice(fresh, len(documents) // 2):
            _type(window, document, keys, until_training)
        rows = _rows(window, "with training")
        window.js("floor.text = 'suggested text'")
        window.command("charwise.toggle")
        for document in fresh:
            _type(window, document, keys, until_training)
        return rows + _rows(window, "provider that answers at once")


def _type(window: Workbench, document: Draft, keys: int, until_training: Callable[[], None]) -> None:
    """Type what a document lacks, where it lacks it, at a typist's pace."""
    document.path.write_text(document.before + document.after, "utf-8")
    window.open(document.path, (document.before.count("\n"), 0))
    time.sleep(_OPENED)
    until_training()
    window.page.evaluate("() => probe.begin()")
    for character in document.typed[:keys]:
        pressed = time.perf_counter()
        window.type(character)
        time.sleep(_PACE)
        while window.page.evaluate("() => probe.isWaiting()") and time.perf_counter() < pressed + _DRAWN:
            time.sleep(_LOOK)
    window.page.evaluate("() => probe.end()")


def _rows(window: Workbench, which: str) -> list[Row]:
    """Return what the probe has noted, and let it begin anew."""
    noted = window.page.evaluate("() => probe.take()")
    name = f"key to ghost text drawn, {which}"
    return [
        Row(f"{name}: all keys", "ms", [*noted["along"], *noted["searched"]], KEY_TO_GHOST_VSCODE),
        *(Row(f"{name}: {about}", "ms", noted[kind]) for kind, about in _KINDS.items()),
    ]
