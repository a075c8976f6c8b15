"""What the editor shows of charwise in one word and a sentence: pure, fed with what happens, and asked what that means.

Sent as `charwise/didChangeStatus` whenever it changes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from charwise_lsp.progress import ENDS, describe, percentage

Kind = Literal["ready", "learning", "paused", "off", "error"]


@dataclass(frozen=True)
class Status:
    """What is shown: `percent` of a training where one is under way, `busy` while an answer may become better soon."""

    kind: Kind
    message: str
    percent: int | None = None
    busy: bool = False


@dataclass
class Board:
    """What is known of the daemon and of this editor's folders."""

    is_connected: bool = False
    is_automatic: bool = True
    trouble: str = ""
    settings: str = ""  # what is wrong with the daemon's
    options: str = ""  # what is wrong with the editor's
    paused: str = ""  # why nothing is trained though nothing is under way
    _folders: dict[str, dict[str, Any]] = field(default_factory=dict)  # by path: what the daemon said of it last
    _trainings: dict[str, dict[str, Any]] = field(default_factory=dict)  # by path: the latest of those under way

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in an event of the daemon."""
        folder = str(event.get("workspace") or event.get("path") or "")
        match event["kind"]:
            case "connected":
                self.is_connected, self.trouble = True, ""
                self.paused = str(event.get("message") or "")
            case "settings":
                self.settings = str(event["message"])
            case "pause":
                self.paused = str(event["message"])
            case "training":
                self._train(folder, event)
            case "workspace" | "memory" | "model":
                self._folders.setdefault(folder, {}).update(event)

    def lose(self) -> None:
        """Take in that the daemon is gone."""
        self.is_connected, self.settings = False, ""
        self._folders.clear()
        self._trainings.clear()

    def keep(self, folders: Collection[str]) -> None:
        """Forget what was said of folders that are learned no longer."""
        for said in (self._folders, self._trainings):
            for folder in said.keys() - {"", *folders}:
                del said[folder]

    def status(self) -> Status:
        """Return what that means."""
        if wrong := self.trouble or self.settings or self.options:
            return Status("error", wrong)
        if not self.is_connected:
            return Status("off", "connecting to the daemon", busy=True)
        if self._trainings:
            return self._training()
        if self.paused == "paused by you":
            return Status("paused", self.paused)
        if not self.is_automatic:
            return Status("off", "suggestions come only when you ask for one")
        return Status("ready", self._learned())

    def _train(self, folder: str, event: Mapping[str, Any]) -> None:
        self.paused = ""
        if event["state"] in ENDS:
            self._trainings.pop(folder, None)
            self.trouble = f"training failed: {event['message']}" if event["state"] == "failed" else ""
        else:
            self._trainings[folder] = dict(event)

    def _training(self) -> Status:
        event = next(iter(self._trainings.values()))
        kind: Kind = "paused" if event["state"] == "paused" else "learning"
        return Status(kind, describe(event) or "learning", percentage(event), busy=kind == "learning")

    def _learned(self) -> str:
        files = sum(folder.get("files") or 0 for folder in self._folders.values())
        bpc = [folder["bpc"] for folder in self._folders.values() if folder.get("bpc")]
        if not files:
            return "nothing is learned but what is open"
        return f"{files:,} files learned" + (f", {max(bpc):.2f} bits per character" if bpc else ", no model yet")
