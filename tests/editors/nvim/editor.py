"""One real Neovim with the plugin, driven by keys and looked at by what it draws."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.editors.nvim.remote import PATIENCE, Neovim

PLUGIN = Path(__file__).parents[3] / "editors" / "nvim"

_GHOST = """
local marks = vim.api.nvim_buf_get_extmarks(0, vim.api.nvim_create_namespace('charwise'), 0, -1, { details = true })
local function text(chunks) return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, chunks or {})) end
local lines = {}
for _, mark in ipairs(marks) do
  lines[#lines + 1] = text(mark[4].virt_text)
  for _, line in ipairs(mark[4].virt_lines or {}) do lines[#lines + 1] = text(line) end
end
return table.concat(lines, '\\n')
"""


class Editor:
    """Neovim with folders of its own in `place`; `options` is what `setup` gets, as Lua, `before` is run first."""

    def __init__(self, program: Path, place: Path, options: str = "", before: str = "") -> None:
        folders = {f"XDG_{name}_HOME": str(place / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where this installation's charwise is
        setup = f"require('charwise').setup({options})" if options else ""
        init = f"vim.opt.rtp:prepend([[{PLUGIN}]])\nvim.o.swapfile = false\n{before}\n{setup}\n"
        self.nvim = Neovim(program, place, init, os.environ | folders | {"PATH": path})
        self.close = self.nvim.close

    def edit(self, file: Path) -> None:
        """Open a file."""
        self.command(f"edit {file}")

    def command(self, command: str) -> None:
        """Run an Ex command."""
        self.nvim.call("nvim_command", command)

    def keys(self, keys: str) -> None:
        """Press keys, in Neovim's notation."""
        while keys:
            keys = keys.encode()[self.nvim.call("nvim_input", keys) :].decode()

    def lua(self, code: str, *arguments: Any) -> Any:
        """Run Lua and return what it returns."""
        return self.nvim.call("nvim_exec_lua", code, arguments)

    @property
    def ghost(self) -> str:
        """The ghost text that is drawn."""
        return str(self.lua(_GHOST))

    @property
    def rest(self) -> str:
        """What is suggested beyond the cursor, as the daemon has it."""
        return str(self.lua("return select(2, require('charwise.ghost').shown()) or ''"))

    @property
    def text(self) -> str:
        """The buffer."""
        return "\n".join(self.nvim.call("nvim_buf_get_lines", 0, 0, -1, True))

    @property
    def messages(self) -> str:
        """What was said."""
        return str(self.nvim.call("nvim_exec2", "messages", {"output": True})["output"])

    @property
    def mode(self) -> str:
        """What keys mean now, such as "n" or "i"."""
        return str(self.nvim.call("nvim_get_mode")["mode"])

    def until(self, seen: Callable[[], object], *wanted: object, seconds: float = PATIENCE) -> Any:
        """Return what is seen as soon as it is one of what is wanted, or anything at all where nothing is named."""
        latest = time.monotonic() + seconds
        while (found := seen()) not in wanted and not (found and not wanted):
            assert time.monotonic() < latest, f"{found!r} instead of {wanted or 'something'}; {self._state()}"
            time.sleep(0.005)  # nothing tells from outside when Neovim has drawn
        return found

    def until_ghost(self, wanted: str) -> None:
        """Return when this is drawn."""
        self.until(lambda: self.ghost, wanted)

    def until_rest(self, wanted: str) -> None:
        """Return when this is suggested."""
        self.until(lambda: self.rest, wanted)

    def until_text(self, wanted: str) -> None:
        """Return when this is what the buffer has."""
        self.until(lambda: self.text, wanted)

    def synchronise(self) -> None:
        """Return when the daemon has answered all that it was asked so far, and Neovim has dealt with that."""
        self.lua(
            "charwise_done = nil; require('charwise.daemon').request('status', nil, function() charwise_done = 1 end)"
        )
        self.until(lambda: self.lua("return charwise_done"), 1)

    def _state(self) -> str:
        return f"mode {self.mode}, text {self.text[-300:]!r}, ghost {self.ghost!r}, messages {self.messages!r}"
