"""What can become of an event: the values that the stages hand to each other.

Bad data is one of these values, with its reason. An exception in this package is a bug or lost infrastructure.
The structs are out of the garbage collector's sight (they hold no cycles): it would go through a full cache again
and again.
"""

from typing import NamedTuple

import msgspec

from contracts.lookup import LookupKey, Status
from contracts.rejected_event import FailureType, Stage


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """The record cannot be an enriched event. The message names fields and types, never values."""

    type: FailureType
    stage: Stage
    message: str
    field: str = "$"


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A valid event with everything in it but the lookups' answers.

    ``fields`` is the JSON of :class:`contracts.enriched_event.EventFields` without its closing brace. The
    three keys are what is to be looked up; None where the event carries no such key.
    """

    raw: bytes
    collector_tstamp: int
    etl_tstamp: int
    event_id: str
    user: str | None
    ip: str | None
    listing: str | None
    kafka_key: bytes | None
    fields: bytes

    def lookups(self) -> list[LookupKey]:
        """The lookups this event needs, in the order ip, user, listing."""
        found: list[LookupKey] = []
        if self.ip is not None:
            found.append(LookupKey("ip", self.ip))
        if self.user is not None:
            found.append(LookupKey("user", self.user))
        if self.listing is not None:
            found.append(LookupKey("listing", self.listing))
        return found


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One lookup's answer, ready to be spliced into an event.

    ``fragment`` is JSON members with a leading comma: the value's fields and the enrichment's status, such as
    ``,"geo_country":"DE","geo_status":"ok"``. ``fields`` is the same without the status.
    """

    status: Status
    fields: bytes
    fragment: bytes


class Answers(NamedTuple):
    """An event's answers, one per enrichment."""

    geo: Answer
    user: Answer
    listing: Answer
