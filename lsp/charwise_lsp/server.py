"""The language server: inline completions from the daemon, over stdin and stdout.

A handler gets, asks and converts; the connection is in session.py, positions in convert.py. Writes nothing to stdout,
which is the wire, and imports neither numpy nor torch.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any, Literal

from lsprotocol import types
from pygls.exceptions import JsonRpcException, PyglsError
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from charwise_daemon import __version__
from charwise_daemon.errors import CharwiseError, VersionMismatchError
from charwise_daemon.protocol import Battery, Complete, Feedback, Focus, Paths, Suggestion
from charwise_lsp import options
from charwise_lsp.asked import converter
from charwise_lsp.commands import ACCEPTED, COMMANDS, execute
from charwise_lsp.convert import Encoding, Mirror, column_of, units_of
from charwise_lsp.generating import actions
from charwise_lsp.parent import end_with, lives
from charwise_lsp.places import path_of
from charwise_lsp.progress import TrainingProgress
from charwise_lsp.refusing import Protocol
from charwise_lsp.session import Session
from charwise_lsp.status import Board, Status

logger = logging.getLogger(__name__)

_STATUS = "charwise/didChangeStatus"
_TRIGGERS: dict[types.InlineCompletionTriggerKind, Literal["automatic", "invoked"]] = {
    types.InlineCompletionTriggerKind.Automatic: "automatic",
    types.InlineCompletionTriggerKind.Invoked: "invoked",
}
_MIRRORED = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
)
# Seconds that an editor may take to say how it is configured, before its folders are learned as the options are.
_CONFIGURATION_DEADLINE = 5.0


class CharwiseServer(LanguageServer):
    """One editor's server: its options, its folders and its session with the daemon."""

    def __init__(self) -> None:
        cells = types.NotebookDocumentSyncOptions([types.NotebookDocumentFilterWithNotebook("*")])
        super().__init__(
            "charwise", __version__, notebook_document_sync=cells, protocol_cls=Protocol, converter_factory=converter
        )
        # pygls keeps its own copy of each document, splits all of it again at each change (6 ms for 1 MB) and leaves a
        # future behind each time. Without its handlers ours get these messages directly.
        for method in (*_MIRRORED, types.WORKSPACE_EXECUTE_COMMAND):  # pygls cannot cancel a command
            del self.protocol.fm.builtin_features[method]
        self.protocol.fm.commands.update(COMMANDS)  # so that editors are told their names
        self.options = options.Options()
        self.initial_options: Any = None
        self.folders: set[str] = set()
        self.session = Session(self._hear, self._lose, self._say_trouble)
        self.leaving = False
        self._progress, self._board = TrainingProgress(self), Board()
        self._shown: Status | None = None
        self._configured = False
        self._settings: Any = None  # the latest that the editor gave
        self._allowed: set[str] = set()  # the folders that may be learned, by their own settings
        self._reported: set[str] = set()
        self._watcher: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<CharwiseServer: {self.session!r}>"

    @property
    def encoding(self) -> Encoding:
        """What the editor's positions count."""
        kind = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
        return types.PositionEncodingKind(kind).value  # one of the three

    def begin(self, params: types.InitializeParams) -> None:
        """Take over what the editor says first, and connect to the daemon."""
        self.initial_options = params.initialization_options
        self.settle(self.initial_options)
        root = self.workspace.root_path
        self.folders = _paths(params.workspace_folders or []) or ({root} if root else set())
        self.session.start()
        # Looked for before it is answered: one that cannot be seen by now lives elsewhere, as outside a container.
        if params.process_id is not None and lives(params.process_id):
            self._watcher = asyncio.create_task(end_with(params.process_id))

    async def configure(self, pushed: Any = None) -> None:
        """Take over the editor's settings, asked for where it can be asked, and learn the folders that they allow."""
        workspace, folders, own = self.client_capabilities.workspace, sorted(self.folders), list[Any]()
        settings = self._settings if pushed is None else pushed
        if workspace and workspace.configuration:
            scopes = (None, *map(from_fs_path, folders))  # a folder may have settings of its own
            items = [types.ConfigurationItem(scope_uri=scope, section="charwise") for scope in scopes]
            try:
                async with asyncio.timeout(_CONFIGURATION_DEADLINE):
                    settings, *own = await self.workspace_configuration_async(types.ConfigurationParams(items))
            except (JsonRpcException, TimeoutError, ValueError) as error:
                logger.warning("the editor does not say how it is configured: %r", error)
        self._settings = settings
        self.settle(self.initial_options, settings)
        self._allowed = {
            folder
            for folder, given in zip_longest(folders, own[: len(folders)])
            if options.parse(self.initial_options, settings, given)[0].workspaces.learn
        }
        self._configured = True
        self.learn()
        self._show()

    def settle(self, *layers: Any) -> None:
        """Take over options, and report what is wrong with them in one message, once."""
        self.options, problems = options.parse(*layers)
        logging.getLogger("charwise_lsp").setLevel(self.options.log_level.upper())
        self._board.is_automatic = self.options.suggestions.automatic
        latest = [layer for layer in layers if layer is not None][-1:]  # what is mended there is mended
        self._board.options = "; ".join(options.parse(*latest)[1])
        if new := [problem for problem in problems if problem not in self._reported]:
            self._reported.update(new)
            self._warn("; ".join(new))

    def learn(self) -> None:
        """Have the daemon learn the editor's folders, as soon as it is known that it may."""
        if self._configured:
            self.session.hold(self.folders & self._allowed)
            self._board.keep(self.session.folders)
            if (on_battery := self.options.workspaces.on_battery) is not None:
                self.session.tell("battery", Battery(on_battery))

    def report_server_error(self, error: Exception, source: type[PyglsError | JsonRpcException]) -> None:
        """Log a defect; a message box while somebody types would help nobody."""
        logger.error("%s: %s", source.__name__, error)

    def _hear(self, event: Mapping[str, Any]) -> None:
        logger.debug("the daemon says %s", event)
        self._board.hear(event)
        self._show()
        if event["kind"] == "connected":
            self.learn()
        window = self.client_capabilities.window
        if event["kind"] == "training" and self.options.progress and window and window.work_done_progress:
            self._progress.show(event)

    def _lose(self) -> None:
        self._progress.end_all("the daemon went away")
        self._board.lose()
        self._show()

    def _show(self) -> None:
        """Tell the editor what it shows of charwise, where that has changed."""
        status = self._board.status()
        if self._configured and status != self._shown:
            self._shown = status
            self.protocol.notify(_STATUS, vars(status))

    def _say_trouble(self, error: CharwiseError) -> None:
        logger.warning("%s", error)
        self._board.trouble = str(error)
        self._show()
        if isinstance(error, VersionMismatchError):
            self._warn(str(error))  # nobody but the user can mend it
        else:
            self.window_log_message(types.LogMessageParams(types.MessageType.Warning, f"charwise: {error}"))

    def _warn(self, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"charwise: {message}"))


SERVER = CharwiseServer()


# --- life cycle ----------------------------------------------------------------------------------
@SERVER.feature(types.INITIALIZE)
def initialize(ls: CharwiseServer, params: types.InitializeParams) -> None:
    """Connect to the daemon while the editor reads the answer."""
    ls.begin(params)


@SERVER.feature(types.INITIALIZED)
async def initialized(ls: CharwiseServer, _params: types.InitializedParams) -> None:
    """Learn the editor's folders, and ask to be told of changed settings."""
    await ls.configure()
    workspace, wanted = ls.client_capabilities.workspace, list[types.Registration]()
    if workspace and (told := workspace.did_change_configuration) and told.dynamic_registration:
        section = types.DidChangeConfigurationRegistrationOptions(section="charwise")
        wanted.append(types.Registration("settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, section))
    if workspace and (watched := workspace.did_change_watched_files) and watched.dynamic_registration:
        everything = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
        wanted.append(types.Registration("files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, everything))
    if wanted:
        with contextlib.suppress(JsonRpcException):  # refused: then settings hold until the server starts again
            await ls.client_register_capability_async(types.RegistrationParams(wanted))


@SERVER.feature(types.SHUTDOWN)
async def shutdown(ls: CharwiseServer, _params: None) -> None:
    """Leave the daemon."""
    ls.leaving = True
    await ls.session.stop()


@SERVER.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
async def did_change_configuration(ls: CharwiseServer, params: types.DidChangeConfigurationParams) -> None:
    """Take over changed settings."""
    settings = params.settings
    await ls.configure(settings.get("charwise") if isinstance(settings, Mapping) else None)


@SERVER.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
async def did_change_workspace_folders(ls: CharwiseServer, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Learn folders that were added, once their own settings are known, and no longer those that were removed."""
    ls.folders = (ls.folders - _paths(params.event.removed)) | _paths(params.event.added)
    await ls.configure()


@SERVER.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
def did_change_watched_files(ls: CharwiseServer, params: types.DidChangeWatchedFilesParams) -> None:
    """Pass on what changed on disk: of a remote file system, the daemon's own system tells it nothing."""
    if ls.options.workspaces.learn and (paths := [path for each in params.changes if (path := to_fs_path(each.uri))]):
        ls.session.tell("changed", Paths(paths))


@SERVER.feature(types.WORKSPACE_EXECUTE_COMMAND)
async def execute_command(ls: CharwiseServer, params: types.ExecuteCommandParams) -> Any:
    """Do what the user has the editor ask for."""
    return await execute(ls, params.command, params.arguments or ())


# --- documents -----------------------------------------------------------------------------------
@SERVER.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: CharwiseServer, params: types.DidOpenTextDocumentParams) -> None:
    """Mirror a document from now on."""
    _open(ls, params.text_document)


@SERVER.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def did_change(ls: CharwiseServer, params: types.DidChangeTextDocumentParams) -> None:
    """Apply changes to the mirror, and pass them on in bytes."""
    _change(ls, params.text_document, params.content_changes)


@SERVER.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: CharwiseServer, params: types.DidCloseTextDocumentParams) -> None:
    """Forget a document."""
    ls.session.close(params.text_document.uri)


@SERVER.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
def did_open_notebook(ls: CharwiseServer, params: types.DidOpenNotebookDocumentParams) -> None:
    """Mirror a notebook's cells: each is a document, and remembers what the others say as open documents do."""
    for cell in params.cell_text_documents:
        _open(ls, cell)


@SERVER.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
def did_change_notebook(ls: CharwiseServer, params: types.DidChangeNotebookDocumentParams) -> None:
    """Mirror cells that are new, forget those that are gone, and apply changes to the others."""
    cells = params.change.cells
    structure = cells.structure if cells else None
    for closed in (structure.did_close or ()) if structure else ():
        ls.session.close(closed.uri)
    for opened in (structure.did_open or ()) if structure else ():
        _open(ls, opened)
    for changed in (cells.text_content or ()) if cells else ():
        _change(ls, changed.document, changed.changes)


@SERVER.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
def did_close_notebook(ls: CharwiseServer, params: types.DidCloseNotebookDocumentParams) -> None:
    """Forget a notebook's cells."""
    for cell in params.cell_text_documents:
        ls.session.close(cell.uri)


def _open(ls: CharwiseServer, document: types.TextDocumentItem) -> None:
    path = path_of(document.uri, document.language_id, sorted(ls.folders))
    ls.session.open(document.uri, Mirror(document.text, document.version, ls.encoding), path)


def _change(
    ls: CharwiseServer,
    document: types.VersionedTextDocumentIdentifier,
    changes: Iterable[types.TextDocumentContentChangeEvent],
) -> None:
    mirror = ls.session.documents.get(document.uri)
    if mirror is None:
        logger.info("a change to %s, which is not open, is ignored", document.uri)
        return
    edits = [mirror.apply(change) for change in changes]
    mirror.version = document.version
    ls.session.edit(document.uri, edits)


# --- suggestions ---------------------------------------------------------------------------------
@SERVER.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
async def inline_completion(ls: CharwiseServer, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    """Offer what the daemon suggests at the cursor; nothing at all is no error."""
    mirror, wanted = ls.session.documents.get(params.text_document.uri), ls.options.suggestions
    is_automatic = params.context.trigger_kind == types.InlineCompletionTriggerKind.Automatic
    if mirror is None or (is_automatic and not wanted.automatic):
        return types.InlineCompletionList([])
    typed, replaced = _replaced(mirror, params)  # now: the mirror may have changed when the answer comes
    completion = await ls.session.complete(_question(mirror, params, wanted))
    return types.InlineCompletionList([_item(suggestion, typed, replaced) for suggestion in completion.suggestions])


def _replaced(mirror: Mirror, params: types.InlineCompletionParams) -> tuple[str, types.Range]:
    """Return what items begin with and the range that they replace: the item chosen in a menu, or the typed word."""
    if chosen := params.context.selected_completion_info:
        return chosen.text, chosen.range
    return mirror.word_before(params.position)


def _question(mirror: Mirror, params: types.InlineCompletionParams, wanted: options.SuggestionOptions) -> Complete:
    chosen = params.context.selected_completion_info
    return Complete(
        params.text_document.uri,
        mirror.version,
        mirror.offset(params.position),
        _TRIGGERS[params.context.trigger_kind],
        wanted.max_characters,
        wanted.max_lines,
        getattr(params, "alternatives", 0) or wanted.alternatives,
        instead=[mirror.offset(chosen.range.start), chosen.text] if chosen else [],
        indentation=getattr(params, "indentation", ""),
        eagerness=wanted.eagerness,
        multiline=wanted.multiline,
    )


@SERVER.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.Source]))
async def code_action(ls: CharwiseServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offer to continue with a model, where actions on the source are asked for or all are."""
    wanted = params.context.only
    is_wanted = not wanted or any(str(kind).startswith(types.CodeActionKind.Source) for kind in wanted)
    is_asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
    uri = params.text_document.uri
    if not (is_wanted and is_asked and uri in ls.session.documents):
        return []
    return await actions(ls, uri, params.range.end)


# --- feedback: what the standard lacks goes by the names that other servers gave it ----------------
@SERVER.feature("textDocument/didShowCompletion")
def did_show(ls: CharwiseServer, params: Any) -> None:
    """Pass on that an item is seen."""
    ls.session.tell("shown", Feedback(params.item.command.arguments[0]))


@SERVER.feature("textDocument/didPartiallyAcceptCompletion")
def did_partially_accept(ls: CharwiseServer, params: Any) -> None:
    """Pass on how much of an item was accepted so far; the editor counts UTF-16 units and the typed word with them."""
    suggestion, length, *_ = params.item.command.arguments
    text = params.item.insertText.encode()
    taken = column_of(text, params.acceptedLength, "utf-16") - (len(text) - length)
    ls.session.tell("accepted", Feedback(suggestion, max(0, taken)))


@SERVER.feature("textDocument/didFocus")
def did_focus(ls: CharwiseServer, params: Any) -> None:
    """Have the daemon read ahead in the document that the user turned to, at the cursor if the editor says where."""
    uri, position = params.textDocument.uri, getattr(params, "position", None)
    if mirror := ls.session.documents.get(uri):
        ls.session.tell("focus", Focus(uri, mirror.offset(position)) if position else Focus(uri))


def _item(suggestion: Suggestion, typed: str, replaced: types.Range) -> types.InlineCompletionItem:
    """Return the item: it replaces what is typed by itself and more, which editors show without a flicker.

    Its command tells the suggestion, its length in bytes, and where confidence drops, in UTF-16 units of the item.
    """
    text, added = typed + suggestion.text, suggestion.text.encode()
    confident = units_of(typed.encode() + added[: suggestion.confident], "utf-16")
    told = types.Command("accepted", ACCEPTED, arguments=[suggestion.id, len(added), confident])
    return types.InlineCompletionItem(insert_text=text, filter_text=text, range=replaced, command=told)


def _paths(folders: Iterable[types.WorkspaceFolder]) -> set[str]:
    return {path for folder in folders if (path := to_fs_path(folder.uri))}  # None: not on this machine
