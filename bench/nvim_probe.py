"""Neovim's part of bench/editors.py: from a key to its ghost text on the screen, as Neovim itself sees it.

Real text is typed at a fast typist's pace, with the daemon's own training going on; then the same with a daemon that
answers at once, which is what Neovim and the plugin cost alone. Of such a daemon one completion is also asked over its
socket, as the plugin does, and over vim.lsp and `charwise lsp`.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common import configure, daemon, home, install, stop_daemon
from material import Draft, draft, project
from processes import Watch, until_computing
from report import KEY_TO_GHOST_NVIM, Report, Row
from tests.editors.nvim.install import neovim
from tests.editors.nvim.remote import Neovim
from tests.editors.nvim.scripted import Scripted

_ROOT = Path(__file__).parents[1]
_INIT = """
vim.opt.rtp:prepend([[{root}/editors/nvim]])
vim.o.swapfile, vim.o.undofile = false, false
vim.cmd('filetype off | syntax off')
require('charwise').setup({{ learn = false }})
probe = dofile([[{root}/bench/nvim_probe.lua]])
"""
_CLIENT = """
vim.lsp.start({ name = 'charwise', cmd = { 'charwise', 'lsp' }, root_dir = ... })
vim.wait(20000, function() local c = vim.lsp.get_clients({ name = 'charwise' })[1] return c and c.initialized end, 10)
"""
_VERSION = "0.12"
_SIZE = 100_000
# Seconds between two keys of a fast typist, and the longest wait for a paused trainer to go on.
_PACE, _RESUMED = 0.1, 30.0
_KINDS = {"along": "typed along the suggestion", "searched": "typed, new search"}


class _Typist:
    """One Neovim with the probe in it."""

    def __init__(self, place: Path) -> None:
        self.neovim = Neovim(neovim(_VERSION), place, _INIT.format(root=_ROOT), dict(os.environ))

    def lua(self, code: str, *arguments: Any) -> Any:
        return self.neovim.call("nvim_exec_lua", code, arguments)

    def open(self, document: Draft) -> None:
        """Open a document in insert mode, where its text is missing."""
        document.path.write_text(document.before + document.after, "utf-8")
        self.neovim.call("nvim_command", f"edit! {document.path}")
        self.neovim.call("nvim_win_set_cursor", 0, [document.before.count("\n") + 1, 0])
        connected = "return vim.wait(20000, require('charwise.daemon').is_connected, 5)"
        assert self.lua(connected), "the plugin does not reach the daemon"

    async def type(self, text: str) -> None:
        """Type at a typist's pace."""
        self.neovim.call("nvim_input", "i")
        due = time.perf_counter()
        for character in text:
            due += _PACE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.neovim.call("nvim_input", {"<": "<lt>", "\n": "<CR>"}.get(character, character))
        await asyncio.sleep(_PACE)
        self.neovim.call("nvim_input", "<Esc>")

    def rows(self) -> list[Row]:
        """Return what the probe has noted."""
        noted = self.lua("return { along = probe.along, searched = probe.searched }")
        all_keys = [*noted["along"], *noted["searched"]]
        return [
            Row("all keys", "ms", all_keys, KEY_TO_GHOST_NVIM),
            *(Row(name, "ms", noted[kind]) for kind, name in _KINDS.items()),
        ]


async def measure(report: Report, folder: Path, model: Path, chosen: Any) -> None:
    """Measure, and print the tables."""
    small = project(folder / "small", 1_000_000)
    install(model, small)
    documents = [draft(small, _SIZE, number) for number in range(chosen.documents)]
    ways = await _ways(folder, documents, chosen.keys)
    report.table("one completion in Neovim, client to client", ways)
    report.table(_title("a daemon that answers at once"), await _floor(folder, documents, chosen.keys))
    for is_training in (False, True):
        rows = await _served(report, folder, small, documents, chosen.keys, is_training=is_training)
        report.table(_title("with training" if is_training else "without training"), rows)


def _title(which: str) -> str:
    return f"Neovim {_VERSION}, 10 keys/s, key to ghost text drawn: {which}"


async def _served(
    report: Report, folder: Path, small: Path, documents: list[Draft], keys: int, *, is_training: bool
) -> list[Row]:
    """Type with the real daemon, and with its own trainer at work; each document begins while that computes."""
    configure(training=is_training)
    async with daemon() as served:
        await served.use(small)
        if is_training:
            await served.train(small)
        typist = _Typist(folder / f"nvim-{is_training}")
        typist.lua("probe.watch()")
        pid = await served.pid()
        async with Watch(pid) as watch:
            for document in documents:
                typist.open(document)
                if is_training:
                    await until_computing(pid, _RESUMED)
                await typist.type(document.typed[:keys])
        rows = typist.rows()
        typist.neovim.close()
    stop_daemon()
    if is_training:
        report.say(str(watch))
        report.note(trainer=str(watch))
    return rows


async def _floor(folder: Path, documents: list[Draft], keys: int) -> list[Row]:
    """Type with a daemon that answers at once: what Neovim and the plugin cost by themselves."""
    with _at_once(folder / "scripted"):
        typist = _Typist(folder / "nvim-floor")
        typist.lua("probe.watch()")
        for document in documents:
            typist.open(document)
            await typist.type(document.typed[:keys])
        rows = typist.rows()
        typist.neovim.close()
    return rows


async def _ways(folder: Path, documents: list[Draft], keys: int) -> list[Row]:
    """Ask over both ways, by turns, of a daemon that answers at once: what is left is what the way costs."""
    with _at_once(folder / "ways"):
        typist = _Typist(folder / "nvim-ways")
        for document in documents:
            for way in ("socket", "lsp"):
                typist.open(document)
                typist.lua(_CLIENT, str(document.path.parent))
                typist.lua(f"probe.over_{way}(...)", document.typed[:keys].replace("\n", " "))
        noted = typist.lua("return { probe.socket, probe.lsp }")
        typist.neovim.close()
    return [Row("over the daemon's socket", "ms", noted[0]), Row("over vim.lsp and charwise lsp", "ms", noted[1])]


@contextlib.contextmanager
def _at_once(folder: Path) -> Iterator[None]:
    """Have a daemon that answers at once, always the same: nothing goes on with it, so each key asks anew."""
    with home(folder):
        scripted = Scripted(folder)
        scripted.always = "suggested text"
        try:
            yield
        finally:
            scripted.close()
