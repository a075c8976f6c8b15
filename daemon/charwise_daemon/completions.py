"""Answers `complete`, and does ahead of it what it will need.

A request for what was offered before and typed since is answered at once. Any other is a task that lets others in after
every character, so an edit, a newer request or a cancellation stops it there; its steps are a generator, which the
background may begin and a request go on with. Knows no connections and no frames.
"""

import asyncio
import contextlib
import dataclasses
import functools
import itertools
import time
import weakref
from collections.abc import Callable, Coroutine, Iterator
from pathlib import PurePath
from typing import Any

from charwise_daemon.background import Background
from charwise_daemon.benefit import price_of
from charwise_daemon.completer import Draft, complete, lines_at
from charwise_daemon.documents import Document, Documents, Key
from charwise_daemon.engine import Engine, State
from charwise_daemon.errors import InvalidRequestError, ModelError
from charwise_daemon.features import SOURCES
from charwise_daemon.fitting import Surroundings
from charwise_daemon.journal import Journal
from charwise_daemon.offer import After, Found, Offer
from charwise_daemon.predictor import Predictor
from charwise_daemon.protocol import Complete, Completion, Generate, Suggestion
from charwise_daemon.recall import Recall
from charwise_daemon.search import Limits
from charwise_daemon.served import Served
from charwise_daemon.settings import CompletionSettings
from charwise_daemon.shard import Shard
from charwise_daemon.steps import Steps, driven, last
from charwise_daemon.tally import Tally
from charwise_daemon.typed import Typed
from charwise_daemon.workspaces import Workspaces
from charwise_trainer.secrets import holds_secret

# Seconds that an explicit request waits for a workspace of tens of megabytes to be read.
_PATIENCE = 10.0
# Who asks for a suggestion waits longer for it than who types.
_INVOKED_TIMES = 10
# Characters that a model reads which has not read the document: more is forgotten again.
_READ_ANEW = 2_000
# Characters that are sorted in less than a millisecond; a megabyte takes a twentieth of a second.
_SORTED_AT_ONCE = 16_384


class Completions:
    """The open documents, and what is offered in them."""

    def __init__(self, settings: CompletionSettings, workspaces: Workspaces, journal: Journal | None = None) -> None:
        self.settings, self._workspaces = settings, workspaces
        self.documents, self.tally = Documents(self._is_private), Tally(journal or Journal())
        self.background = Background()
        self._ids = itertools.count(1)
        self._requests: dict[Key, asyncio.Task[Completion]] = {}
        self._looking = set[Document]()  # for secrets
        self._sorting = weakref.WeakKeyDictionary[Recall, asyncio.Future[Shard]]()
        self._nobodys = Predictor()  # for documents of no workspace: their text is all there is

    def __repr__(self) -> str:
        return f"Completions({self.documents}, {len(self._requests)} requests)"

    # --- documents -----------------------------------------------------------------------------------
    def open(self, document: Document) -> None:
        """Mirror a document, and read on to where its cursor was last."""
        self._stop(document.key)
        self.documents.open(document)
        self._prepare(document)

    def edit(self, document: Document, changes: list[Any], version: int) -> None:
        """Apply changes to a document; a request under way for it is outdated."""
        self._stop(document.key)
        offer = document.offer
        document.apply(changes, version)
        self.tally.typed(document.kind, document.put_in)
        if offer is document.offer and offer and (unwanted := offer.contradicted(document.text)):
            self.tally.otherwise(unwanted)
        self._prepare(document)

    def close(self, key: Key) -> None:
        """Forget a document."""
        self._stop(key)
        self.documents.close(key)

    def focus(self, document: Document, offset: int) -> None:
        """Read on to where the cursor is now; -1 is where it was last."""
        if not -1 <= offset <= len(document.text):
            raise InvalidRequestError(f"offset {offset} is outside the document's {len(document.text)} bytes")
        document.cursor = document.cursor if offset < 0 else offset
        self.documents.touch(document)
        if document.key not in self._requests:  # whose end sees to it
            self._prepare(document)

    def forget(self, owner: object) -> None:
        """Forget the documents of a client that is gone."""
        for document in self.documents.of(owner):
            self.close(document.key)

    # --- requests ------------------------------------------------------------------------------------
    def complete(self, document: Document, params: Complete) -> Completion | asyncio.Task[Completion]:
        """Return suggestions for a place, or the task that finds them."""
        began = time.perf_counter()
        self._outdate(document.key)
        document.check(params.version, params.offset)
        document.cursor = params.offset
        self.documents.touch(document)
        if params.instead:
            return self._spawn(document, self._suppose(document, params, *_instead(params), began))
        offer, rest = document.offer, _rest(document, params)
        if offer is None or rest is None:
            return self._begin(None, document, params, began)
        if rest:
            self.tally.offered(rest, document.kind)
            return _completion(rest, offer.sources, began)
        return self._adopt(offer, document, params, began) or self._begin(offer, document, params, began)

    async def state_at(self, document: Document, params: Generate) -> tuple[Engine, State]:
        """Return the LSTM asked for, and its state at a place of a document; raises ModelError where there is none.

        Only of the one that serves the document there are states along it; another reads some of what stands before.
        """
        document.check(params.version, params.offset)
        if params.model:
            engine = await self._workspaces.engine_of(params.model)
            before = document.snapshots.header + document.text[max(0, params.offset - _READ_ANEW) : params.offset]
            return engine, await asyncio.to_thread(engine.read, engine.start(), bytes(before))
        serving = self._predictor_for(document).engine
        if serving is None:
            raise ModelError(f"no model has learned {document.label} yet; run `charwise train` on its folder, or wait")
        return serving, await driven(last(document.snapshots.read(serving, document.text, params.offset)))

    def shown(self, owner: object, suggestion: int) -> None:
        """Note that a suggestion is seen."""
        self.tally.shown(suggestion)
        for document in self.documents.of(owner):
            if document.offer:
                document.offer.show(suggestion)

    def rejected(self, owner: object, suggestion: int) -> None:
        """Note that a suggestion was dismissed: what is typed next does not go on with it."""
        self.tally.rejected(suggestion)
        for document in self.documents.of(owner):
            if document.offer and suggestion in document.offer:
                document.offer = None

    def _begin(
        self, offer: Offer | None, document: Document, params: Complete, began: float
    ) -> asyncio.Task[Completion]:
        """Return the task of a search; of an offer that was typed whole, it goes on with that for what comes after."""
        return self._spawn(document, self._search(offer, document, params, began))

    def _spawn(self, document: Document, search: Coroutine[Any, Any, Completion]) -> asyncio.Task[Completion]:
        self.background.stop(document.key)
        task = asyncio.create_task(search)
        self._requests[document.key] = task
        task.add_done_callback(functools.partial(self._done, document.key))
        return task

    async def _search(self, offer: Offer | None, document: Document, params: Complete, began: float) -> Completion:
        if params.trigger == "invoked":
            await self._until_ready(document)
        with self.background.waiting():
            if offer and offer.search:  # begun in the background
                offer.awaited_since = time.monotonic()
                await driven(offer.search)
                if completion := self._adopt(offer, document, params, began):
                    return completion
            found = await driven(self._find(document, params.offset, params))
        return self._offer(found, document, params, began)

    async def _suppose(self, document: Document, params: Complete, start: int, text: bytes, began: float) -> Completion:
        """Answer as if other text stood before the cursor. That is not typed, so what was offered stays offered."""
        supposed, offset = document.replaced(start, params.offset, text), start + len(text)
        with self.background.waiting():
            found = await driven(self._find(supposed, offset, params))
        drafts = self._numbered(found)
        self._prepare(document)
        self.tally.offered(drafts, document.kind, params.trigger == "automatic")
        return _completion(drafts, found.sources, began)

    def _adopt(self, offer: Offer, document: Document, params: Complete, began: float) -> Completion | None:
        """Answer what was found ahead, if it was, for just this text."""
        if offer.after is None or offer.after.text != document.text:
            return None
        if offer.after.snapshots.header == document.snapshots.header:  # else it has got another name meanwhile
            document.snapshots = offer.after.snapshots
        return self._offer(offer.after.found, document, params, began)

    def _offer(self, found: Found, document: Document, params: Complete, began: float) -> Completion:
        drafts = self._numbered(found)
        document.offer = None
        if drafts:
            document.offer = Offer(params.offset, drafts, _asked(params), found.sources)
            document.offer.search = self._look_ahead(document, document.offer, params)
        self._prepare(document)
        self.tally.offered(drafts, document.kind, params.trigger == "automatic")
        return _completion(drafts, found.sources, began)

    def _numbered(self, found: Found) -> dict[int, Draft]:
        return {next(self._ids): draft for draft in found.drafts}

    async def _until_ready(self, document: Document) -> None:
        """Wait for a workspace that is just being read: who asks wants the answer, not the quickest one."""
        if workspace := self._workspaces.serving(document.path):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(workspace.ready.wait(), _PATIENCE)

    def _limits(self, params: Complete, around: Surroundings) -> Limits:
        chosen, is_invoked = self.settings, params.trigger == "invoked"
        return Limits(
            params.max_characters or chosen.max_characters,
            1 if self._multiline(params) == "never" else lines_at(around, params.max_lines or chosen.max_lines),
            max(1, params.alternatives),
            params.max_milliseconds or chosen.time_limit_ms * (_INVOKED_TIMES if is_invoked else 1),
        )

    def _price(self, document: Document, params: Complete) -> float:
        """Return what a wrong suggestion costs here; who asks for one is not distracted."""
        is_asked = params.trigger == "invoked"
        eagerness = params.eagerness if params.eagerness >= 0 else self.settings.eagerness
        return 0.0 if is_asked else price_of(min(1.0, eagerness)) * self.tally.factor(document.kind)

    def _multiline(self, params: Complete) -> str:
        return params.multiline or self.settings.multiline

    # --- steps, driven by a request or by the background ---------------------------------------------
    def _find(
        self, document: Document, offset: int, params: Complete, clock: Callable[[], float] = time.monotonic
    ) -> Steps[Found]:
        """Search; each step is a character or a few."""
        around = Surroundings.of(document.text, offset, params.indentation.encode())
        if params.trigger == "automatic" and around.inside_word:
            return Found([], [])
        sorting, predictor, state = self._sort(document), self._predictor_for(document), None
        if predictor.engine:
            state = yield from last(document.snapshots.read(predictor.engine, document.text, offset))
        if sorting and not document.recall.is_warm:
            yield sorting
        memory = self.documents.memory_for(document, offset)
        position = predictor.at(state, document.context(offset), memory)
        limits, price = self._limits(params, around), self._price(document, params)
        whole_lines = self._multiline(params) == "always"
        found = complete(predictor, position, limits, around, price, clock, whole_lines=whole_lines)
        drafts = yield from last(found)
        present = position.distributions.sum(1) > 0
        return Found(drafts, [name for name, taken in zip(SOURCES, present, strict=True) if taken])

    def _look_ahead(self, document: Document, offer: Offer, params: Complete) -> Steps[None]:
        """Search for what comes after the offer is typed whole, which is what it would be then."""
        rest = offer.rest(document.text, offer.place)
        if not rest:
            return
        draft = next(iter(rest.values()))
        then, offset = document.replaced(offer.place, offer.place, draft.text), offer.place + len(draft.text)
        as_typed = dataclasses.replace(params, trigger="automatic")
        found = yield from self._find(then, offset, as_typed, offer.waited)
        offer.after = After(then.text, then.snapshots, found)

    def _prepare(self, document: Document) -> None:
        """Do in the background what the next request will need, and then what the one after it will."""
        ahead: Iterator[Any] = iter(())
        if document.offer and document.offer.search:
            ahead = document.offer.search
        self._look_for_secrets(document)
        self.background.start(document.key, itertools.chain(self._read(document), self._learn(document), ahead))

    def _read(self, document: Document) -> Iterator[Any]:
        if not self.documents.is_warm(document):
            return
        self._sort(document)
        predictor = self._predictor_for(document)
        if predictor.engine:
            yield from document.snapshots.read(predictor.engine, document.text, document.cursor)
            yield from document.snapshots.ahead(predictor.engine, document.text, document.cursor)

    def _learn(self, document: Document) -> Iterator[Any]:
        """Let the predictor learn from what was typed, a character a step."""
        if self._workspaces.leaves_out(document.path):
            document.unlearned = Typed()
        while document.unlearned and self.documents.is_warm(document):
            (served, predictor), offset, state = self._served(document), document.unlearned.start, None
            if predictor.engine:
                state = yield from last(document.snapshots.read(predictor.engine, document.text, offset))
            memory = self.documents.memory_for(document, offset)
            predictor.learn(predictor.at(state, document.context(offset), memory), document.text[offset])
            document.unlearned = document.unlearned.after(1)
            if served:
                served.has_learned()
            yield None

    def _sort(self, document: Document) -> asyncio.Future[Any] | None:
        """Sort a text for the memory where it has to be, a long one in another thread; return what to wait for."""
        recall = document.recall
        if (text := recall.begin_sorting(document.text)) is not None:
            if len(text) <= _SORTED_AT_ONCE:
                recall.end_sorting(Shard(text))
                return None
            sorting = asyncio.get_running_loop().run_in_executor(None, Shard, text)
            self._sorting[recall] = sorting
            sorting.add_done_callback(lambda done: recall.end_sorting(done.result()))
        return self._sorting.get(recall)

    def _is_private(self, document: Document) -> bool:
        """Tell whether nothing of a document may be recalled in others: it is left out, or may hold a secret."""
        return document.holds_secret is not False or self._workspaces.leaves_out(document.path)

    def _look_for_secrets(self, document: Document) -> None:
        """Look for secrets, in another thread, in what this document may recall of others."""
        for other in self.documents.others(document):
            if other.holds_secret is None and other not in self._looking:
                text, name = bytes(other.text), PurePath(other.path).name
                looking = asyncio.get_running_loop().run_in_executor(None, holds_secret, text, name)
                looking.add_done_callback(functools.partial(self._have_looked, other, other.version))
                self._looking.add(other)

    def _have_looked(self, document: Document, version: int, looking: asyncio.Future[bool]) -> None:
        self._looking.discard(document)
        if document.version == version:
            document.holds_secret = looking.result()

    def _predictor_for(self, document: Document) -> Predictor:
        return self._served(document)[1]

    def _served(self, document: Document) -> tuple[Served | None, Predictor]:
        """Return what serves a document; it has its name from the workspace, which may have come after it."""
        served, memory, name = self._workspaces.served_for(document.path)
        document.name_it(name)
        return served, served.predictor_for(memory, name) if served else self._nobodys

    # --- what is under way -----------------------------------------------------------------------------
    def _stop(self, key: Key) -> None:
        self._outdate(key)
        self.background.stop(key)

    def _outdate(self, key: Key) -> None:
        if task := self._requests.pop(key, None):
            task.cancel()

    def _done(self, key: Key, task: asyncio.Task[Completion]) -> None:
        if self._requests.get(key) is task:
            del self._requests[key]


def _completion(drafts: dict[int, Draft], sources: list[str], began: float) -> Completion:
    suggestions = [
        Suggestion(number, draft.text.decode(), list(draft.probabilities), draft.benefit, draft.confident)
        for number, draft in drafts.items()
    ]
    return Completion(suggestions, sources, round(1000 * (time.perf_counter() - began), 3))


def _rest(document: Document, params: Complete) -> dict[int, Draft] | None:
    """Return what is left of the offer that this request goes on with, None where it goes on with none."""
    offer = document.offer
    if offer is None or params.trigger == "invoked" or offer.asked != _asked(params):
        return None
    return offer.rest(document.text, params.offset)


def _instead(params: Complete) -> tuple[int, bytes]:
    """Return where the text begins that is asked about, and what it is."""
    match params.instead:
        case [int(start), str() | bytes() as text] if 0 <= start <= params.offset:
            return start, text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    raise InvalidRequestError(
        f"instead is {str(params.instead)[:60]}, but must be [start, text], with a start up to the offset"
    )


def _asked(params: Complete) -> tuple[Any, ...]:
    limits = params.max_characters, params.max_lines, params.alternatives, params.max_milliseconds
    return *limits, params.indentation, params.eagerness, params.multiline
