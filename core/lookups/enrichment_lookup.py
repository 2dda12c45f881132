"""The enrichment lookup: all enrichments of one event, in the table's order. Hot path, cold path and
``POST /v1/enrich`` get their results here and nowhere else, so that all three agree.

What is looked up or derived from the event's own fields comes first. What is derived from other enrichments follows,
once every lookup has its result.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from operator import attrgetter
from typing import Any

import msgspec

from contracts.enrichments import Derived, Enrichment, Lookup, input_of
from contracts.events.enriched import EventFields
from contracts.lookup_api.lookups import Status
from core.flat_event import EnrichmentResult, EnrichmentResults, FlatEvent
from core.fragments import FragmentBuilder
from core.lookups.cached_results import CachedResults, Row, compile_cached_results
from core.lookups.lookup_keys import NoKey, lookup_key
from core.lookups.pending_lookup import PendingLookup
from core.lookups.protocols import Derive, Engine

_GetOrPending = Callable[[str, EventFields, float], EnrichmentResult | PendingLookup]
NO_ACCOUNT = EnrichmentResult("ok", b"", ())
"""The subject key of an event without an account: its pseudonyms are made under the epoch's key alone."""
_ALWAYS_THERE = "event_id"
"""In the place of a first input that is no field of the event."""


class PendingResults(msgspec.Struct, frozen=True, eq=False):
    """The results of one event as far as they are known, and pending lookups for the others.

    A pending lookup may have its result already: then :attr:`is_complete` counts it as known.
    """

    enrichments: list[EnrichmentResult | PendingLookup]
    """In the table's order, without those that are derived from other enrichments."""
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
        builder: FragmentBuilder,
        derived: Mapping[str, Derive],
        subject_keys: Engine | None = None,
    ) -> None:
        """
        :param derived: of :meth:`core.registry.Registry.bind`.
        :param subject_keys: looks up the keys of accounts; None where the job runs without them.
        """
        self.keys = self.hits = 0
        self._engine = engine
        self._subject_keys = subject_keys
        self._engines = [engine] if subject_keys is None else [engine, subject_keys]
        self._builder = builder
        self._needed = _needed(builder)
        dependent = [each for each in builder.table if each.name in self._needed and each.uses]
        self._direct = direct = [each for each in builder.table if each not in dependent]
        self._missing = [builder.without_value(each.name, "missing") for each in direct]
        self._derived = derived
        self._or_pending = [self._get_or_pending_of(each, derived) for each in direct]
        self._keys = _values([_key_field(each) for each in direct])
        self._dependent = [
            (place, attrgetter(_key_field(each)), self._at_once(each, derived))
            for place, each in enumerate(builder.table)
            if each in dependent
        ]

    @cached_property
    def _cached_results(self) -> CachedResults:
        """Compiled on first use, in about a millisecond: what has no cache never uses it."""
        return compile_cached_results([self._row(each, self._derived) for each in self._builder.table])

    @property
    def completed_batches(self) -> int:
        """Waiting events check again only when this number changes."""
        return sum(engine.counts.completed_batches for engine in self._engines)

    def get_cached(self, event: FlatEvent, now: float) -> EnrichmentResults | None:
        """All results where all are known; else None, and every lookup whose result is not known has been started."""
        found = self._cached_results(event.fields, now, self)
        if self._subject_keys is None:
            return None if found is None else EnrichmentResults(found, None)
        subject_key = self._subject_key(event.fields, now)
        if found is None or isinstance(subject_key, PendingLookup):
            return None
        return EnrichmentResults(found, subject_key)

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

    def resolve(self, pending: PendingResults, event: FlatEvent, now: float) -> EnrichmentResults:
        """All results. A lookup that has none in time yields an expired one that may still serve, else ``timeout``."""
        subject_key = None
        if self._subject_keys is not None and pending.subject_key is not None:
            subject_key = _resolved(pending.subject_key, self._subject_keys, now)
        found = [_resolved(each, self._engine, now) for each in pending.enrichments]
        self._add_dependent(event.fields, found)
        return EnrichmentResults(found, subject_key)

    def _add_dependent(self, fields: EventFields, found: list[EnrichmentResult]) -> None:
        """Inserts the results that are derived from other enrichments, each in its place behind those it uses."""
        for place, first_of, derive in self._dependent:
            first = first_of(fields)
            found.insert(
                place,
                self._absent(self._builder.table[place], fields) if first is None else derive(first, fields, found),
            )

    def _subject_key(self, fields: EventFields, now: float) -> EnrichmentResult | PendingLookup | None:
        if self._subject_keys is None:
            return None
        if fields.user_id is None:
            return NO_ACCOUNT
        pending = self._subject_keys.ask("user", fields.user_id, now)
        return pending.result or pending

    def _without_key(self, fields: EventFields) -> Sequence[EnrichmentResult]:
        """The results for keys that the event does not have."""
        if fields.field_errors is None:
            return self._missing
        return [self._absent(each, fields) for each in self._direct]

    def _absent(self, row: Enrichment, fields: EventFields) -> EnrichmentResult:
        """The result without the row's key. A key that was left out of the event because it cannot be used is
        ``invalid``.
        """
        status: Status = "invalid" if _key_field(row) in _left_out(fields) else "missing"
        return self._builder.without_value(row.name, status)

    def _row(self, row: Enrichment, derived: Mapping[str, Derive]) -> Row:
        name, key = row.name, _key_field(row)
        functions: dict[str, object] = {
            "missing": self._builder.without_value(name, "missing"),
            "absent": partial(self._absent, row),
        }
        if isinstance(row, Derived) or name not in self._needed:
            kind = "dependent" if row.uses and name in self._needed else "direct"
            return Row(name, key, kind, {**functions, "derive": self._at_once(row, derived)})
        ask = partial(self._ask, row)

        def result_or_none(key: str, fields: EventFields, now: float) -> EnrichmentResult | None:
            asked = ask(key, fields, now)
            return asked if isinstance(asked, EnrichmentResult) else asked.result

        return Row(
            name, key, "lookup", {**functions, "cached": self._engine.cache[row.kind].fresh, "ask": result_or_none}
        )

    def _get_or_pending_of(self, row: Enrichment, derived: Mapping[str, Derive]) -> _GetOrPending:
        if isinstance(row, Derived) or row.name not in self._needed:
            return self._at_once(row, derived)
        return partial(self._ask, row)

    def _at_once(self, row: Enrichment, derived: Mapping[str, Derive]) -> Derive:
        """The function of an enrichment that needs no lookup: it is derived, or no purpose uses it."""
        if row.name in self._needed:
            return derived[row.name]
        missing = self._builder.without_value(row.name, "missing")
        return lambda _, __, ___: missing

    def _ask(self, row: Lookup, text: str, _: EventFields, now: float) -> EnrichmentResult | PendingLookup:
        """A text that is no key has its result here: no lookup is started, no event waits."""
        key = lookup_key(row.kind, text)
        if isinstance(key, NoKey):
            return self._builder.without_value(row.name, key.status)
        return self._engine.ask(row.kind, key, now)


def _is_open(result: EnrichmentResult | PendingLookup | None) -> bool:
    return isinstance(result, PendingLookup) and result.result is None


def _resolved(result: EnrichmentResult | PendingLookup, engine: Engine, now: float) -> EnrichmentResult:
    if isinstance(result, EnrichmentResult):
        return result
    return result.result or engine.on_timeout(result, now)


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


def _left_out(fields: EventFields) -> set[str]:
    """Names of the fields that were sent and could not be used."""
    return {each.field.rpartition(".")[2] for each in fields.field_errors or ()}


def _values(names: Sequence[str]) -> Callable[[EventFields], tuple[Any, ...]]:
    """:func:`operator.attrgetter` that gives a tuple for one name and for none, too."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)
