"""Completion of pending lookups: each gets a result of its own, whatever the results of its batch hold."""

from collections.abc import Mapping, Sequence

from contracts.lookup_api.lookups import KINDS, NO_SOURCE, Kind, LookupKey, LookupResult, Status
from core.flat_event import EnrichmentResult
from core.lookups.counts import Counts, FaultLog
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import ResultReceiver
from core.lookups.result_cache import ResultCache
from enrichment_job.config import LookupConfig


class Completion:
    """Sets results and caches them. Where there is none, an expired one from the cache may still serve."""

    def __init__(self, config: LookupConfig, receiver: ResultReceiver, counts: Counts, faults: FaultLog) -> None:
        self._receiver = receiver
        self._counts = counts
        self._faults = faults
        self.cache: Mapping[Kind, ResultCache] = {kind: ResultCache(config.cache_entries) for kind in KINDS}
        self.in_flight: dict[Kind, dict[str, PendingLookup]] = {kind: {} for kind in KINDS}
        # The only errors that are cached are those of a kind without a source and of a key that is refused. Asking
        # again does not change them.
        self._negative_s = negative = config.cache_negative_ttl_ms / 1000
        self._ttls: dict[Status, float] = {
            "ok": config.cache_ttl_ms / 1000,
            **dict.fromkeys(("missing", "invalid", "error"), negative),
        }
        self._stale_s = config.cache_stale_ms / 1000

    def complete(self, batch: Sequence[PendingLookup], results: Sequence[object], now: float) -> None:
        """One result per lookup. A result that cannot be used is an error of its key alone."""
        for pending, result in zip(batch, results, strict=True):
            self._set(pending, self._checked(pending.key, result, now))
        self._counts.completed_batches += 1

    def fail(self, batch: Sequence[PendingLookup], status: Status, now: float) -> None:
        """The lookups that have no result yet get an expired one, else ``status``: ``timeout`` or ``error``."""
        for pending in batch:
            if pending.result is None:
                self._set(pending, self.fallback(pending.key, status, now))
        self._counts.completed_batches += 1

    def refuse(self, lookups: Sequence[PendingLookup], now: float, *, remember: bool) -> None:
        """Keys that were asked for alone and refused.

        :param remember: False where the service refuses every key, so that the reason may not be the key.
        """
        for pending in lookups:
            key = pending.key
            result = self.fallback(key, "error", now)
            if remember:
                self.cache[key.kind].keep_instead(key.key, result, now + self._negative_s, now)
            self._set(pending, result)
        self._counts.completed_batches += 1

    def fallback(self, key: LookupKey, status: Status, now: float) -> EnrichmentResult:
        """The expired result of the key as ``stale``, if it may still be used; else ``status`` without a value."""
        old = self.cache[key.kind].stale(key.key, now)
        if old is not None:
            try:
                return self._receiver.as_stale(key.kind, old)
            except Exception as error:
                self._note_broken(key.kind, error)
        return self._receiver.without_value(key.kind, status)

    def keep_early(self, key: LookupKey, received: LookupResult, now: float, *, share: float) -> bool:
        """Caches a result that no event has asked for yet, where a lookup would have cached it. Stale results and
        failures are left out, so that an event asks for them. Returns whether the result was cached.

        :param share: the part of its time to live for which it is fresh.
        """
        lasts = received.status in ("ok", "missing", "invalid") or (
            received.status == "error" and received.source == NO_SOURCE
        )
        if not lasts:
            return False
        try:
            result = self._receiver.of_result(key.kind, received)
        except Exception as error:  # whatever one value raises must not hurt the other keys
            self._note_broken(key.kind, error)
            return False
        if result.status != received.status:
            self._note_broken(key.kind, None)
            return False
        fresh_until = now + self._ttls[result.status] * share
        self.cache[key.kind].keep(key.key, result, fresh_until, fresh_until + self._stale_s)
        return True

    def _checked(self, key: LookupKey, received: object, now: float) -> EnrichmentResult:
        try:
            if not isinstance(received, LookupResult):
                raise TypeError("no result")
            result = self._receiver.of_result(key.kind, received)
        except Exception as error:  # whatever one value raises must not hurt the batch's other keys
            self._note_broken(key.kind, error)
            return self.fallback(key, "error", now)
        if result.status in ("timeout", "error") and received.source != NO_SOURCE:
            if received.status != result.status:
                self._note_broken(key.kind, None)
            return self.fallback(key, result.status, now)
        ttl = self._ttls.get(result.status, 1.0)
        self.cache[key.kind].keep(key.key, result, now + ttl, now + ttl + self._stale_s)
        return result

    def _note_broken(self, kind: Kind, error: Exception | None) -> None:
        self._counts.keys_broken += 1
        self._faults.note(f"a result of kind {kind} cannot be used", type(error).__name__ if error else "contract")

    def _set(self, pending: PendingLookup, result: EnrichmentResult) -> None:
        pending.result = result
        self.in_flight[pending.key.kind].pop(pending.key.key, None)
