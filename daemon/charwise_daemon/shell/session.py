"""One shell's session: what it says, line by line. A method `line_NAME` obeys each message of docs/terminal.md."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charwise_daemon import __version__
from charwise_daemon.completer import Draft
from charwise_daemon.errors import InvalidRequestError
from charwise_daemon.shell import lines
from charwise_daemon.shell.checks import Place, working
from charwise_daemon.shell.consent import KINDS, PYTHONS
from charwise_daemon.shell.filling import filled
from charwise_daemon.shell.ignoring import is_kept_out, split
from charwise_daemon.shell.place import names_at, short
from charwise_daemon.shell.programs import Programs
from charwise_daemon.shell.prompt import Asked, Prompt
from charwise_daemon.shell.recollection import Names
from charwise_daemon.shell.repository import branch_of
from charwise_daemon.shell.secrets import is_secret
from charwise_daemon.shell.text import PYTHON, Command, body, header
from charwise_daemon.shell.words import last_word
from charwise_daemon.steps import at_once, driven

if TYPE_CHECKING:
    from charwise_daemon.shell.connection import ShellConnection
    from charwise_daemon.shell.shells import Shells

log = logging.getLogger(__name__)

KIND = "prompt"
"""The type of file as which suggestions at the prompt are counted."""

# What is longer is a pasted text, which nobody wants completed or remembered.
_LONGEST = 4096
# What is longer was hardly typed, so nothing is learned of how it was foreseen.
_LONGEST_TYPED = 300
# Seconds between commands that somebody types; those of a script teach nothing of how one types.
_QUICKEST = 0.2
# Others that are looked at where what is likeliest cannot work.
_ALTERNATIVES = 4
# Characters of a word from which the project's files help to complete it.
_TELLING = 2
# Names that one shell may tell of one kind.
_MOST_NAMES = 20_000


@dataclass(frozen=True, slots=True)
class _Offer:
    """What was suggested after which buffer, where; and how it is counted."""

    directory: str
    buffer: str
    text: str
    number: int

    def rest(self, directory: str, buffer: str) -> str:
        """Return what is left of it once this buffer was typed, "" where it is not gone on with."""
        whole = self.buffer + self.text
        goes_on = directory == self.directory and buffer.startswith(self.buffer) and whole.startswith(buffer)
        return whole[len(buffer) :] if goes_on else ""


class ShellSession:
    """The prompt of one shell."""

    def __init__(self, shells: "Shells", connection: "ShellConnection") -> None:
        self._shells, self._connection = shells, connection
        self._prompt = Prompt()
        self._programs = Programs(shells.folders)
        self._ignore = list[str]()
        self._greeted = ""  # as which it was told to be
        self._ran_at = -_QUICKEST
        self._status = 0  # of the command before
        self._branches = dict[str, str]()  # by folder, at this prompt
        self._names = dict[tuple[str, str], Names]()  # by folder and folder of the word, at this prompt
        self._offer: _Offer | None = None
        self._answered = "", ""  # the shell's ID of the last request that was answered with text, and that
        self._search: asyncio.Task[None] | None = None
        self._asked_as = ""  # the shell's ID of the request that it is for

    def __repr__(self) -> str:
        return f"ShellSession({self._connection.shell}, {self._prompt})"

    @property
    def is_on(self) -> bool:
        """Whether the user lets this shell be learned from, and have suggestions."""
        return self._connection.shell in self._shells.consent.shells

    def close(self) -> None:
        """Stop what is under way."""
        self._outdate()

    def begin(self) -> None:
        """Know what was run in other shells."""
        self._prompt = Prompt(self._shells.lately(self._prefix))

    def greet(self) -> None:
        """Tell the shell whether it is learned from, where it does not know."""
        state = "on" if self.is_on else "off"
        if state != self._greeted:
            self._greeted = state
            self._connection.send("hello", lines.PROTOCOL, __version__, state)

    def forget(self, is_meant: Callable[[str], bool]) -> None:
        """Know commands no more."""
        self._prompt.forget(is_meant)
        self._offer = None

    # --- what a shell says ---------------------------------------------------------------------------
    def line_hello(self, protocol: str, shell: str, _process: str) -> None:
        """Answer who this is, and whether the user has let this kind of shell be learned from."""
        if protocol != lines.PROTOCOL:
            raise InvalidRequestError(
                f"the shell speaks protocol {protocol[:10]}, this daemon (charwise {__version__}) {lines.PROTOCOL}; "
                "run `charwise daemon restart` and start a new shell"
            )
        if shell not in KINDS:
            raise InvalidRequestError(f"{shell[:20]} is no shell that is known; known are {', '.join(KINDS)}")
        self._connection.shell = shell
        self._shells.use(self._connection)
        self._greeted = ""
        self.greet()
        self.begin()

    def line_bye(self) -> None:
        """Take the shell as gone; what it has started may hold its connection open."""
        self._connection.close()

    def line_complete(self, number: str, directory: str, buffer: str, cursor: str) -> None:
        """Suggest what to put after the cursor, which is at the buffer's end."""
        at_end = _whole(cursor) == len(buffer)
        self._shells.typed()
        self._outdate()
        if not at_end or not self.is_on or not _is_completed(buffer) or not _is_folder(directory):
            self._connection.send("suggest", number, "")
        elif self._offer and (rest := self._offer.rest(directory, buffer)):
            self._answer(number, self._offer, rest)
        else:
            if self._offer:
                self._shells.tally.otherwise(self._offer.number)
            self._offer, self._asked_as = None, number
            self._search = asyncio.create_task(self._suggest(number, directory, buffer))

    def line_ran(self, directory: str, branch: str, status: str, command: str) -> None:
        """Learn a command that was run."""
        ended = _whole(status) & 0xFF
        branch = branch or self._branches.get(directory, "")
        self._outdate()
        self._branches.clear()
        self._names.clear()
        self._offer = None
        text = command.strip("\n")
        if self.is_on and _is_folder(directory) and self._may_learn(text):
            self._learn(directory, branch, ended, text)
        self._status = ended

    def line_accepted(self, number: str, characters: str) -> None:
        """Count what was accepted of a suggestion, which was the last."""
        length, (answered, text) = _whole(characters), self._answered
        if self._offer and number == answered and length > 0:
            self._shells.tally.accepted(self._offer.number, len(text[:length].encode()))

    def line_forget(self, command: str) -> None:
        """Forget a command, and suggest it no more."""
        self._outdate()
        if self._offer:
            self._shells.tally.rejected(self._offer.number)
        self._offer = None
        self._connection.send("forgot", str(self._shells.forget_command(command)))

    def line_names(self, kind: str, *words: str) -> None:
        """Take note of names that this shell can run, or of what it keeps out of its history."""
        told = [word for word in words[:_MOST_NAMES] if word]
        match kind:
            case "alias" | "function" | "builtin":
                self._programs.tell(kind, told)
            case "path":
                self._programs.set_path(told)
            case "ignore":
                zsh = self._connection.shell == "zsh"
                self._ignore = told if zsh else [each for pattern in told for each in split(pattern)]
            case _:
                raise InvalidRequestError(f"{kind[:20]!r} is no kind of names; see docs/terminal.md")

    # --- suggesting ----------------------------------------------------------------------------------
    def _outdate(self) -> None:
        """End the search under way, whose request is answered with nothing: each is answered once."""
        if self._search and not self._search.done():
            self._search.cancel()
            self._connection.send("suggest", self._asked_as, "")
        self._search = None

    async def _suggest(self, number: str, directory: str, buffer: str) -> None:
        found = None
        try:
            if not is_secret(buffer + "x"):
                names = await self._seen(directory, buffer)
                found = await self._find(self._asked(directory, buffer, names), directory, buffer, names.names)
            if found and found.text:
                self._offer = found
        except Exception:  # the task's edge: nobody awaits it
            log.exception("a suggestion at the prompt failed")
        self._answer(number, found, found.text if found else "")

    def _answer(self, number: str, offer: _Offer | None, text: str) -> None:
        self._connection.send("suggest", number, text)
        if offer and text:
            self._answered = number, text
            self._shells.tally.offered({offer.number: Draft(text.encode())}, KIND)
            self._shells.tally.shown(offer.number)

    def _asked(self, directory: str, buffer: str, names: Names) -> Asked:
        """Return what is known where the cursor is."""
        word, is_command = last_word(buffer)
        project = self._shells.project(directory, self) if len(word) >= _TELLING and not is_command else None
        key = self._prefix + short(directory)
        arguments = None if is_command else names
        memories = self._shells.recollection.memories(key, self._prompt.lately, arguments, project)
        return Asked(header(key, self._branches.get(directory, ""), self._status), body(buffer), memories)

    async def _seen(self, directory: str, buffer: str) -> Names:
        """Return the names that are there, and note git's branch; at one prompt the disk is asked once."""
        if self._prefix:
            return Names()
        word, _ = last_word(buffer)
        key = directory, word.rpartition("/")[0]
        if key not in self._names:
            self._branches[directory], self._names[key] = await self._shells.disk.ask(
                lambda: (branch_of(directory), Names(names_at(directory, word))), ("", Names())
            )
        return self._names.get(key, Names())

    async def _find(self, asked: Asked, directory: str, buffer: str, names: Sequence[str]) -> _Offer | None:
        predictor, draft = self._shells.predictor(), Draft()
        for alternatives in (1, _ALTERNATIVES):
            with self._shells.background.waiting():
                limits, price = self._shells.limits(alternatives)
                drafts = await driven(self._prompt.find(predictor, asked, limits, price))
            for draft in drafts:
                if text := await self._checked(directory, buffer, draft.text.decode()):
                    return self._offered(directory, buffer, text, draft)
            if not drafts:
                break
        text = await self._checked(directory, buffer, filled(buffer, names))
        return self._offered(directory, buffer, text, Draft()) if text else None

    def _offered(self, directory: str, buffer: str, text: str, draft: Draft) -> _Offer:
        counted = Draft(text.encode(), draft.probabilities)
        return _Offer(directory, buffer, text, self._shells.counted(counted, KIND))

    async def _checked(self, directory: str, buffer: str, text: str) -> str:
        """Return as much of a text as may be suggested: what is safe, no secret, and can work."""
        line = buffer + text
        if not text or not lines.is_safe(text) or self._shells.consent.tells_forgotten(buffer, text) or is_secret(line):
            return ""
        if is_kept_out(line, [*self._ignore, *self._shells.consent.ignore]):
            return ""
        if self._prefix:
            return text
        place = Place(directory, self._programs.resolves)
        return await self._shells.disk.ask(lambda: working(buffer, text, place), "")

    # --- learning ------------------------------------------------------------------------------------
    @property
    def _prefix(self) -> str:
        """What Python's prompts have before the folder, so that they are not taken for the shell's."""
        return PYTHON if self._connection.shell in PYTHONS else ""

    def _may_learn(self, text: str) -> bool:
        if len(text) > _LONGEST or is_kept_out(text, [*self._ignore, *self._shells.consent.ignore]):
            return False
        return _is_safe(text) and not is_secret(text)

    def _learn(self, directory: str, branch: str, status: int, text: str) -> None:
        command = Command(self._prefix + short(directory), "" if self._prefix else branch, status, text)
        before, self._ran_at = self._ran_at, time.monotonic()
        if len(text) <= _LONGEST_TYPED and self._ran_at > before + _QUICKEST:
            memories = self._shells.recollection.memories(command.directory, self._prompt.lately)
            asked = Asked(header(command.directory, command.branch, self._status), b"", memories)
            predictor = self._shells.predictor()
            position = at_once(self._prompt.position(predictor, asked))
            self._shells.learn(self, self._prompt.learn(predictor, position, body(text)))
        self._prompt.ran(command, self._status)
        self._shells.ran(command, self._status)


def _is_completed(buffer: str) -> bool:
    """Tell whether a buffer is one to suggest something for: not of what is kept out, or was pasted, or is no text."""
    return len(buffer) <= _LONGEST and not buffer[:1].isspace() and _is_safe(buffer)


def _is_safe(text: str) -> bool:
    return lines.is_safe(text.replace("\n", " ").replace("\t", " "))


def _is_folder(directory: str) -> bool:
    """Tell whether this is the path of a folder, as far as it can be told without a disk."""
    return directory.startswith("/") and "\0" not in directory and len(directory) <= _LONGEST


def _whole(number: str) -> int:
    try:
        return int(number)
    except ValueError as error:
        raise InvalidRequestError(f"{number[:20]!r} is no whole number") from error
