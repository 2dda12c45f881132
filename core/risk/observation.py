"""What the logs keep of one event: small enough to keep hundreds, and enough for every rule that counts.

Values are kept as 64-bit digests, because equality is all that counting needs. The digests have no key: whoever has a
log finds the address behind a digest by trying all of them, and an account's id by trying those that he knows. So the
job's state and Redis are to be protected as the topic of the events is.
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
The two hashes are the 64-bit values themselves, never 0; equal means similar: at most :data:`SIMILAR_BITS` bits
differ."""
VALUE_FIELDS: tuple[ValueField, ...] = get_args(ValueField)
PLACE: Mapping[ValueField, int] = MappingProxyType({name: number for number, name in enumerate(VALUE_FIELDS)})
"""Field → its place in ``Observation.values``."""
SIMILAR_FIELDS: frozenset[ValueField] = frozenset({"listing_text_hash", "listing_image_hash"})
SIMILAR_BITS = 6
"""A near-duplicate differs from its model by up to 3 bits of 64 (Manku, Jain and Das Sarma 2007), so two of one model
by up to 6. Different texts are most often 20 bits apart or more."""
Values: TypeAlias = tuple[int | None, ...]


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """New fields come last and have defaults: logs in the state were written by older versions."""

    event_id: str
    """The sender has chosen it: two accounts may have events of one id. See :attr:`identity`."""
    at: int
    """``collector_tstamp``, ms since 1970 UTC."""
    flow: Flow
    subject_kind: SubjectKind
    subject_id: str
    """Empty in the logs of facets."""
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
    subject_key: str = ""
    """:func:`subject_key_of` its kind and id: key of the subject's state."""

    @property
    def identity(self) -> str:
        """Of the event among its subject's events: the same again is a repetition. Logs are ordered by time and it."""
        return f"{self.flow}:{self.event_id}"

    @property
    def identity_of_all(self) -> str:
        """Of the event among the events of all subjects."""
        return f"{self.subject_key} {self.flow}:{self.event_id}"

    def for_facets(self) -> "Observation":
        """Without what facets need not know: who it is, and where and how long a customer."""
        return msgspec.structs.replace(self, subject_id="", latitude=None, longitude=None, registered=None)


def subject_key_of(kind: SubjectKind, subject_id: str) -> str:
    """32 hexadecimal digits: the key of the subject's state, in the job and in Redis. The same in every process."""
    return blake2b(f"{kind}:{subject_id}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


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

    event: str
    """:attr:`Observation.identity`: who takes the part knows the subject."""
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
    at: int = 0
    """Of the event: nothing is kept for one from before its subject was erased."""
