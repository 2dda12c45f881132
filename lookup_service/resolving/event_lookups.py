"""Collects the lookups that enriching one request's events needs and resolves them in one batch."""

from collections.abc import Mapping

from contracts.lookup_api.lookups import KINDS, Kind, LookupKey
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder
from core.lookups.counts import Counts
from core.lookups.lookup_results import LookupResults
from core.lookups.pending_lookup import PendingLookup
from core.lookups.result_cache import ResultCache
from lookup_service.clock import now_ms
from lookup_service.resolving.resolver import Resolver


class EventLookups:
    """Replaces the job's lookup engine (:class:`core.lookups.protocols.Engine`) for one request. Has no cache."""

    cache: Mapping[Kind, ResultCache] = dict.fromkeys(KINDS, ResultCache(0))

    def __init__(self, builder: FragmentBuilder) -> None:
        self.counts = Counts()
        self._results = LookupResults(builder)
        self._lookups: dict[LookupKey, PendingLookup] = {}

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        asked = LookupKey(kind, key)
        lookup = self._lookups.get(asked)
        if lookup is None:
            lookup = self._lookups[asked] = PendingLookup(asked, deadline=now)
        return lookup

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        return pending.result or self._results.without_value(pending.key.kind, "timeout")

    async def resolve(self, resolver: Resolver, *, budget_s: float) -> None:
        """Resolves all collected lookups. Each has its result afterwards."""
        lookups = list(self._lookups.values())
        entries = await resolver.resolve(list(self._lookups), budget_s=budget_s)
        now = now_ms()
        for lookup, entry in zip(lookups, entries, strict=True):
            lookup.result = self._results.of_result(lookup.key.kind, entry.result(now))
