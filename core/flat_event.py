"""What can become of an event: the values that the stages hand to each other.

Bad data is one of these values, with its reason. An exception in this package is a bug or lost infrastructure.
The structs are out of the garbage collector's sight (they hold no cycles): it would go through a full cache again
and again.
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
    """One enrichment's answer, ready to be spliced into an event: one fragment per purpose, see
    :class:`core.fragments.FragmentBuilder`. ``value`` is the whole value's JSON, empty where there is none.
    """

    status: Status
    value: bytes
    fragments: tuple[bytes, ...]
