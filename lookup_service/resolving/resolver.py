"""Answers a batch of typed keys: what is known at once, the rest asked of the sources side by side, in time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from contracts.lookup_api.lookups import KINDS, NO_SOURCE, Kind, LookupKey, LookupResult
from core.lookups.lookup_keys import NoKey, lookup_key
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.entry import Entry, head_of

log = structlog.get_logger(__name__)


class KindLookup(Protocol):
    """All that answers one kind of keys: see :class:`lookup_service.resolving.caching.cached_source.CachedSource`."""

    @property
    def is_local(self) -> bool:
        """Answers by computing, without waiting for anything."""

    def follow_data(self) -> None:
        """Forget answers from older builds of the data."""

    def peek(self, key: str, now: int) -> Entry | None:
        """What can be served at once."""

    async def ask(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """An entry for every key. Never raises; may be cancelled."""

    def give_up(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """An entry for every key whose answer did not come in time."""

    async def invalidate(self, key: str) -> tuple[int, bool]:
        """Copies removed, and whether all could be reached."""


class NoSource:
    """Stands in for a kind without a source: every key is an error."""

    is_local = True

    def __init__(self, kind: Kind) -> None:
        self._label = f"{kind} error"
        self._head = head_of(LookupResult(status="error", source=NO_SOURCE))

    def follow_data(self) -> None:
        """There is none."""

    def peek(self, key: str, now: int) -> Entry | None:
        """Nothing: whether it is a key at all is looked at first, as where there is a source."""
        return None

    async def ask(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        return self.give_up(keys)

    def give_up(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        now = now_ms()
        return {key: Entry(self._label, "error", self._head, now, now, now, now, now) for key in keys}

    async def invalidate(self, key: str) -> tuple[int, bool]:
        return 0, True


def _without_key(kind: Kind, reason: NoKey, now: int) -> Entry:
    head = head_of(LookupResult(status=reason.status, source=NO_SOURCE))
    return Entry(f"{kind} {reason.status}", reason.status, head, now, now, now, now, now)


class Resolver:
    def __init__(self, lookups: Mapping[Kind, KindLookup]) -> None:
        """A kind that is not among them is answered with ``error``."""
        self._lookups: dict[Kind, KindLookup] = {kind: lookups.get(kind) or NoSource(kind) for kind in KINDS}
        self._peek = {kind: lookup.peek for kind, lookup in self._lookups.items()}
        self._follow_data = [lookup.follow_data for lookup in lookups.values()]

    def follow_data(self) -> None:
        for follow in self._follow_data:
            follow()

    async def resolve(self, keys: Sequence[LookupKey], *, budget_s: float) -> list[Entry]:
        """One entry per key, in order. What is not known within the budget is ``stale`` or ``timeout``."""
        now = now_ms()
        for follow in self._follow_data:
            follow()
        peek = self._peek
        known = [peek[key.kind](key.key, now) for key in keys]
        if all(known):
            return known  # type: ignore[return-value]  # all are entries: they have no falsehood
        groups: dict[Kind, dict[str, None]] = {}
        usable: list[str] = []
        for place, key in enumerate(keys):
            text = lookup_key(key.kind, key.key) if known[place] is None else key.key
            if isinstance(text, NoKey):
                known[place], text = _without_key(key.kind, text, now), key.key
            elif text != key.key:
                known[place] = peek[key.kind](text, now)
            if known[place] is None:  # a key asked for twice is looked up once
                groups.setdefault(key.kind, {})[text] = None
            usable.append(text)
        asked = await self._ask({kind: list(distinct) for kind, distinct in groups.items()}, budget_s)
        return [entry or asked[key.kind][text] for key, text, entry in zip(keys, usable, known, strict=True)]

    async def invalidate(self, key: LookupKey) -> tuple[int, bool]:
        """Copies removed here and in Redis, and whether Redis could be reached where it has any."""
        text = lookup_key(key.kind, key.key)
        return await self._lookups[key.kind].invalidate(key.key if isinstance(text, NoKey) else text)

    async def _ask(self, groups: Mapping[Kind, list[str]], budget_s: float) -> dict[Kind, Mapping[str, Entry]]:
        if budget_s <= 0 or not groups:
            return {kind: self._lookups[kind].give_up(keys) for kind, keys in groups.items()}
        if len(groups) == 1:
            [(kind, keys)] = groups.items()
            return {kind: await self._ask_one(self._lookups[kind], keys, budget_s)}
        tasks = {
            kind: asyncio.create_task(self._ask_one(self._lookups[kind], keys, budget_s))
            for kind, keys in groups.items()
        }
        try:
            await asyncio.wait(tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
        return {kind: task.result() for kind, task in tasks.items()}

    async def _ask_one(self, lookup: KindLookup, keys: list[str], budget_s: float) -> Mapping[str, Entry]:
        try:
            async with asyncio.timeout(budget_s):
                return await lookup.ask(keys)
        except TimeoutError:
            return lookup.give_up(keys)
        except Exception as error:  # a bug in one kind must take no other's answers with it
            log.error("lookup_failed", error_type=type(error).__name__)
            return lookup.give_up(keys)
