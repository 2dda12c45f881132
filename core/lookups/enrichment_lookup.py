"""The enrichment lookup: all enrichments of one event, in the order of :data:`contracts.enrichments.ENRICHMENTS`. Hot
path, cold path and ``POST /v1/enrich`` get their results here and nowhere else, so that all three agree.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter

import msgspec

from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Kind
from core.derived_enrichments import DerivedEnrichment
from core.flat_event import EnrichmentResult, EnrichmentResults, FlatEvent
from core.fragments import FragmentBuilder
from core.lookups.lookup_keys import NoKey, lookup_key
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Engine

_Derived = Mapping[Kind, DerivedEnrichment]
_GetCached = Callable[[str, EventFields, float], EnrichmentResult | None]
_AtOnce = Callable[[str, EventFields, float], EnrichmentResult]
_GetOrPending = Callable[[str, EventFields, float], EnrichmentResult | PendingLookup]
NO_ACCOUNT = EnrichmentResult("ok", b"", ())
"""The subject key of an event without an account: its pseudonyms are made under the epoch's key alone."""
_KEY_FIELDS = tuple(each.key_field for each in ENRICHMENTS)


class PendingResults(msgspec.Struct, frozen=True, eq=False):
    """The results of one event as far as they are known, and pending lookups for the others.

    A pending lookup may have its result already: then :attr:`is_complete` counts it as known.
    """

    enrichments: list[EnrichmentResult | PendingLookup]
    """In the order of :data:`contracts.enrichments.ENRICHMENTS`."""
    subject_key: EnrichmentResult | PendingLookup | None

    @property
    def is_complete(self) -> bool:
        return not (_is_open(self.subject_key) or any(map(_is_open, self.enrichments)))


class EnrichmentLookup:
    """Times ``now`` are seconds of :func:`time.monotonic`.

    ``keys`` and ``hits`` count what was looked for in the cache of lookup results, and found there.
    """

    def __init__(
        self,
        engine: Engine,
        fragment_builder: FragmentBuilder,
        derived: _Derived,
        subject_keys: Engine | None = None,
    ) -> None:
        """:param subject_keys: looks up the keys of accounts; None where the job runs without them."""
        self.keys = self.hits = 0
        self._engine = engine
        self._subject_keys = subject_keys
        self._engines = [engine] if subject_keys is None else [engine, subject_keys]
        self._fragment_builder = fragment_builder
        self._missing = [fragment_builder.without_value(each.kind, "missing") for each in ENRICHMENTS]
        self._invalid = [fragment_builder.without_value(each.kind, "invalid") for each in ENRICHMENTS]
        self._cached = [self._get_cached_of(each.kind, derived) for each in ENRICHMENTS]
        self._or_pending = [self._get_or_pending_of(each.kind, derived) for each in ENRICHMENTS]
        self._keys: Callable[[EventFields], tuple[str | None, ...]] = attrgetter(*_KEY_FIELDS)

    @property
    def completed_batches(self) -> int:
        """Waiting events check again only when this number changes."""
        return sum(engine.counts.completed_batches for engine in self._engines)

    def get_cached(self, event: FlatEvent, now: float) -> EnrichmentResults | None:
        """All results where all are known; else None, and every lookup whose result is not known has been started."""
        fields = event.fields
        found = [
            missing if key is None else get_cached(key, fields, now)
            for key, get_cached, missing in zip(
                self._keys(fields),
                self._cached,
                self._missing if fields.field_errors is None else self._without_key(fields),
                strict=True,
            )
        ]
        subject_key = None if self._subject_keys is None else self._subject_key(fields, now)
        if None in found or isinstance(subject_key, PendingLookup):
            return None
        return EnrichmentResults(found, subject_key)  # type: ignore[arg-type]

    def get_or_pending(self, event: FlatEvent, now: float) -> PendingResults:
        """The results that are known. The other lookups have been started or are under way; each ends by the engine's
        deadline.
        """
        fields = event.fields
        found = [
            missing if key is None else get_or_pending(key, fields, now)
            for key, get_or_pending, missing in zip(
                self._keys(fields), self._or_pending, self._without_key(fields), strict=True
            )
        ]
        return PendingResults(found, self._subject_key(fields, now))

    def resolve(self, pending: PendingResults, now: float) -> EnrichmentResults:
        """All results. A lookup that has none in time yields an expired one that may still serve, else ``timeout``."""
        subject_key = None
        if self._subject_keys is not None and pending.subject_key is not None:
            subject_key = _resolved(pending.subject_key, self._subject_keys, now)
        return EnrichmentResults([_resolved(each, self._engine, now) for each in pending.enrichments], subject_key)

    def _subject_key(self, fields: EventFields, now: float) -> EnrichmentResult | PendingLookup | None:
        if self._subject_keys is None:
            return None
        if fields.user_id is None:
            return NO_ACCOUNT
        pending = self._subject_keys.ask("user", fields.user_id, now)
        return pending.result or pending

    def _without_key(self, fields: EventFields) -> Sequence[EnrichmentResult]:
        """The results for keys that the event does not have. A key that was left out of the event because it cannot be
        used is ``invalid``.
        """
        if fields.field_errors is None:
            return self._missing
        left_out = {each.field.rpartition(".")[2] for each in fields.field_errors}
        return [
            invalid if field in left_out else missing
            for field, missing, invalid in zip(_KEY_FIELDS, self._missing, self._invalid, strict=True)
        ]

    def _get_cached_of(self, kind: Kind, derived: _Derived) -> _GetCached:
        at_once = self._at_once(kind, derived)
        if at_once is not None:
            return at_once
        ask, cached = partial(self._ask, kind), self._engine.cache[kind].fresh

        def counting(key: str, fields: EventFields, now: float) -> EnrichmentResult | None:
            self.keys += 1
            found = cached(key, now)
            if found is None:
                asked = ask(key, fields, now)
                return asked if isinstance(asked, EnrichmentResult) else asked.result
            self.hits += 1
            return found

        return counting

    def _get_or_pending_of(self, kind: Kind, derived: _Derived) -> _GetOrPending:
        return self._at_once(kind, derived) or partial(self._ask, kind)

    def _ask(self, kind: Kind, text: str, _: EventFields, now: float) -> EnrichmentResult | PendingLookup:
        """A text that is no key has its result here: no lookup is started, no event waits."""
        key = lookup_key(kind, text)
        if isinstance(key, NoKey):
            return self._fragment_builder.without_value(kind, key.status)
        return self._engine.ask(kind, key, now)

    def _at_once(self, kind: Kind, derived: _Derived) -> _AtOnce | None:
        """The function of a kind that needs no lookup: no purpose uses it, or it is derived from the event alone."""
        if not self._fragment_builder.is_used(kind):
            missing = self._fragment_builder.without_value(kind, "missing")
            return lambda _, __, ___: missing
        return derived.get(kind)


def _is_open(result: EnrichmentResult | PendingLookup | None) -> bool:
    return isinstance(result, PendingLookup) and result.result is None


def _resolved(result: EnrichmentResult | PendingLookup, engine: Engine, now: float) -> EnrichmentResult:
    if isinstance(result, EnrichmentResult):
        return result
    return result.result or engine.on_timeout(result, now)
