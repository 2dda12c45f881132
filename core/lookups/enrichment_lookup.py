"""The answer desk: all enrichments of one event, in the table's order; hot and cold path ask nowhere else."""

from collections.abc import Callable, Mapping
from functools import partial
from operator import attrgetter

from contracts.enrichments import ENRICHMENTS
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Kind
from core.derived_enrichments import DerivedEnrichment
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder
from core.lookups.lookup_keys import NoKey, lookup_key
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Engine

_Pure = Mapping[Kind, DerivedEnrichment]
_Look = Callable[[str, EventFields, float], EnrichmentResult | None]
_AtOnce = Callable[[str, EventFields, float], EnrichmentResult]
_Ask = Callable[[str, EventFields, float], EnrichmentResult | PendingLookup]
NO_SUBJECT = EnrichmentResult("ok", b"", ())
"""For an event without an account: pseudonyms are made under the epoch's key alone."""
_KEY_FIELDS = tuple(each.key_field for each in ENRICHMENTS)


class EnrichmentLookup:
    """``keys`` and ``hits``: what was asked of the cache of remote answers, and found there."""

    def __init__(
        self,
        engine: Engine,
        views: FragmentBuilder,
        pure: _Pure,
        subjects: Engine | None = None,
    ) -> None:
        """With ``subjects``, which has the accounts' own keys, the last answer is the key."""
        self.keys = self.hits = 0
        self._engine = engine
        self._engines = [engine] if subjects is None else [engine, subjects]
        self._views = views
        self._missing = [views.without_value(each.kind, "missing") for each in ENRICHMENTS]
        self._invalid = [views.without_value(each.kind, "invalid") for each in ENRICHMENTS]
        self._looks = [self._look_of(each.kind, pure) for each in ENRICHMENTS]
        self._asks = [self._ask_of(each.kind, pure) for each in ENRICHMENTS]
        self._asked = [engine] * len(ENRICHMENTS)
        fields = _KEY_FIELDS
        if subjects is not None:
            fields = (*fields, "user_id")
            self._missing.append(NO_SUBJECT)
            self._invalid.append(NO_SUBJECT)
            self._asked.append(subjects)
            ask_subject = subjects.ask
            self._looks.append(lambda key, _, now: ask_subject("user", key, now).answer)
            self._asks.append(lambda key, _, now: ask_subject("user", key, now))
        self._key_fields = fields
        self._keys: Callable[[EventFields], tuple[str | None, ...]] = attrgetter(*fields)

    @property
    def settled(self) -> int:
        """Batches answered so far: while it stands still, nobody who waits need look."""
        return sum(engine.counts.settled for engine in self._engines)

    def look(self, event: EventFields, now: float) -> list[EnrichmentResult] | None:
        """The answers where all are known; else every lookup that is lacking has been started, and None."""
        found = [
            missing if key is None else look(key, event, now)
            for key, look, missing in zip(
                self._keys(event),
                self._looks,
                self._missing if event.field_errors is None else self._without_key(event),
                strict=True,
            )
        ]
        return None if None in found else found  # type: ignore[return-value]

    def wait(self, event: EventFields, now: float) -> list[EnrichmentResult | PendingLookup]:
        """The answers, and tickets for those that may still be under way, as long as the engine's deadline."""
        return [
            missing if key is None else ask(key, event, now)
            for key, ask, missing in zip(self._keys(event), self._asks, self._without_key(event), strict=True)
        ]

    def answered(self, waited: list[EnrichmentResult | PendingLookup], now: float) -> list[EnrichmentResult]:
        """What came; what did not come in time is what was known before, else a ``timeout``."""
        return [
            each if isinstance(each, EnrichmentResult) else engine.given_up(each, now)
            for each, engine in zip(waited, self._asked, strict=True)
        ]

    def _without_key(self, event: EventFields) -> list[EnrichmentResult]:
        """The answers for keys that the event does not have; one that was left out was there and could not be used."""
        if event.field_errors is None:
            return self._missing
        odd = {each.field.rpartition(".")[2] for each in event.field_errors}
        return [
            invalid if field in odd else missing
            for field, missing, invalid in zip(self._key_fields, self._missing, self._invalid, strict=True)
        ]

    def _look_of(self, kind: Kind, pure: _Pure) -> _Look:
        at_once = self._at_once(kind, pure)
        if at_once is not None:
            return at_once
        ask, cached = partial(self._ask, kind), self._engine.cache[kind].fresh

        def counting(key: str, event: EventFields, now: float) -> EnrichmentResult | None:
            self.keys += 1
            found = cached(key, now)
            if found is None:
                asked = ask(key, event, now)
                return asked if isinstance(asked, EnrichmentResult) else asked.answer
            self.hits += 1
            return found

        return counting

    def _ask_of(self, kind: Kind, pure: _Pure) -> _Ask:
        return self._at_once(kind, pure) or partial(self._ask, kind)

    def _ask(self, kind: Kind, text: str, _: EventFields, now: float) -> EnrichmentResult | PendingLookup:
        """What is no key is answered here, so that nobody waits for it or is asked about it."""
        key = lookup_key(kind, text)
        if isinstance(key, NoKey):
            return self._views.without_value(kind, key.status)
        return self._engine.ask(kind, key, now)  # which looks into the cache, too

    def _at_once(self, kind: Kind, pure: _Pure) -> _AtOnce | None:
        """For what need not be asked of anybody."""
        if not self._views.is_used(kind):
            missing = self._views.without_value(kind, "missing")
            return lambda _, __, ___: missing
        return pure.get(kind)
