"""The values that the steps of the enrichment hand to each other: an event as it is parsed, and its enrichments.

Bad data is one of these values, with its reason. An exception in this package is a bug or lost infrastructure.
The garbage collector does not track the structs (``gc=False``): they hold no cycles, and it would go through a full
cache of them again and again.
"""

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
    """A valid event, flat, with everything in it but the enrichments."""

    raw: bytes
    fields: EventFields


class EnrichmentResult(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One enrichment's result, ready to be spliced into an event."""

    status: Status
    value: bytes
    """The whole value as JSON, empty where there is none."""
    fragments: tuple[bytes, ...]
    """One for each purpose, see :class:`core.fragments.FragmentBuilder`."""


class EnrichmentResults(msgspec.Struct, frozen=True, gc=False, eq=False):
    """All results of one event."""

    enrichments: list[EnrichmentResult]
    """In the order of :data:`contracts.enrichments.ENRICHMENTS`."""
    subject_key: EnrichmentResult | None
    """The key of the event's account as ``value``, empty for an event without an account. None where there are no
    subject keys at all."""
