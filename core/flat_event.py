"""The values that the steps of the enrichment pass on: a flat event, a bad row, the result of an enrichment.

Bad data is a value with its reason. An exception in this package is a bug or lost infrastructure. The structs hold no
cycles and are hidden from the garbage collector (``gc=False``): it would traverse a full cache again and again.
"""

from typing import Any

import msgspec

from contracts.events.enriched import EventFields
from contracts.events.rejected import FailureType, Stage
from contracts.lookup_api.lookups import Status


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """The record cannot be an enriched event. The message names fields and types, never values."""

    type: FailureType
    stage: Stage
    message: str
    field: str = "$"


class FlatEvent(msgspec.Struct, frozen=True, gc=False):
    """A valid event with all its fields but the enrichments."""

    raw: bytes
    fields: EventFields


class EnrichmentResult(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One enrichment's result, ready to be spliced into an event."""

    status: Status
    value: bytes
    """The whole value as JSON, empty where there is none."""
    fragments: tuple[bytes, ...]
    """One for each purpose, see :class:`core.fragments.FragmentBuilder`."""
    outputs: tuple[Any, ...] = ()
    """The values that derived enrichments use, see :func:`contracts.enrichments.fields_used_by_others`; None where
    there is no value."""


class EnrichmentResults(msgspec.Struct, frozen=True, gc=False, eq=False):
    """All results of one event."""

    enrichments: list[EnrichmentResult]
    """In the order of :data:`contracts.enrichments.ENRICHMENTS`."""
    subject_key: EnrichmentResult | None
    """The key of the event's account as ``value``, empty for an event without an account. None where there are no
    subject keys at all."""
