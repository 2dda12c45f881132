"""Resolves a batch of typed keys: cached entries at once, the rest fetched from the sources in parallel, in time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import structlog

from contracts.lookup_api.lookups import KINDS, NO_SOURCE, Kind, LookupKey, LookupResult
from core.lookups.lookup_keys import NoKey, lookup_key
from lookup_service.clock import now_ms
from lookup_service.resolving.caching.entry import Entry, encode_head

log = structlog.get_logger(__name__)


class KindLookup(Protocol):
    """Resolves the keys of one kind: see :class:`lookup_service.resolving.caching.cached_source.CachedSource`."""

    @property
    def is_local(self) -> bool:
        """Whether fetching never waits for I/O."""

    def refresh_version(self) -> None:
        """Drops entries from older builds of the data."""

    def get_cached(self, key: str, now: int) -> Entry | None:
        """The cached entry if it may be served now."""

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """An entry for every key. Never raises; may be cancelled."""

    async def fetch_known(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Current entries of the keys that have one, without asking slow sources. Never raises; may be cancelled."""

    def on_timeout(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        """An entry for every key whose fetch did not finish in time."""

    async def invalidate(self, key: str) -> tuple[int, bool]:
        """Number of copies removed, and whether every cache could be reached."""


class NoSource:
    """For a kind without a configured source: every key is an error."""

    is_local = True

    def __init__(self, kind: Kind) -> None:
        self._label = f"{kind} error"
        self._head = encode_head(LookupResult(status="error", source=NO_SOURCE))

    def refresh_version(self) -> None:
        """No-op: there is no data."""

    def get_cached(self, key: str, now: int) -> Entry | None:
        """None, so that the resolver checks first whether the text is a key, as it does for a kind with a source."""
        return None

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        return self.on_timeout(keys)

    async def fetch_known(self, keys: Sequence[str]) -> Mapping[str, Entry]:
        """Every key is an error that does not pass."""
        return self.on_timeout(keys)

    def on_timeout(self, keys: Iterable[str]) -> Mapping[str, Entry]:
        now = now_ms()
        return {key: Entry(self._label, "error", self._head, now, now, now, now, now) for key in keys}

    async def invalidate(self, key: str) -> tuple[int, bool]:
        return 0, True


def _no_key_entry(kind: Kind, reason: NoKey, now: int) -> Entry:
    head = encode_head(LookupResult(status=reason.status, source=NO_SOURCE))
    return Entry(f"{kind} {reason.status}", reason.status, head, now, now, now, now, now)


class Resolver:
    def __init__(self, lookups: Mapping[Kind, KindLookup]) -> None:
        """Keys of a kind without a lookup get ``error``."""
        self._lookups: dict[Kind, KindLookup] = {kind: lookups.get(kind) or NoSource(kind) for kind in KINDS}
        self._get_cached = {kind: lookup.get_cached for kind, lookup in self._lookups.items()}
        self._refresh_versions = [lookup.refresh_version for lookup in lookups.values()]

    def refresh_versions(self) -> None:
        for refresh_version in self._refresh_versions:
            refresh_version()

    async def resolve(self, keys: Sequence[LookupKey], *, budget_s: float) -> list[Entry]:
        """One entry per key, in order. A key that is not resolved within the budget is ``stale`` or ``timeout``."""
        now = now_ms()
        self.refresh_versions()
        get_cached = self._get_cached
        entries = [get_cached[key.kind](key.key, now) for key in keys]
        if all(entries):
            return entries  # type: ignore[return-value]  # an Entry is always true, so none of them is None
        to_fetch: dict[Kind, dict[str, None]] = {}
        canonical: list[str] = []
        for place, key in enumerate(keys):
            text = lookup_key(key.kind, key.key) if entries[place] is None else key.key
            if isinstance(text, NoKey):
                entries[place], text = _no_key_entry(key.kind, text, now), key.key
            elif text != key.key:
                entries[place] = get_cached[key.kind](text, now)
            if entries[place] is None:  # as dictionary keys, so that a duplicate is fetched once
                to_fetch.setdefault(key.kind, {})[text] = None
            canonical.append(text)
        fetched = await self._fetch({kind: list(distinct) for kind, distinct in to_fetch.items()}, budget_s)
        return [entry or fetched[key.kind][text] for key, text, entry in zip(keys, canonical, entries, strict=True)]

    async def known(self, keys: Sequence[LookupKey]) -> list[tuple[LookupKey, Entry]]:
        """Those of the keys that have a current entry, by kind; slow sources are not asked. Only canonical keys have
        one: callers that want results for other texts can look them up.
        """
        self.refresh_versions()
        groups: dict[Kind, dict[str, LookupKey]] = {}
        for key in keys:
            if lookup_key(key.kind, key.key) == key.key:
                groups.setdefault(key.kind, {})[key.key] = key
        found: list[tuple[LookupKey, Entry]] = []
        for kind, by_text in groups.items():
            try:
                entries = await self._lookups[kind].fetch_known(list(by_text))
            except Exception as error:  # a bug in one kind must not affect the results of the others
                log.error("known_results_failed", kind=kind, error_type=type(error).__name__)
                continue
            found += [(by_text[text], entry) for text, entry in entries.items()]
        return found

    async def invalidate(self, key: LookupKey) -> tuple[int, bool]:
        """Number of copies removed in this process and in Redis, and False if Redis is needed and unreachable."""
        text = lookup_key(key.kind, key.key)
        return await self._lookups[key.kind].invalidate(key.key if isinstance(text, NoKey) else text)

    async def _fetch(self, groups: Mapping[Kind, list[str]], budget_s: float) -> dict[Kind, Mapping[str, Entry]]:
        if budget_s <= 0 or not groups:
            return {kind: self._lookups[kind].on_timeout(keys) for kind, keys in groups.items()}
        if len(groups) == 1:
            [(kind, keys)] = groups.items()
            return {kind: await self._fetch_kind(self._lookups[kind], keys, budget_s)}
        tasks = {
            kind: asyncio.create_task(self._fetch_kind(self._lookups[kind], keys, budget_s))
            for kind, keys in groups.items()
        }
        try:
            await asyncio.wait(tasks.values())
        finally:
            for task in tasks.values():
                task.cancel()
        return {kind: task.result() for kind, task in tasks.items()}

    async def _fetch_kind(self, lookup: KindLookup, keys: list[str], budget_s: float) -> Mapping[str, Entry]:
        try:
            async with asyncio.timeout(budget_s):
                return await lookup.fetch(keys)
        except TimeoutError:
            return lookup.on_timeout(keys)
        except Exception as error:  # a bug in one kind must not affect the results of the others
            log.error("lookup_failed", error_type=type(error).__name__)
            return lookup.on_timeout(keys)
