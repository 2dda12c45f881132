"""The parts that look up and derive the enrichments of an event, as they see each other."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol, TypeAlias

from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Kind, LookupKey, LookupResult, Status
from core.flat_event import EnrichmentResult
from core.lookups.counts import Counts
from core.lookups.pending_lookup import PendingLookup
from core.lookups.result_cache import ResultCache

Failed = Literal["timeout", "error", "refused"]
"""Why a whole request failed. timeout and error (no connection, 5xx, 429) tell about the service; refused tells about
the request: the service works and does not accept it.
"""


Derive: TypeAlias = Callable[[Any, EventFields, Any], EnrichmentResult]
"""A derived enrichment: from its first input, the event, and the results of all enrichments above it in the table. One
that uses no other enrichment does not look at the results: whatever is there may be handed in."""


class Engine(Protocol):
    """Starts lookups: :class:`enrichment_job.lookups.engine.LookupEngine`, or the lookup service itself."""

    @property
    def cache(self) -> Mapping[Kind, ResultCache]: ...
    @property
    def counts(self) -> Counts: ...
    def ask(self, kind: Kind, key: str, now: float) -> PendingLookup: ...
    def on_timeout(self, pending: PendingLookup, now: float) -> EnrichmentResult: ...


class Client(Protocol):
    """Sends one batch of keys, to the lookup service or to a store."""

    async def lookup(self, keys: Sequence[LookupKey], budget_s: float) -> list[LookupResult] | Failed:
        """One result per key, in the order of the keys, within ``budget_s`` seconds."""


class ResultReceiver(Protocol):
    """Makes results of enrichments from a client's results: :class:`core.lookups.lookup_results.LookupResults`."""

    def of_result(self, kind: Kind, result: LookupResult) -> EnrichmentResult: ...
    def without_value(self, kind: Kind, status: Status) -> EnrichmentResult: ...
    def as_stale(self, kind: Kind, old: EnrichmentResult) -> EnrichmentResult: ...


class Traces(Protocol):
    """Makes spans of requests: see :class:`enrichment_job.tracing.lookup_traces.LookupTraces`."""

    def asked(self, pending: PendingLookup) -> None: ...
    async def request(
        self, client: Client, keys: Sequence[LookupKey], batch: Sequence[PendingLookup], budget_s: float
    ) -> list[LookupResult] | Failed: ...


OpenClient: TypeAlias = Callable[[], AbstractAsyncContextManager[Client]]
