"""All enrichments of one event, in the table's order.

What is looked up or derived from the event's own fields comes first; then, with all lookups answered, what is derived
from other enrichments.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from contracts.enrichments import Derived, Enrichment, Lookup, input_of
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Status
from core.flat_event import EnrichmentResult
from core.fragments import FragmentBuilder
from core.lookups.lookup_keys import NoKey, lookup_key
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Derive, Engine

_Look = Callable[[str, EventFields, float], EnrichmentResult | None]
_Ask = Callable[[str, EventFields, float], EnrichmentResult | PendingLookup]
NO_SUBJECT = EnrichmentResult("ok", b"", ())
"""For an event without an account: pseudonyms are made under the epoch's key alone."""
_ALWAYS_THERE = "event_id"
"""In the place of a first input that is no field of the event."""


class EnrichmentLookup:
    """``keys`` and ``hits``: what was looked for in the cache of lookups, and found there."""

    def __init__(
        self,
        engine: Engine,
        builder: FragmentBuilder,
        derived: Mapping[str, Derive],
        subjects: Engine | None = None,
    ) -> None:
        """With ``subjects``, which has the accounts' own keys, the last result is the key.

        :param derived: of :meth:`core.registry.Registry.bind`.
        """
        self.keys = self.hits = 0
        self._engine = engine
        self._engines = [engine] if subjects is None else [engine, subjects]
        self._builder = builder
        self._needed = _needed(builder)
        dependent = [each for each in builder.table if each.name in self._needed and each.uses]
        direct = [each for each in builder.table if each not in dependent]
        self._missing = [builder.without_value(each.name, "missing") for each in direct]
        self._invalid = [builder.without_value(each.name, "invalid") for each in direct]
        self._looks = [self._look_of(each, derived) for each in direct]
        self._asks = [self._ask_of(each, derived) for each in direct]
        self._asked = [engine] * len(direct)
        fields = [_key_field(each) for each in direct]
        if subjects is not None:
            fields.append("user_id")
            self._missing.append(NO_SUBJECT)
            self._invalid.append(NO_SUBJECT)
            self._asked.append(subjects)
            ask_subject = subjects.ask
            self._looks.append(lambda key, _, now: ask_subject("user", key, now).answer)
            self._asks.append(lambda key, _, now: ask_subject("user", key, now))
        self._key_fields = fields
        self._keys = _values(fields)
        self._dependent = [
            (place, attrgetter(_key_field(each)), self._at_once(each, derived))
            for place, each in enumerate(builder.table)
            if each in dependent
        ]

    @property
    def settled(self) -> int:
        """Completed batches. Waiting events check again only when this number changes."""
        return sum(engine.counts.settled for engine in self._engines)

    def look(self, event: EventFields, now: float) -> list[EnrichmentResult] | None:
        """All results where every lookup is in the cache. Else None, and the lookups that are not have been started."""
        found = [
            missing if key is None else look(key, event, now)
            for key, look, missing in zip(
                self._keys(event),
                self._looks,
                self._missing if event.field_errors is None else self._without_key(event),
                strict=True,
            )
        ]
        if None in found:
            return None
        return self._with_dependent(event, found) if self._dependent else found  # type: ignore[arg-type,return-value]

    def wait(self, event: EventFields, now: float) -> list[EnrichmentResult | PendingLookup]:
        """What is known of the results, for :meth:`answered`. A lookup may be under way until the engine's deadline."""
        return [
            missing if key is None else ask(key, event, now)
            for key, ask, missing in zip(self._keys(event), self._asks, self._without_key(event), strict=True)
        ]

    def answered(
        self, waited: list[EnrichmentResult | PendingLookup], event: EventFields, now: float
    ) -> list[EnrichmentResult]:
        """All results. A lookup that is not answered in time gives an old result, else a ``timeout``."""
        found = [
            each if isinstance(each, EnrichmentResult) else engine.given_up(each, now)
            for each, engine in zip(waited, self._asked, strict=True)
        ]
        return self._with_dependent(event, found)

    def _with_dependent(self, event: EventFields, found: list[EnrichmentResult]) -> list[EnrichmentResult]:
        """The same list with the results that are derived from others, each put in its place behind those it uses."""
        for place, first_of, derive in self._dependent:
            first = first_of(event)
            found.insert(place, self._absent(event, place) if first is None else derive(first, event, found))
        return found

    def _without_key(self, event: EventFields) -> list[EnrichmentResult]:
        """The results for keys that the event does not have; one that was left out was there and could not be used."""
        if event.field_errors is None:
            return self._missing
        odd = _left_out(event)
        return [
            invalid if field in odd else missing
            for field, missing, invalid in zip(self._key_fields, self._missing, self._invalid, strict=True)
        ]

    def _absent(self, event: EventFields, place: int) -> EnrichmentResult:
        row = self._builder.table[place]
        status: Status = "invalid" if _key_field(row) in _left_out(event) else "missing"
        return self._builder.without_value(row.name, status)

    def _look_of(self, row: Enrichment, derived: Mapping[str, Derive]) -> _Look:
        if isinstance(row, Derived) or row.name not in self._needed:
            return self._at_once(row, derived)
        ask, cached = partial(self._ask, row), self._engine.cache[row.kind].fresh

        def counting(key: str, event: EventFields, now: float) -> EnrichmentResult | None:
            self.keys += 1
            found = cached(key, now)
            if found is None:
                asked = ask(key, event, now)
                return asked if isinstance(asked, EnrichmentResult) else asked.answer
            self.hits += 1
            return found

        return counting

    def _ask_of(self, row: Enrichment, derived: Mapping[str, Derive]) -> _Ask:
        if isinstance(row, Derived) or row.name not in self._needed:
            return self._at_once(row, derived)
        return partial(self._ask, row)

    def _at_once(self, row: Enrichment, derived: Mapping[str, Derive]) -> Derive:
        """For what no lookup is started."""
        if row.name in self._needed:
            return derived[row.name]
        missing = self._builder.without_value(row.name, "missing")
        return lambda _, __, ___: missing

    def _ask(self, row: Lookup, text: str, _: EventFields, now: float) -> EnrichmentResult | PendingLookup:
        """A text that is no key has its result here: no request is made, and nothing waits."""
        key = lookup_key(row.kind, text)
        if isinstance(key, NoKey):
            return self._builder.without_value(row.name, key.status)
        return self._engine.ask(row.kind, key, now)  # which looks into the cache, too


def _needed(builder: FragmentBuilder) -> frozenset[str]:
    """The enrichments that a purpose sees, and those whose fields they are derived from."""
    needed = {each.name for each in builder.table if builder.is_seen(each.name)}
    for each in reversed(builder.table):
        if each.name in needed:
            needed.update(each.uses)
    return frozenset(needed)


def _key_field(row: Enrichment) -> str:
    """The event's field without which there is nothing to look up or to derive."""
    enrichment, field = (None, row.key) if isinstance(row, Lookup) else input_of(row.inputs[0])
    return field if enrichment is None else _ALWAYS_THERE


def _left_out(event: EventFields) -> set[str]:
    """Names of the fields that were sent and could not be used."""
    return {each.field.rpartition(".")[2] for each in event.field_errors or ()}


def _values(fields: Sequence[str]) -> Callable[[EventFields], tuple[Any, ...]]:
    """:func:`operator.attrgetter` that gives a tuple for one field and for none, too."""
    if len(fields) > 1:
        return attrgetter(*fields)
    return lambda event: tuple(getattr(event, field) for field in fields)
