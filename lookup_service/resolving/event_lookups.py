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

    def __init__(self, views: FragmentBuilder) -> None:
        self.counts = Counts()
        self._results = LookupResults(views)
        self._tickets: dict[LookupKey, PendingLookup] = {}

    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup:
        asked = LookupKey(kind, key)
        ticket = self._tickets.get(asked)
        if ticket is None:
            ticket = self._tickets[asked] = PendingLookup(asked, deadline=now)
        return ticket

    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult:
        return pending.result or self._results.without_value(pending.key.kind, "timeout")

    async def put_to(self, resolver: Resolver, *, budget_s: float) -> None:
        """Resolves all collected lookups. Every ticket has its answer afterwards."""
        tickets = list(self._tickets.values())
        entries = await resolver.resolve(list(self._tickets), budget_s=budget_s)
        now = now_ms()
        for ticket, entry in zip(tickets, entries, strict=True):
            ticket.result = self._results.of_result(ticket.key.kind, entry.result(now))
