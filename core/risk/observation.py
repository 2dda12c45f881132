"""What the logs keep of one event: small enough to keep hundreds, and enough for every rule that counts.

Identifiers are kept as 64-bit digests: equality is all that counting needs, and a log in Redis shows no address.
"""

from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

import msgspec

from contracts.security.verdicts import Flow, SubjectKind

ValueField = Literal[
    "user_id",
    "domain_userid",
    "domain_sessionid",
    "user_ipaddress",
    "as_number",
    "geo_country",
    "device_id",
    "client",
    "email_domain",
    "listing_text_hash",
    "listing_image_hash",
]
"""Fields that rules can group by or count the values of. client: user agent, language, screen and client hints as one.
The two hashes are the 64-bit values themselves; equal means similar: at most :data:`SIMILAR_BITS` bits differ."""
VALUE_FIELDS: tuple[ValueField, ...] = get_args(ValueField)
PLACE: Mapping[ValueField, int] = MappingProxyType({name: number for number, name in enumerate(VALUE_FIELDS)})
"""Field → its place in ``Observation.values``."""
SIMILAR_FIELDS: frozenset[ValueField] = frozenset({"listing_text_hash", "listing_image_hash"})
SIMILAR_BITS = 3
Values: TypeAlias = tuple[int | None, ...]


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """New fields come last and have defaults: logs in the state were written by older versions."""

    event_id: str
    at: int
    """``collector_tstamp``, ms since 1970 UTC. Logs are ordered by ``(at, event_id)``."""
    flow: Flow
    subject_kind: SubjectKind
    subject_id: str
    matched: tuple[str, ...]
    """Names of the rules whose condition on the event matches, in the rule set's order."""
    excluded: tuple[str, ...]
    """Names of the rules that do not count this event."""
    values: Values
    """In the order of :data:`VALUE_FIELDS`; None: the event has no such value."""
    latitude: float | None = None
    longitude: float | None = None
    registered: int | None = None
    """When the account was registered, ms since 1970 UTC."""

    @property
    def subject(self) -> str:
        """Key of the subject's state, such as ``user:u0000042``."""
        return f"{self.subject_kind}:{self.subject_id}"


def digest(text: str) -> int:
    """64 bits, never 0. The same in every process."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) or 1


class Hit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A rule that holds for an event."""

    rule: str
    since: int
    """Time of the event by which it held first, ms since 1970 UTC."""
    value: float | None = None


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one facet knows of one event: sent to the event's subject, and again whenever it changes."""

    event_id: str
    facet: str
    """Key of the facet's state, such as ``address:1f…``."""
    hits: tuple[Hit, ...] = ()
    """By the rule's name."""
    seen: int = 0
    """Successful sign-ins of this value before the event, for the likelihood."""
    seen_in_country: int = 0
    """Of the site's facet only: successful sign-ins from the event's country before the event."""
    is_late: bool = False
    """The event came too late for what the facet keeps, or again: a part that was told before is the better one."""
