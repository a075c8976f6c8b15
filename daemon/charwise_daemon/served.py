"""One model as it is served: its best checkpoint, and what it has learned of what was typed since. Knows no files."""

import asyncio
import logging

from charwise_daemon.adapted import Adapted
from charwise_daemon.errors import ModelError
from charwise_daemon.gates import Gates
from charwise_daemon.kept import Kept
from charwise_daemon.memory import CorpusMemory
from charwise_daemon.predictor import Predictor
from charwise_daemon.store import Model, Store

log = logging.getLogger(__name__)

# What the gates and the LSTM's last layer have learned while somebody typed, beside the model.
GATES, ADAPTATION = "gates.json", "adaptation.json"


class Served:
    """A model by its name; before it has a checkpoint, the base model stands for it, or the memories alone."""

    def __init__(self, name: str, store: Store, *, has_base: bool = True) -> None:
        self.name, self._store, self._has_base = name, store, has_base
        self.model: Model | None = None
        self.base: Model | None = None  # that stands for it
        self.error = ""  # what keeps it from being used
        self._gates, self._adapted, directory = Gates(), Adapted(), store.directory(name)
        self._kept = Kept(directory / GATES, self._gates), Kept(directory / ADAPTATION, self._adapted)

    def __repr__(self) -> str:
        return f"Served({self.model or self.base or self.name})"

    @property
    def is_outdated(self) -> bool:
        """Whether there is a newer base model than that which its model began from."""
        return self.model is not None and self._store.is_outdated(self.model.meta)

    def predictor_for(self, memory: CorpusMemory, name: str = "", *, adapts: bool = True) -> Predictor:
        """Return the predictor for a document of this name; `adapts`: with what was learned while typing.

        It keeps the model of this moment: a running search is not disturbed by a newer one.
        """
        asked = self.model or self.base
        gate, engine = self._gates.for_file(name), asked.engine if asked else None
        return Predictor.of(engine, gate, memory, name, self._adapted.adaptation if adapts else None)

    def has_learned(self) -> None:
        """Note that a predictor has learned from what was typed."""
        for kept in self._kept:
            kept.changed()

    async def reload(self) -> bool:
        """Serve the best checkpoint from now on, none where it was deleted; return whether it can be read."""
        try:
            if not await asyncio.to_thread(self._store.has, self.name):
                self.model, self.error = None, ""
                self.base = await asyncio.to_thread(self._store.base) if self._has_base else None
                self._begin_with(self.base)
                return False
            self.model, self.error = await asyncio.to_thread(self._store.load, self.name), ""
        except ModelError as error:
            self.error = str(error)
            log.warning("%s", error)
            return False
        self._begin_with(self.model)
        return True

    def _begin_with(self, model: Model | None) -> None:
        if model:
            self._gates.begin_with(model.gate, has_lstm=True)
            self._adapted.begin_with(model.engine.width)

    async def flush(self) -> None:
        """Write what was learned."""
        for kept in self._kept:
            await kept.flush()
