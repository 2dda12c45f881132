"""How tickets end: each with an answer of its own, whatever the results of its batch hold."""

from collections.abc import Mapping, Sequence

from contracts.lookup_api.lookups import KINDS, NO_SOURCE, Kind, LookupKey, LookupResult, Status
from core.flat_event import EnrichmentResult
from core.lookups.counts import Counts, FaultLog
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import ResultReceiver
from core.lookups.result_cache import ResultCache
from enrichment_job.config import LookupConfig


class Settlement:
    """Ends tickets; fills the cache, and looks into it for what old answers are still good for."""

    def __init__(self, config: LookupConfig, views: ResultReceiver, counts: Counts, faults: FaultLog) -> None:
        self._views = views
        self._counts = counts
        self._faults = faults
        self.cache: Mapping[Kind, ResultCache] = {kind: ResultCache(config.cache_entries) for kind in KINDS}
        self.in_flight: dict[Kind, dict[str, PendingLookup]] = {kind: {} for kind in KINDS}
        # An error that is remembered is of a kind without a source or of a key that is refused: no event changes that.
        self._negative_s = negative = config.cache_negative_ttl_ms / 1000
        self._ttls: dict[Status, float] = {
            "ok": config.cache_ttl_ms / 1000,
            **dict.fromkeys(("missing", "invalid", "error"), negative),
        }
        self._stale_s = config.cache_stale_ms / 1000

    def settle(self, batch: Sequence[PendingLookup], results: Sequence[object], now: float) -> None:
        """One result per ticket. One that cannot be used is the error of its key."""
        for ticket, result in zip(batch, results, strict=True):
            self._finish(ticket, self._answer(ticket.key, result, now))
        self._counts.settled += 1

    def fail(self, batch: Sequence[PendingLookup], status: Status, now: float) -> None:
        """``timeout`` or ``error`` for those that have no answer yet."""
        for ticket in batch:
            if ticket.answer is None:
                self._finish(ticket, self.fallback(ticket.key, status, now))
        self._counts.settled += 1

    def refuse(self, tickets: Sequence[PendingLookup], now: float, *, remember: bool) -> None:
        """Keys that were asked alone. Those that are not to be remembered may be refused for another reason."""
        for ticket in tickets:
            key = ticket.key
            got = self.fallback(key, "error", now)
            if remember:
                self.cache[key.kind].keep_instead(key.key, got, now + self._negative_s, now)
            self._finish(ticket, got)
        self._counts.settled += 1

    def fallback(self, key: LookupKey, status: Status, now: float) -> EnrichmentResult:
        """What an old answer is still good for, else the failure itself."""
        old = self.cache[key.kind].stale(key.key, now)
        if old is not None:
            try:
                return self._views.as_stale(key.kind, old)
            except Exception as error:
                self._broken(key.kind, error)
        return self._views.without_value(key.kind, status)

    def _answer(self, key: LookupKey, result: object, now: float) -> EnrichmentResult:
        try:
            if not isinstance(result, LookupResult):
                raise TypeError("no result")
            got = self._views.of_result(key.kind, result)
        except Exception as error:  # whatever a value can bring about is no other key's concern
            self._broken(key.kind, error)
            return self.fallback(key, "error", now)
        if got.status in ("timeout", "error") and result.source != NO_SOURCE:
            if result.status != got.status:
                self._broken(key.kind, None)
            return self.fallback(key, got.status, now)
        ttl = self._ttls.get(got.status, 1.0)
        self.cache[key.kind].keep(key.key, got, now + ttl, now + ttl + self._stale_s)
        return got

    def _broken(self, kind: Kind, error: Exception | None) -> None:
        self._counts.keys_broken += 1
        self._faults.note(f"a result of kind {kind} cannot be used", type(error).__name__ if error else "contract")

    def _finish(self, ticket: PendingLookup, got: EnrichmentResult) -> None:
        ticket.answer = got
        self.in_flight[ticket.key.kind].pop(ticket.key.key, None)
