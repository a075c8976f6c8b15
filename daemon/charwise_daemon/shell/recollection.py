"""What was run, as the memories of a prompt see it: in this folder, and lately in this shell.

The corpus has all commands with their headers. The two memories here have them without, one after the other: in a
folder's, what stands before a command is the one that was run before it there, within a memory's 24 characters.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence

from charwise_daemon.memory import CorpusMemory, Memory, OpenMemories
from charwise_daemon.shard import GAP, Shard, Strip
from charwise_daemon.shell.text import PYTHON, body, text_of

# Characters of what was run in one folder: 2,000 commands, sorted in 2 ms.
_MOST_OF_FOLDER = 1 << 16
# Characters that are read as they are, before they are sorted with the others.
_UNSORTED = 2048
# Folders whose commands are sorted; the others' are when somebody comes there.
_MOST_SORTED = 16
# A folder of which less is known is helped out by what was run where nobody knows: an imported history.
_LITTLE = 2048
UNKNOWN = ""
# Characters of what was run in this shell, as many as of what is near in a document.
NEARBY = 2048


class _Folder:
    """What was run in one folder, oldest first."""

    def __init__(self) -> None:
        self.commands = deque[bytes]()
        self.size = 0
        self._shard: Shard | None = None
        self._since = b""  # what the shard has not

    def add(self, command: bytes) -> None:
        self.commands.append(command)
        self.size += len(command) + 1
        while self.size > _MOST_OF_FOLDER:
            self.size -= len(self.commands.popleft()) + 1
        if self._shard:
            self._since += command + b"\n"
            if len(self._since) > _UNSORTED:
                self.cool()

    def forget(self, is_meant: Callable[[str], bool]) -> int:
        kept = [command for command in self.commands if not is_meant(text_of(command))]
        gone = len(self.commands) - len(kept)
        if gone:
            self.commands, self.size = deque(kept), sum(len(command) + 1 for command in kept)
            self.cool()
        return gone

    def cool(self) -> None:
        self._shard, self._since = None, b""

    def parts(self) -> tuple[list[Shard], list[Strip]]:
        if self._shard is None:
            self._shard = Shard(b"\n" + b"\n".join(self.commands) + b"\n")
        return [self._shard], [Strip(b"\n" + self._since, 1)] if self._since else []


class Names:
    """Names that are there, and the same as memories look them up: sorting them takes longer than a key should."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = names
        listed = "".join(f" {name}\n" for name in names)
        self.shard = Shard(listed.encode("utf-8", "replace")) if listed else None

    def __repr__(self) -> str:
        return f"Names({len(self.names)})"


class Recollection:
    """What was run, by folder."""

    def __init__(self) -> None:
        self._folders = dict[str, _Folder]()
        self._sorted: OrderedDict[str, _Folder] = OrderedDict()

    def __repr__(self) -> str:
        return f"Recollection({len(self._folders)} folders)"

    def forget(self, is_meant: Callable[[str], bool]) -> int:
        """Forget commands; return how many there were."""
        return sum(folder.forget(is_meant) for folder in self._folders.values())

    def add(self, directory: str, text: str) -> None:
        """Take in a command that was run in a folder."""
        self._folders.setdefault(directory, _Folder()).add(body(text))

    def memories(
        self,
        directory: str,
        lately: Sequence[bytes],
        names: Names | None = None,
        project: CorpusMemory | None = None,
    ) -> OpenMemories:
        """Return the memories of a prompt.

        Args:
            directory: where it is.
            lately: what was run in this shell, oldest first.
            names: what is there, such as files: what may be an argument.
            project: the files of the project that this folder is in, whose names may be arguments too.
        """
        shards, strips = self._parts(directory)
        if names and names.shard:
            shards = [*shards, names.shard]
        if project:
            shards = [*shards, project.base, *([project.delta] if project.delta else [])]
        nearby = b"\n" + b"\n".join(lately)
        strip = Strip(nearby[-NEARBY:] + b"\n" + GAP, 0, is_end=True)
        return OpenMemories(Memory(shards, strips, source="documents"), Memory((), [strip], source="nearby"))

    def _parts(self, directory: str) -> tuple[list[Shard], list[Strip]]:
        """Return what is known of a folder; where little was run, also of those above it, and of no folder."""
        shards, strips, size = list[Shard](), list[Strip](), 0
        for each in _from(directory):
            folder = self._folders.get(each)
            if folder is None:
                continue
            more, latest = self._sorted_folder(each, folder).parts()
            shards, strips, size = shards + more, strips + latest, size + folder.size
            if size >= _LITTLE:
                break
        return shards, strips

    def _sorted_folder(self, directory: str, folder: _Folder) -> _Folder:
        self._sorted[directory] = folder
        self._sorted.move_to_end(directory)
        if len(self._sorted) > _MOST_SORTED:
            _, coldest = self._sorted.popitem(last=False)
            coldest.cool()
        return folder


def _from(directory: str) -> Iterator[str]:
    """Yield a folder, those above it, and what stands for no folder."""
    while directory.rpartition("/")[0] not in {"", PYTHON}:
        yield directory
        directory = directory.rpartition("/")[0]
    yield directory
    yield PYTHON if directory.startswith(PYTHON) else UNKNOWN
