"""The models in use, each once however many workspaces have it, and those that the user has named for some files.

A rule (`[models]` in settings.toml) is a pattern as in .gitignore and a model's name: files that it means are completed
by that model, with the memories of their own workspace. Of several rules that match, the last one holds.
"""

import asyncio
import functools
from collections import Counter
from collections.abc import Mapping

from pathspec import GitIgnoreSpec

from charwise_daemon.engine import Engine
from charwise_daemon.errors import SettingsError
from charwise_daemon.served import Served
from charwise_daemon.store import Store

# Files of which it is known what the rules say, which is asked at every keystroke.
_MOST_FILES = 1024


class Models:
    """Models by name; raises as `rule` does."""

    def __init__(self, store: Store, rules: Mapping[str, str] | None = None) -> None:
        self.store = store
        self.rule(rules or {})
        self._served, self._users = dict[str, Served](), Counter[str]()
        self._reading = set[asyncio.Task[bool]]()

    def __repr__(self) -> str:
        return f"Models({list(self._served.values())})"

    def rule(self, rules: Mapping[str, str]) -> None:
        """Have these rules hold, of which the last one that matches counts.

        Raises:
            SettingsError: a pattern is none.
            ModelError: a name cannot be a model's.
        """
        named = [(_spec(pattern), self.store.directory(name).name) for pattern, name in rules.items()]
        self._rules = named[::-1]
        self._named = functools.lru_cache(_MOST_FILES)(self._name_by_rule)

    def use(self, name: str, *, base: bool = True) -> Served:
        """Return a model for somebody who will release it; `base`: the base model may stand for it."""
        self._users[name] += 1
        return self._served.setdefault(name, Served(name, self.store, has_base=base))

    async def release(self, name: str) -> None:
        """Write what a model has learned, and forget it where nobody else uses it."""
        served = self._served[name]
        self._users[name] -= 1
        if not self._users[name]:
            del self._served[name]
        await served.flush()

    def for_file(self, name: str) -> Served | None:
        """Return the model that a rule names for a file; None where none does, or there is no such model yet.

        It is read when it is needed first, and not released before the end.
        """
        chosen = self._named(name)
        if chosen is None:
            return None
        served = self._served.get(chosen) or self._begin(chosen)
        return served if served.model else None

    async def reload(self, name: str) -> None:
        """Serve a model in use as it is stored now."""
        if served := self._served.get(name):
            await served.reload()

    async def engine_of(self, name: str) -> Engine:
        """Return the LSTM of a model, in use or not; raises ModelError where there is none."""
        if (served := self._served.get(name)) and served.model:
            return served.model.engine
        return (await asyncio.to_thread(self.store.load, name)).engine

    async def close(self) -> None:
        """Write what was learned."""
        await asyncio.gather(*self._reading)
        for served in self._served.values():
            await served.flush()

    def _name_by_rule(self, name: str) -> str | None:
        return next((model for spec, model in self._rules if spec.match_file(name)), None)

    def _begin(self, name: str) -> Served:
        served = self.use(name)
        task = asyncio.create_task(served.reload())
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        return served


def _spec(pattern: str) -> GitIgnoreSpec:
    try:
        spec = GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise SettingsError(f"models: {pattern!r} is no pattern as .gitignore has them: {error}") from error
    if not any(each.include for each in spec.patterns):
        raise SettingsError(f"models: {pattern!r} means no files; write a pattern as .gitignore has them, such as *.c")
    return spec
